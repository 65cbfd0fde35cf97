import type { Logger } from "pino";
import type { ActionStore } from "./action-store.ts";
import { isEnded } from "./batch-states.ts";
import type { BatchStore } from "./batch-store.ts";
import { actionsFor } from "./chain/calls.ts";
import { checkEquivocation } from "./checks/equivocation.ts";
import type { ReceiptMemory } from "./receipt-memory.ts";
import type { ClientReceipt, EvidenceFolder } from "./source/evidence-folder.ts";

export interface EvidenceKeeperOptions {
  readonly folder: EvidenceFolder;
  readonly memory: ReceiptMemory;
  readonly batches: BatchStore;
  readonly actions: ActionStore;
  readonly log: Logger;
}

/** An equivocation is shown at once: no bond stands behind it. */
const NO_BONDS = { demandBond: 0n, proofBond: 0n };

/** Holds receipts that clients bring against what was committed. */
export class EvidenceKeeper {
  readonly #options: EvidenceKeeperOptions;

  constructor(options: EvidenceKeeperOptions) {
    this.#options = options;
  }

  /** Takes in what is new. Returns batches about which there is something to do. */
  async advance(): Promise<readonly string[]> {
    const accused: string[] = [];
    for (const receipt of await this.#options.folder.next())
      accused.push(...(await this.#compare(receipt)));
    return accused;
  }

  async #compare(brought: ClientReceipt): Promise<readonly string[]> {
    const { memory, log } = this.#options;
    const { signer } = brought;
    // Remembered before it is compared: a batch that is checked meanwhile sees it, or is seen.
    await memory.remember(signer, brought);
    const accused: string[] = [];
    for (const found of await memory.contradictedIn(signer, brought)) {
      const { batchId } = found;
      const unknown = { terms: undefined, input: undefined, output: undefined };
      const finding = checkEquivocation({ ...found, ...unknown, evidence: undefined }, [brought]);
      if (finding === undefined) continue;
      log.info({ batchId, reason: finding.reason }, "A client's receipt contradicts a batch.");
      if (await this.#accuse(batchId, finding)) accused.push(batchId);
    }
    return accused;
  }

  async #accuse(
    batchId: string,
    finding: NonNullable<ReturnType<typeof checkEquivocation>>,
  ): Promise<boolean> {
    const { batches, actions } = this.#options;
    const record = await batches.get(batchId);
    if (record === undefined || isEnded(record.state)) return false;
    const wanted = actionsFor(record.committed, finding, NO_BONDS);
    if (record.state === "Challenged") await actions.want(wanted);
    else
      await batches.advance(record, "Challenged", {
        reason: finding.reason,
        alongside: (within) => actions.want(wanted, within),
      });
    return true;
  }
}
