import { recoverAddress, Signature } from "ethers";
import { directRequestId } from "../direct-request.ts";
import { itemisedFee, quoteHash } from "../price-quote.ts";
import type { ReceiptEnvelope } from "../receipt-envelope.ts";
import { receiptDigest } from "../receipt.ts";

/** Whom a payer pays, for what. */
export interface FeeExpectation {
  readonly chainId: bigint;
  /** Contract that the receipt is for; any, if the payer does not know it. */
  readonly ledger: string | undefined;
  readonly payer: string;
  readonly node: string;
  /** The request's. */
  readonly nonce: string;
}

/**
 * Why a receipt is no reason to pay its fee; undefined if it is one: it is signed, for this payer, node and request, and its fee adds up.
 * Whether its signer is to be trusted, and the answer is what was asked for, is another question.
 */
export function objectionToFee(
  envelope: ReceiptEnvelope,
  { chainId, ledger, payer, node, nonce }: FeeExpectation,
): string | undefined {
  const { receipt, request, quote, fee } = envelope;
  const settlement = { chainId: envelope.chainId, settledBy: envelope.ledger };
  const itemised = itemisedFee(quote, receipt);
  const checks: readonly (readonly [string, boolean])[] = [
    ["it is for another chain", envelope.chainId === chainId],
    ["it is for another ledger", ledger === undefined || envelope.ledger === ledger],
    ["it names another payer", receipt.payer === payer && request.payer === payer],
    ["it names another node", [receipt.node, request.node, quote.node].every((it) => it === node)],
    ["it is for another request", request.nonce === nonce],
    ["its request has another price", request.quoteHash === quoteHash(quote)],
    ["its id is another request's", receipt.requestId === directRequestId(settlement, request)],
    ["its fee does not add up", receipt.fee === itemised.total && fee.total === itemised.total],
    ["it is not signed by its signer", signerOf(envelope) === envelope.signer],
  ];
  return checks.find(([, holds]) => !holds)?.[0];
}

function signerOf({ chainId, ledger, receipt, signature }: ReceiptEnvelope): string | undefined {
  try {
    const digest = receiptDigest({ chainId, settledBy: ledger }, receipt);
    return recoverAddress(digest, Signature.from(signature));
  } catch {
    return undefined;
  }
}
