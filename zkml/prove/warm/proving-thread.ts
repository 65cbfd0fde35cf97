import { Worker, type Transferable } from "node:worker_threads";
import { ZkmlError } from "../../errors.ts";
import type { Task, TaskReply, TaskResult } from "./task.ts";

interface Waiting {
  readonly resolve: (points: TaskResult) => void;
  readonly reject: (error: Error) => void;
}

/** One worker thread. It does not keep the process alive while it has nothing to do. */
export class ProvingThread {
  readonly #worker = new Worker(new URL("thread.ts", import.meta.url));
  /** Tasks are answered in order. */
  readonly #waiting: Waiting[] = [];
  #failure: Error | undefined;

  constructor() {
    this.#worker.on("message", (reply: TaskReply) => {
      this.#settle(reply);
    });
    this.#worker.on("error", (cause: Error) => {
      this.#fail(stopped(cause.message, cause));
    });
    this.#worker.on("exit", (code) => {
      this.#fail(stopped(`it ended with code ${code}`));
    });
    this.#worker.unref();
  }

  /** Tasks that are not answered yet. */
  get load(): number {
    return this.#waiting.length;
  }

  /** @throws ZkmlError `FILE_CORRUPTED` for a bad key, or `PROVER_FAILED`. */
  perform(task: Task, transfer: readonly Transferable[] = []): Promise<TaskResult> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage(task, transfer);
    });
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }

  #settle(reply: TaskReply): void {
    const waiting = this.#waiting.shift();
    if (this.#waiting.length === 0) this.#worker.unref();
    if ("points" in reply) {
      waiting?.resolve(reply.points);
    } else if (reply.isCorrupted) {
      waiting?.reject(new ZkmlError("FILE_CORRUPTED", reply.fault, "Set the model up again."));
    } else {
      waiting?.reject(stopped(reply.fault));
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
  }
}

function stopped(reason: string, cause?: unknown): ZkmlError {
  return new ZkmlError(
    "PROVER_FAILED",
    `A proving thread failed: ${reason}.`,
    "Give the process more memory, or choose the prover snarkjs.",
    { cause },
  );
}
