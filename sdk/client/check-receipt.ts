import { keccak256, recoverAddress, Signature, ZeroHash, formatEther } from "ethers";
import { directRequestId, type DirectRequest } from "../direct-request.ts";
import { OpenGradientError } from "../errors.ts";
import { itemisedFee, quoteHash, type PriceQuote, type Usage } from "../price-quote.ts";
import { receiptDigest, type Settlement } from "../receipt.ts";
import type { ReceiptEnvelope } from "../receipt-envelope.ts";
import { TIERS } from "../tiers.ts";
import { disagreement, type SentRequest } from "./agrees-with.ts";
import type { ReceiptCheck, ReceiptCheckName } from "./receipt-fault.ts";

/** What came with an answer, or as much of it as was kept: the fee's items are not in what nodes tell later. */
export type ReceiptContent = Omit<ReceiptEnvelope, "fee"> & Partial<Pick<ReceiptEnvelope, "fee">>;

/** What was asked, of whom; what is left out is not known, and not checked. */
export type AskedTerms = Partial<
  Pick<DirectRequest, "modelId" | "tier" | "payer" | "node" | "nonce">
>;

/** What is known of a request and its answer; what is left out is not known, and not checked. */
export interface ReceiptExpectation {
  /** The chain and the ledger that receipts are to be for. */
  readonly settlement?: Settlement;
  readonly asked?: AskedTerms;
  /** The price that the node had offered. */
  readonly offered?: PriceQuote;
  /** Most that was agreed to be paid, in OPG wei. */
  readonly maxFee?: bigint;
  /** Whether the payer paid an amount in advance, as with x402: then that is the price, and only `maxFee` bounds it. */
  readonly isPrepaid?: boolean;
  /** The exact bytes that were sent as input. */
  readonly input?: Uint8Array | undefined;
  /** What a language model was asked, as the app sent it: the input is then what the node says that it applied. */
  readonly sent?: SentRequest | undefined;
  /** The exact bytes that were received. */
  readonly output?: Uint8Array | undefined;
  /** What the answer tells of its use. */
  readonly usage?: Partial<Usage> | undefined;
}

/** Why something does not hold; undefined if it does. `UNKNOWN` if it cannot be said. */
type Fault = string | undefined | typeof UNKNOWN;

const UNKNOWN = Symbol("unknown");

type Check = readonly [
  name: ReceiptCheckName,
  find: (content: ReceiptContent, expected: ReceiptExpectation) => Fault,
];

const CHECKS: readonly Check[] = [
  ["settlement", settlementFault],
  ["signature", signatureFault],
  ["request", requestFault],
  ["quote", quoteFault],
  ["terms", termsFault],
  ["fee", feeFault],
  ["price", priceFault],
  ["input", inputFault],
  ["applied", appliedFault],
  ["output", outputFault],
  ["usage", usageFault],
  ["times", timesFault],
  ["evidence", evidenceFault],
];

/** What can be said of a receipt without a chain. Nothing here trusts who sent it. */
export function checkReceipt(
  content: ReceiptContent,
  expected: ReceiptExpectation,
): readonly ReceiptCheck[] {
  return CHECKS.map(([check, find]) => {
    const fault = find(content, expected);
    if (fault === UNKNOWN) return { check, holds: undefined, detail: "not known here" };
    return { check, holds: fault === undefined, detail: fault ?? "holds" };
  });
}

function settlementFault(
  { chainId, ledger }: ReceiptContent,
  { settlement }: ReceiptExpectation,
): Fault {
  if (settlement === undefined) return UNKNOWN;
  if (chainId !== settlement.chainId)
    return `it is for chain ${chainId}, not ${settlement.chainId}`;
  return differs("ledger", ledger, settlement.settledBy);
}

function signatureFault({ chainId, ledger, signer, signature, receipt }: ReceiptContent): Fault {
  const digest = receiptDigest({ chainId, settledBy: ledger }, receipt);
  try {
    return differs("signer", recoverAddress(digest, Signature.from(signature)), signer);
  } catch {
    return "its signature is none";
  }
}

function requestFault({ chainId, ledger, receipt, request }: ReceiptContent): Fault {
  const id = directRequestId({ chainId, settledBy: ledger }, request);
  return (
    differs("requestId", receipt.requestId, id) ??
    memberFault(receipt, request, ["modelId", "tier", "payer", "node", "inputHash"])
  );
}

function quoteFault({ receipt, request, quote }: ReceiptContent): Fault {
  return (
    differs("quoteHash", request.quoteHash, quoteHash(quote)) ??
    memberFault(quote, receipt, ["node", "modelId", "tier"])
  );
}

function termsFault({ request }: ReceiptContent, { asked }: ReceiptExpectation): Fault {
  if (asked === undefined) return UNKNOWN;
  return memberFault(request, asked, known(["nonce", "payer", "modelId", "tier", "node"], asked));
}

function feeFault({ receipt, quote, fee }: ReceiptContent): Fault {
  const wanted = itemisedFee(quote, receipt);
  if (fee !== undefined) {
    const fault = memberFault(fee, wanted, ["base", "input", "output", "total"]);
    if (fault !== undefined) return `of its items, ${fault}`;
  }
  return differs("fee", receipt.fee, wanted.total);
}

function priceFault(
  { receipt: { fee }, quote }: ReceiptContent,
  { maxFee, offered, isPrepaid = false }: ReceiptExpectation,
): Fault {
  if (maxFee !== undefined && fee > maxFee)
    return `it charges ${formatEther(fee)} OPG, and ${formatEther(maxFee)} were agreed`;
  if (offered === undefined) return maxFee === undefined ? UNKNOWN : undefined;
  const isFixed = quote.perInputUnit === 0n && quote.perOutputUnit === 0n;
  if (isPrepaid && isFixed && maxFee !== undefined) return undefined;
  const dearer = (["base", "perInputUnit", "perOutputUnit"] as const).find(
    (member) => quote[member] > offered[member],
  );
  return dearer && `${dearer} is ${quote[dearer]}, and ${offered[dearer]} was offered`;
}

function inputFault(
  { receipt: { inputHash }, applied }: ReceiptContent,
  { input, sent }: ReceiptExpectation,
): Fault {
  if (input !== undefined) return differs("inputHash", inputHash, keccak256(input));
  if (applied === undefined) {
    return sent === undefined ? UNKNOWN : "the node does not say what it applied";
  }
  const bytes = new TextEncoder().encode(applied);
  return differs("inputHash", inputHash, keccak256(bytes));
}

function appliedFault({ applied }: ReceiptContent, { sent }: ReceiptExpectation): Fault {
  if (sent === undefined) return UNKNOWN;
  if (applied === undefined) return "the node does not say what it applied";
  try {
    return disagreement(sent, applied);
  } catch (error) {
    if (error instanceof OpenGradientError)
      return `what was applied is no request: ${error.message}`;
    throw error;
  }
}

function outputFault(
  { receipt: { outputHash } }: ReceiptContent,
  { output }: ReceiptExpectation,
): Fault {
  return output === undefined ? UNKNOWN : differs("outputHash", outputHash, keccak256(output));
}

function usageFault({ receipt }: ReceiptContent, { usage }: ReceiptExpectation): Fault {
  if (usage === undefined) return UNKNOWN;
  return memberFault(receipt, usage, known(["inputUnits", "outputUnits"], usage));
}

function timesFault({ receipt: { startedAt, completedAt } }: ReceiptContent): Fault {
  if (startedAt <= completedAt) return undefined;
  return `it was completed at ${completedAt}, before it was started at ${startedAt}`;
}

function evidenceFault({ receipt }: ReceiptContent): Fault {
  const hasNone = receipt.evidenceHash === ZeroHash;
  switch (receipt.tier) {
    case BigInt(TIERS.Signed):
    case BigInt(TIERS.Optimistic):
      return hasNone ? undefined : "this tier has no evidence, and it commits to some";
    case BigInt(TIERS.Proven):
      return hasNone ? "it commits to no proof" : undefined;
    case BigInt(TIERS.Attested):
      return undefined;
    default:
      return `there is no tier ${receipt.tier}`;
  }
}

/** Those members of which there is something to compare with. */
function known<Name extends string>(
  members: readonly Name[],
  wanted: Readonly<Partial<Record<Name, string | bigint>>>,
): readonly Name[] {
  return members.filter((member) => wanted[member] !== undefined);
}

/** The first member that is another in the one than in the other. */
function memberFault<Name extends string>(
  found: Readonly<Record<Name, string | bigint>>,
  wanted: Readonly<Partial<Record<Name, string | bigint>>>,
  members: readonly Name[],
): string | undefined {
  for (const member of members) {
    const fault = differs(member, found[member], wanted[member]);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** Hex may be written in both cases. */
function differs(
  what: string,
  found: string | bigint,
  wanted: string | bigint | undefined,
): string | undefined {
  const [a, b] = [String(found), String(wanted)];
  return a.toLowerCase() === b.toLowerCase() ? undefined : `${what} is ${a}, not ${b}`;
}
