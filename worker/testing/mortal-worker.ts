/**
 * A worker in a process of its own that kills itself, without any chance to clean up, as soon as a given event happens.
 *
 * Run: tsx mortal-worker.ts <configuration> <event>
 */
import process from "node:process";
import pino from "pino";
import { readWorkerConfig } from "../config.ts";
import { WorkerEvents } from "../events.ts";
import { startWorker } from "../worker.ts";

const [, , file = "", fatal = ""] = process.argv;

function dieAt(event: string): void {
  if (event === fatal) process.kill(process.pid, "SIGKILL");
}

const events = new WorkerEvents();
events.on("job", ({ state }) => {
  dieAt(state);
});
events.on("transaction", ({ purpose, phase }) => {
  dieAt(`${purpose} ${phase}`);
});

await startWorker(await readWorkerConfig(file), { log: pino({ level: "silent" }), events });
