import { parentPort } from "node:worker_threads";
import { ZkmlError } from "../../errors.ts";
import { KeyShare } from "./key-share.ts";
import type { Task, TaskReply, TaskResult } from "./task.ts";

/*
 * A proving thread. It holds its share of one proving key and answers tasks in the order in which they come.
 */

let share: KeyShare | undefined;

parentPort?.on("message", (task: Task) => {
  parentPort?.postMessage(answer(task));
});

function answer(task: Task): TaskReply {
  try {
    return { points: perform(task) };
  } catch (error) {
    const fault = error instanceof Error ? error.message : String(error);
    return { fault, isCorrupted: error instanceof ZkmlError };
  }
}

function perform(task: Task): TaskResult {
  if (task.kind === "load") {
    share = new KeyShare(task.content);
    return [];
  }
  if (share === undefined) throw new Error("no key was loaded");
  switch (task.kind) {
    case "precompute":
      share.precompute(task.witness, task.maxBytes);
      return [];
    case "transform":
      share.transform(task.polynomial, task.witness, task.spectra);
      return [];
    case "multiplyWires":
      return share.multiplyWires(task.witness);
    case "multiplyRows":
      return [share.multiplyRows(task.spectra)];
  }
}
