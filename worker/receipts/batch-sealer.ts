import type { BatchStore, OpenReceipt } from "./batch-store.ts";

/** When receipts become a batch: as soon as any of these is reached. */
interface BatchLimits {
  readonly receipts: number;
  readonly ageMs: number;
  /** Sum of the fees, in OPG wei: what is at risk until it is committed. */
  readonly value: bigint;
}

export interface BatchSealerOptions {
  readonly store: Pick<BatchStore, "signers" | "openReceipts" | "seal">;
  readonly limits: BatchLimits;
  /**
   * Whether more receipts of a key can come whose numbers are below those that are here: then a gap is waited for. Nobody signs
   * with a key that is gone, and the node's own numbers are never late.
   */
  readonly mayFillGaps: (signer: string) => Promise<boolean>;
  /** Whether a key signs no more: then nothing is waited for. */
  readonly isGone: (signer: string) => boolean;
  /** Whether leaves of these models' receipts go into the chain. */
  readonly wantsLeaves: (modelIds: ReadonlySet<string>) => Promise<boolean>;
}

/** Decides which receipts are committed together. */
export class BatchSealer {
  readonly #options: BatchSealerOptions;

  constructor(options: BatchSealerOptions) {
    this.#options = options;
  }

  /** Seals every batch that is due. */
  async sealDue(): Promise<void> {
    for (const { signer, unbatchedSeq } of await this.#options.store.signers()) {
      let from: bigint | undefined = unbatchedSeq;
      while (from !== undefined) from = await this.#sealNext(signer, from);
    }
  }

  /** Seals a batch if one is due; returns where the next one begins. */
  async #sealNext(signer: string, from: bigint): Promise<bigint | undefined> {
    const { store, limits, mayFillGaps, isGone, wantsLeaves } = this.#options;
    const found = await store.openReceipts(signer, { from, limit: limits.receipts });
    const [first] = found;
    if (first === undefined) return undefined;
    const run = withoutGap(found);
    const hasGap = first.seq !== from || run.length < found.length;
    const isWaitedFor = hasGap && (await mayFillGaps(signer));
    if (isWaitedFor && first.seq !== from) return undefined;
    const { receipts, isFull } = withinValue(run, limits.value);
    const isDue =
      isFull ||
      run.length === limits.receipts ||
      first.ageMs >= limits.ageMs ||
      (run.length < found.length && !isWaitedFor) ||
      isGone(signer);
    if (!isDue) return undefined;
    const modelIds = new Set(receipts.map(({ modelId }) => modelId));
    const { firstSeq, count } = await store.seal(signer, receipts, await wantsLeaves(modelIds));
    return firstSeq + count;
  }
}

/** Those of the first ones whose numbers follow each other. */
function withoutGap(receipts: readonly OpenReceipt[]): readonly OpenReceipt[] {
  const start = receipts[0]?.seq ?? 0n;
  const end = receipts.findIndex(({ seq }, index) => seq !== start + BigInt(index));
  return end === -1 ? receipts : receipts.slice(0, end);
}

/** As many as it takes for this value, if there are enough. */
function withinValue(receipts: readonly OpenReceipt[], value: bigint) {
  let sum = 0n;
  for (const [index, { fee }] of receipts.entries()) {
    sum += fee;
    if (sum >= value) return { receipts: receipts.slice(0, index + 1), isFull: true };
  }
  return { receipts, isFull: false };
}
