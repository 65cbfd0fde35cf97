import type { ContractTransactionResponse } from "ethers";

/** What transactions used, by the name of what they did. A later one replaces an earlier one of the same name. */
export class GasLedger {
  readonly #used = new Map<string, bigint>();

  get entries(): ReadonlyMap<string, bigint> {
    return this.#used;
  }

  note(name: string, gasUsed: bigint): void {
    this.#used.set(name, gasUsed);
  }

  /** Waits for a transaction and notes what it used. */
  async spend(name: string, sent: Promise<ContractTransactionResponse>): Promise<void> {
    const receipt = await (await sent).wait();
    if (receipt === null) throw new Error(`${name}: the transaction was dropped`);
    this.note(name, receipt.gasUsed);
  }
}
