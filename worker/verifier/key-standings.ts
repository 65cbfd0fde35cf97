import type { InferenceReceipt } from "../../sdk/receipt.ts";
import type { LedgerView } from "./chain/ledger-view.ts";
import type { KeyStanding } from "./checks/attested-key.ts";

/**
 * How a key stood when it signed each of many receipts. A key counts for a model during one interval: if it did for the first
 * and for the last receipt, it did for all between.
 */
export class KeyStandings {
  readonly #ledger: Pick<LedgerView, "keyStandingOf">;
  readonly #signer: string;
  readonly #known = new Map<string, KeyStanding>();

  constructor(ledger: Pick<LedgerView, "keyStandingOf">, signer: string) {
    this.#ledger = ledger;
    this.#signer = signer;
  }

  /** Asks the chain for as little as will do. */
  async learn(receipts: readonly InferenceReceipt[]): Promise<void> {
    const groups = Map.groupBy(receipts, ({ modelId, node }) => `${modelId} ${node}`);
    for (const group of groups.values()) {
      const ordered = group.toSorted((a, b) => Number(a.completedAt - b.completedAt));
      const ends = [ordered[0], ordered.at(-1)].filter((receipt) => receipt !== undefined);
      const standings = await Promise.all(ends.map((receipt) => this.#ask(receipt)));
      if (standings.every((standing) => standing === "counts"))
        for (const receipt of group) this.#known.set(keyOf(receipt), "counts");
      else for (const receipt of group) await this.#ask(receipt);
    }
  }

  /** @throws Error for a receipt that was not learned about. */
  of(receipt: InferenceReceipt): KeyStanding {
    const standing = this.#known.get(keyOf(receipt));
    if (standing === undefined) throw new Error("nothing was learned about this receipt's key");
    return standing;
  }

  async #ask(receipt: InferenceReceipt): Promise<KeyStanding> {
    const known = this.#known.get(keyOf(receipt));
    if (known !== undefined) return known;
    const standing = await this.#ledger.keyStandingOf(this.#signer, receipt);
    this.#known.set(keyOf(receipt), standing);
    return standing;
  }
}

function keyOf({ modelId, node, completedAt }: InferenceReceipt): string {
  return `${modelId} ${node} ${completedAt}`;
}
