/**
 * A node in a process of its own that is asked directly, and kills itself, without any chance to clean up, at a given moment:
 *
 * - `charging`: when an answer is being journalled;
 * - `answered`: when the first answer is about to leave;
 * - a state of a batch, `demand` and a state of a demand, or a transaction's purpose and phase.
 *
 * Run: tsx mortal-node.ts <configuration> <moment>
 */
import process from "node:process";
import pino from "pino";
import { askTwice } from "./ask-twice.ts";
import { readWorkerConfig } from "../config.ts";
import { WorkerEvents } from "../events.ts";
import { startWorker } from "../worker.ts";

const [, , file = "", fatal = ""] = process.argv;

function dieAt(moment: string): void {
  if (moment === fatal) process.kill(process.pid, "SIGKILL");
}

const events = new WorkerEvents();
events.on("batch", ({ state }) => {
  dieAt(state);
});
events.on("demand", ({ state }) => {
  dieAt(`demand ${state}`);
});
events.on("transaction", ({ purpose, phase }) => {
  dieAt(`${purpose} ${phase}`);
});

const log = pino({ level: "silent" });
const { direct } = await startWorker(await readWorkerConfig(file), { log, events });
await askTwice(direct, dieAt);
