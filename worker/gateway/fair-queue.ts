import { GatewayError } from "./failure.ts";

export interface FairQueueLimits {
  /** Tasks that run at the same time. */
  readonly concurrent: number;
  /** Tasks that may wait, of all payers together and of one. */
  readonly waiting: number;
  readonly waitingPerPayer: number;
}

/** What a task waits for: its turn. */
type Turn = () => void;

/** Of the mean duration, what a task that ends adds to it. */
const NEWEST = 0.1;
const MAX_RETRY_SECONDS = 60;

/**
 * Runs so many tasks at the same time. The others wait in a line for each payer, and the lines take turns: who asks for one
 * thing is not behind the hundred of somebody else. Nothing here takes longer the more wait.
 */
export class FairQueue {
  readonly #limits: FairQueueLimits;
  /** Lines of those who wait, by payer. Whose turn is next comes first; lines that are empty are not there. */
  readonly #lines = new Map<string, Set<Turn>>();
  #running = 0;
  #waiting = 0;
  #meanMs = 0;

  constructor(limits: FairQueueLimits) {
    this.#limits = limits;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /**
   * Runs a task when it is its turn.
   *
   * @throws GatewayError 429 if too many wait; the signal's reason if it is aborted before the turn.
   */
  async run<T>(payer: string, task: () => Promise<T>, signal: AbortSignal): Promise<T> {
    signal.throwIfAborted();
    if (this.#running < this.#limits.concurrent) this.#running++;
    else await this.#wait(payer, signal);
    const start = performance.now();
    try {
      return await task();
    } finally {
      this.#meanMs += NEWEST * (performance.now() - start - this.#meanMs);
      this.#next();
    }
  }

  #wait(payer: string, signal: AbortSignal): Promise<void> {
    const line = this.#lines.get(payer) ?? new Set<Turn>();
    if (this.#waiting >= this.#limits.waiting) throw this.#full("many requests");
    if (line.size >= this.#limits.waitingPerPayer) throw this.#full("many requests of this payer");
    this.#lines.set(payer, line);
    this.#waiting++;
    return new Promise<void>((resolve, reject) => {
      const turn = () => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      const leave = () => {
        this.#remove(payer, line, turn);
        reject(signal.reason as Error);
      };
      line.add(turn);
      signal.addEventListener("abort", leave, { once: true });
    });
  }

  /** Gives the place of a task that ended to who is next, if anybody is: it stays taken then. */
  #next(): void {
    const [first] = this.#lines;
    if (first === undefined) {
      this.#running--;
      return;
    }
    const [payer, line] = first;
    const [turn] = line;
    if (turn === undefined) throw new TypeError("a line that is empty was kept");
    this.#remove(payer, line, turn);
    // Behind the others, if more of this payer wait.
    if (this.#lines.delete(payer)) this.#lines.set(payer, line);
    turn();
  }

  #remove(payer: string, line: Set<Turn>, turn: Turn): void {
    line.delete(turn);
    this.#waiting--;
    if (line.size === 0) this.#lines.delete(payer);
  }

  #full(what: string): GatewayError {
    const seconds = Math.ceil((this.#meanMs * this.#waiting) / this.#limits.concurrent / 1_000);
    const retryAfter = Math.min(MAX_RETRY_SECONDS, Math.max(1, seconds));
    return new GatewayError(
      429,
      "too_many_requests",
      `Too ${what} wait already. Ask again in ${retryAfter} s.`,
      { headers: { "Retry-After": String(retryAfter) } },
    );
  }
}
