import { keccak256, ZeroHash, type Wallet } from "ethers";
import type { DirectRecord } from "./direct-answer.ts";
import { DigestKey } from "../keys/digest-key.ts";
import type { FinishReason } from "../runtimes/runtime.ts";
import { directRequestId, type DirectRequest } from "../../sdk/direct-request.ts";
import { batchDigest, type InferenceBatch } from "../../sdk/inference-batch.ts";
import { itemisedFee, type PriceQuote, type Usage } from "../../sdk/price-quote.ts";
import { receiptDigest, type InferenceReceipt, type Settlement } from "../../sdk/receipt.ts";

/** An answer that was computed and that nobody has signed yet. */
export interface ComputedAnswer {
  readonly output: Uint8Array;
  readonly usage: Usage;
  /** Unix time in seconds. */
  readonly startedAt: bigint;
  readonly completedAt: bigint;
  readonly evidence?: Uint8Array;
  readonly finishReason?: FinishReason;
}

/** A receipt but for its number. */
export interface ReceiptDraft {
  readonly request: DirectRequest;
  readonly quote: PriceQuote;
  readonly input: Uint8Array;
  readonly answer: ComputedAnswer;
}

/**
 * Signs with the node's hot key. Signatures are deterministic (RFC 6979): what is signed again is the same signature. Which number
 * a receipt has is for the journal to decide, and only that may call it.
 */
export class NodeSigner {
  readonly address: string;
  readonly #key: DigestKey;
  readonly #settlement: Settlement;

  constructor({ address, signingKey }: Pick<Wallet, "address" | "signingKey">, ledger: Settlement) {
    this.address = address;
    this.#key = new DigestKey(signingKey);
    this.#settlement = ledger;
  }

  /** Makes a receipt of a draft, under a number. */
  sign({ request, quote, input, answer }: ReceiptDraft, seq: bigint): DirectRecord {
    const { output, evidence, finishReason } = answer;
    const receipt = receiptOf(directRequestId(this.#settlement, request), {
      ...{ request, quote, answer },
      seq,
    });
    return {
      ...{ signer: this.address, request, quote, receipt, input, output },
      signature: this.#key.sign(receiptDigest(this.#settlement, receipt)),
      ...(evidence !== undefined && { evidence }),
      ...(finishReason !== undefined && { finishReason }),
    };
  }

  /** Compact (EIP-2098). */
  signBatch(batch: InferenceBatch): string {
    return this.#key.sign(batchDigest(this.#settlement, batch));
  }
}

function receiptOf(
  requestId: string,
  { request, quote, answer, seq }: Omit<ReceiptDraft, "input"> & { readonly seq: bigint },
): InferenceReceipt {
  const { modelId, payer, node, tier, inputHash } = request;
  const { output, usage, startedAt, completedAt, evidence } = answer;
  return {
    ...{ modelId, requestId, payer, node, tier, inputHash },
    outputHash: keccak256(output),
    inputUnits: usage.inputUnits,
    outputUnits: usage.outputUnits,
    fee: itemisedFee(quote, usage).total,
    ...{ startedAt, completedAt, seq },
    evidenceHash: evidence === undefined ? ZeroHash : keccak256(evidence),
  };
}
