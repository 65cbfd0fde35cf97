import type { BatchLeaf } from "../../sdk/inference-batch.ts";
import { OpenGradientError } from "../../sdk/errors.ts";
import type { Settlement } from "../../sdk/receipt.ts";

/** Contracts that an enclave signs receipts for: a market and a ledger, and room for their successors. */
const MAX_SETTLEMENTS = 16;

/** Leaves that are remembered for each: some hours of many answers a second. */
const MAX_LEAVES = 65_536;

/** What was signed for one contract. */
interface Sequence {
  /** `seq` of the first leaf that is remembered. */
  firstSeq: bigint;
  readonly leaves: BatchLeaf[];
}

/** Numbers of receipts, from 0 without a gap for each contract that settles them, and the leaves of the latest. */
export class SignedLeaves {
  readonly #sequences = new Map<string, Sequence>();
  readonly #maximum: number;

  constructor(maximum = MAX_LEAVES) {
    this.#maximum = maximum;
  }

  /**
   * The number that the next receipt has.
   *
   * @throws OpenGradientError `ENCLAVE_REQUEST_INVALID` for a contract too many: forgetting one would use its numbers twice.
   */
  nextSeq(settlement: Settlement): bigint {
    const { firstSeq, leaves } = this.#sequenceOf(settlement);
    return firstSeq + BigInt(leaves.length);
  }

  /** Notes the receipt that has the next number. */
  add(settlement: Settlement, leaf: BatchLeaf): void {
    const sequence = this.#sequenceOf(settlement);
    sequence.leaves.push(leaf);
    // Many at once: each time, those that stay are copied.
    if (sequence.leaves.length < 2 * this.#maximum) return;
    const forgotten = sequence.leaves.length - this.#maximum;
    sequence.leaves.splice(0, forgotten);
    sequence.firstSeq += BigInt(forgotten);
  }

  /** So many leaves from this number on; `undefined` unless all of them are remembered. */
  range(
    settlement: Settlement,
    { firstSeq, count }: { readonly firstSeq: bigint; readonly count: bigint },
  ): readonly BatchLeaf[] | undefined {
    const { firstSeq: start, leaves } = this.#sequenceOf(settlement);
    const from = Number(firstSeq - start);
    const found = from < 0 ? [] : leaves.slice(from, from + Number(count));
    return count > 0n && BigInt(found.length) === count ? found : undefined;
  }

  #sequenceOf({ chainId, settledBy }: Settlement): Sequence {
    const key = `${chainId} ${settledBy.toLowerCase()}`;
    const known = this.#sequences.get(key);
    if (known !== undefined) return known;
    if (this.#sequences.size >= MAX_SETTLEMENTS)
      throw new OpenGradientError(
        "ENCLAVE_REQUEST_INVALID",
        `The enclave signs for ${MAX_SETTLEMENTS} contracts already.`,
        "Restart the enclave to have it sign for another one.",
      );
    const sequence = { firstSeq: 0n, leaves: [] };
    this.#sequences.set(key, sequence);
    return sequence;
  }
}
