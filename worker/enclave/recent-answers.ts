/** An answer that was given or is being computed, and the terms that it is for. */
export interface KnownAnswer<T> {
  readonly terms: string;
  readonly answer: Promise<T>;
}

/** How much is remembered. */
export interface RecentAnswersLimits {
  readonly answers: number;
  /** Sum of the sizes of the answers that were given. */
  readonly bytes: number;
}

interface Entry<T> extends KnownAnswer<T> {
  /** Undefined until the answer is there: what is being computed is not forgotten. */
  bytes: number | undefined;
}

/** Remembers answers by request. Those that nobody has asked for the longest are forgotten first. */
export class RecentAnswers<T> {
  readonly #limits: RecentAnswersLimits;
  readonly #sizeOf: (answer: T) => number;
  /** Least recently asked for first. */
  readonly #entries = new Map<string, Entry<T>>();
  #bytes = 0;

  constructor(limits: RecentAnswersLimits, sizeOf: (answer: T) => number) {
    this.#limits = limits;
    this.#sizeOf = sizeOf;
  }

  get(key: string): KnownAnswer<T> | undefined {
    const entry = this.#entries.get(key);
    if (entry) {
      this.#entries.delete(key);
      this.#entries.set(key, entry);
    }
    return entry;
  }

  /** Remembers an answer to come. If it fails, it is as if nobody had asked. */
  add(key: string, { terms, answer }: KnownAnswer<T>): void {
    const entry: Entry<T> = { terms, answer, bytes: undefined };
    this.#entries.set(key, entry);
    answer.then(
      (given) => {
        entry.bytes = this.#sizeOf(given);
        this.#bytes += entry.bytes;
        this.#forget();
      },
      () => this.#entries.delete(key),
    );
  }

  #forget(): void {
    for (const [key, { bytes }] of this.#entries) {
      if (this.#entries.size <= this.#limits.answers && this.#bytes <= this.#limits.bytes) return;
      if (bytes === undefined) continue;
      this.#entries.delete(key);
      this.#bytes -= bytes;
    }
  }
}
