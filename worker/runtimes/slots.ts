import { OpenGradientError } from "../../sdk/errors.ts";

/** Lends things that one request at a time may use; requests that find none wait in line, so many of them at the most. */
export class Slots<T extends object | number> {
  readonly #free: T[];
  readonly #waiting = new Set<(thing: T) => void>();
  readonly #maxWaiting: number;

  constructor(things: readonly T[], maxWaiting: number) {
    this.#free = [...things];
    this.#maxWaiting = maxWaiting;
  }

  /**
   * Runs a task with one of the things.
   *
   * @throws OpenGradientError `RUNTIME_BUSY` if too many wait already; the signal's reason if it is aborted meanwhile.
   */
  async use<R>(task: (thing: T) => Promise<R>, signal: AbortSignal): Promise<R> {
    signal.throwIfAborted();
    const thing = this.#free.pop() ?? (await this.#wait(signal));
    try {
      return await task(thing);
    } finally {
      this.#giveBack(thing);
    }
  }

  #wait(signal: AbortSignal): Promise<T> {
    if (this.#waiting.size >= this.#maxWaiting)
      throw new OpenGradientError(
        "RUNTIME_BUSY",
        `${this.#waiting.size} requests wait for the model already.`,
        "Ask again in a moment.",
      );
    return new Promise<T>((resolve, reject) => {
      const take = (thing: T) => {
        signal.removeEventListener("abort", leave);
        resolve(thing);
      };
      const leave = () => {
        this.#waiting.delete(take);
        reject(signal.reason as Error);
      };
      this.#waiting.add(take);
      signal.addEventListener("abort", leave, { once: true });
    });
  }

  #giveBack(thing: T): void {
    // Sets keep the order: who waits longest is next.
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free.push(thing);
      return;
    }
    this.#waiting.delete(next);
    next(thing);
  }
}
