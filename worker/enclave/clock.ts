/** Unix time in whole seconds that never goes back, whoever sets the machine's clock. */
export class SteadyClock {
  readonly #nowMs: () => number;
  #latest = 0n;

  constructor(nowMs: () => number = Date.now) {
    this.#nowMs = nowMs;
  }

  now(): bigint {
    const now = BigInt(Math.floor(this.#nowMs() / 1_000));
    if (now > this.#latest) this.#latest = now;
    return this.#latest;
  }
}
