import {
  getBytes,
  toBeHex,
  type ContractTransactionResponse,
  type TransactionResponse,
} from "ethers";
import type { RequestTerms } from "../../sdk/request.ts";

/** Of all permits and requests: far in the future, and the same in every run. Unix time in seconds. */
export const EXPIRY = 3_000_000_000;

/** What of a request's terms is another in each run: a model's id depends on its key, and the chain's clock goes on by itself. */
export function randomTerms({ modelId, rampStart }: RequestTerms): string[] {
  return [modelId, toBeHex(rampStart)];
}

/** Calldata gas of a byte that is not zero, less that of one that is (EIP-2028). */
const NON_ZERO_SURCHARGE = 12;

/**
 * Gas of whole transactions under plain-English names.
 *
 * Keys and proofs are random, and so is how many of their bytes happen to be zero, which calldata is cheaper for. Figures
 * count every byte of such values as not zero: they are upper bounds, and the same each time.
 */
export class GasBook {
  readonly #figures = new Map<string, number>();

  /**
   * Waits for a transaction and books what it used. `random` lists the random values in its calldata. What serves several
   * `items` at once is booked for each of them, rounded up.
   */
  async book(
    name: string,
    sent: Promise<ContractTransactionResponse | TransactionResponse>,
    random: readonly string[] = [],
    items = 1,
  ): Promise<void> {
    const receipt = await (await sent).wait();
    if (receipt === null) throw new Error(`${name}: the transaction was dropped`);
    const zeros = random
      .flatMap((value) => Array.from(getBytes(value)))
      .filter((byte) => byte === 0);
    const gas = Number(receipt.gasUsed) + NON_ZERO_SURCHARGE * zeros.length;
    this.#figures.set(name, Math.ceil(gas / items));
  }

  /** Books what was measured otherwise. */
  note(name: string, gas: number): void {
    this.#figures.set(name, gas);
  }

  /** Books the same once more: what it comes to for each of `count` items, rounded up. */
  share(name: string, whole: string, count: number): void {
    const gas = this.#figures.get(whole);
    if (gas === undefined) throw new Error(`${whole}: not booked`);
    this.#figures.set(name, Math.ceil(gas / count));
  }

  figures(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#figures);
  }
}
