/**
 * A verifier in a process of its own that kills itself, without any chance to clean up, as soon as a given event happens.
 *
 * Run: tsx mortal-verifier.ts <configuration> <event>
 */
import process from "node:process";
import pino from "pino";
import { WorkerEvents } from "../events.ts";
import { readVerifierConfig } from "../verifier/config.ts";
import { startVerifier } from "../verifier/start-verifier.ts";

const [, , file = "", fatal = ""] = process.argv;

function dieAt(event: string): void {
  if (event === fatal) process.kill(process.pid, "SIGKILL");
}

const events = new WorkerEvents();
events.on("verification", ({ state }) => {
  dieAt(state);
});
events.on("action", ({ kind, state }) => {
  dieAt(`${kind} ${state}`);
});
events.on("transaction", ({ purpose, phase }) => {
  dieAt(`${purpose} ${phase}`);
});

await startVerifier(await readVerifierConfig(file), { log: pino({ level: "silent" }), events });
