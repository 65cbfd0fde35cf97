import { Slots } from "./slots.ts";
import { OpenGradientError } from "../../sdk/errors.ts";

export interface RequestLineOptions<T extends object | number> {
  /** Of the model, for people. */
  readonly name: string;
  /** What a request needs one of while it is computed. */
  readonly things: readonly T[];
  /** Requests that may wait for one. */
  readonly maxWaiting: number;
  /** Frees all of it; called once. */
  readonly release: () => Promise<void>;
}

/** The requests of a runtime: some are computed, some wait, and all end when it closes. */
export class RequestLine<T extends object | number> {
  readonly #slots: Slots<T>;
  readonly #running = new Map<Promise<unknown>, AbortController>();
  readonly #options: RequestLineOptions<T>;
  #closed: Promise<void> | undefined;

  constructor(options: RequestLineOptions<T>) {
    this.#options = options;
    this.#slots = new Slots(options.things, options.maxWaiting);
  }

  /** Requests that are computed at the same time. */
  get parallel(): number {
    return this.#options.things.length;
  }

  /**
   * Runs a request when it is its turn.
   *
   * @param task Has to give up soon once its signal is aborted. Whatever it fails with then, `run` rejects with the reason.
   * @throws OpenGradientError `RUNTIME_BUSY` or `RUNTIME_CLOSED`.
   */
  async run<R>(
    task: (thing: T, signal: AbortSignal) => Promise<R>,
    given?: AbortSignal,
  ): Promise<R> {
    if (this.#closed !== undefined) throw closed(this.#options.name);
    const controller = new AbortController();
    const signal = AbortSignal.any([controller.signal, ...(given === undefined ? [] : [given])]);
    const result = this.#slots.use((thing) => task(thing, signal), signal);
    // Closing waits for it; whether it fails is the caller's business.
    const settled = result.then(
      () => undefined,
      () => undefined,
    );
    this.#running.set(settled, controller);
    try {
      return await result;
    } catch (error) {
      throw signal.aborted ? signal.reason : error;
    } finally {
      this.#running.delete(settled);
    }
  }

  /** Ends all requests, then frees what they used. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    for (const controller of this.#running.values()) controller.abort(closed(this.#options.name));
    await Promise.all(this.#running.keys());
    await this.#options.release();
  }
}

function closed(name: string): OpenGradientError {
  return new OpenGradientError(
    "RUNTIME_CLOSED",
    `The runtime of "${name}" was closed.`,
    "Ask another node, or start this one again.",
  );
}
