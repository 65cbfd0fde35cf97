import type { DirectRequest } from "../../sdk/direct-request.ts";
import type { PriceQuote } from "../../sdk/price-quote.ts";
import type { InferenceReceipt } from "../../sdk/receipt.ts";
import type { TierName } from "../../sdk/tiers.ts";
import type { FinishReason } from "../runtimes/runtime.ts";

/** What a model of this node takes and gives off-chain. */
export type DirectForm = "chat" | "completion" | "embedding" | "tensor";

/** What this node offers: a model, in a tier, at a price. */
export interface DirectOffer {
  /** By which clients name it. */
  readonly name: string;
  readonly modelId: string;
  readonly contentHash: string;
  readonly tier: TierName;
  readonly forms: readonly DirectForm[];
  readonly quote: PriceQuote;
  /** Of a language model, in tokens: what the answer's length is chosen by if the client does not say. */
  readonly contextLength?: number;
}

/** A request, understood, priced and paid for, with its exact input. */
export interface DirectOrder {
  readonly request: DirectRequest;
  readonly quote: PriceQuote;
  /** Whose keccak256 is `request.inputHash`. */
  readonly input: Uint8Array;
  /** Most that the answer may cost, in OPG wei: what is charged is never more. */
  readonly maxFee: bigint;
}

/** All there is to know of an answer: what the client gets, what the journal keeps, what verifiers check. */
export interface DirectRecord {
  /** Key that signed the receipt. */
  readonly signer: string;
  readonly request: DirectRequest;
  readonly quote: PriceQuote;
  readonly receipt: InferenceReceipt;
  /** Compact (EIP-2098), 64 bytes. */
  readonly signature: string;
  readonly input: Uint8Array;
  readonly output: Uint8Array;
  /** Whose keccak256 is `receipt.evidenceHash`; a proof in the Proven tier, with its kind. */
  readonly evidence?: Uint8Array;
  readonly finishReason?: FinishReason;
}

/** An answer that was journalled: it may leave. */
export interface DirectAnswer {
  readonly record: DirectRecord;
  /** Whether it was given before: nothing more is to be charged. */
  readonly isRepeated: boolean;
}
