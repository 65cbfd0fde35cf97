import {
  concat,
  dataLength,
  dataSlice,
  getAddress,
  keccak256,
  Signature,
  solidityPacked,
  toBigInt,
  TypedDataEncoder,
  ZeroHash,
  type BytesLike,
  type Signer,
  type TypedDataDomain,
  type TypedDataField,
} from "ethers";
import { evidenceOf, PROOF_KINDS } from "./proof-kinds.ts";
import { TIERS } from "./tiers.ts";

/** What was computed, for whom and for how much; see `contracts/types/InferenceReceipt.sol` for each member. */
export interface InferenceReceipt {
  readonly modelId: string;
  readonly requestId: string;
  readonly payer: string;
  readonly node: string;
  readonly tier: bigint;
  readonly inputHash: string;
  readonly outputHash: string;
  readonly inputUnits: bigint;
  readonly outputUnits: bigint;
  /** OPG in wei. */
  readonly fee: bigint;
  /** Unix time in seconds. */
  readonly startedAt: bigint;
  /** Unix time in seconds. */
  readonly completedAt: bigint;
  /** Counts up per signing key. */
  readonly seq: bigint;
  readonly evidenceHash: string;
}

/** EIP-712 type of a receipt. */
export const RECEIPT_TYPES: Record<string, TypedDataField[]> = {
  InferenceReceipt: [
    { name: "modelId", type: "bytes32" },
    { name: "requestId", type: "bytes32" },
    { name: "payer", type: "address" },
    { name: "node", type: "address" },
    { name: "tier", type: "uint8" },
    { name: "inputHash", type: "bytes32" },
    { name: "outputHash", type: "bytes32" },
    { name: "inputUnits", type: "uint32" },
    { name: "outputUnits", type: "uint32" },
    { name: "fee", type: "uint128" },
    { name: "startedAt", type: "uint64" },
    { name: "completedAt", type: "uint64" },
    { name: "seq", type: "uint64" },
    { name: "evidenceHash", type: "bytes32" },
  ],
};

/** Where a receipt counts: on one chain, at the contract that settles it; for requests, the market. */
export interface Settlement {
  readonly chainId: bigint;
  readonly settledBy: string;
}

/** Domain of the receipts that a contract settles. */
export function receiptDomain({ chainId, settledBy }: Settlement): TypedDataDomain {
  return { name: "OpenGradient Receipt", version: "1", chainId, verifyingContract: settledBy };
}

/** EIP-712 struct hash of a receipt: the same wherever it is settled. */
export function receiptHash(receipt: InferenceReceipt): string {
  return TypedDataEncoder.hashStruct("InferenceReceipt", RECEIPT_TYPES, receipt);
}

/** EIP-712 digest of a receipt, for wallets that sign digests. */
export function receiptDigest(settlement: Settlement, receipt: InferenceReceipt): string {
  return TypedDataEncoder.hash(receiptDomain(settlement), RECEIPT_TYPES, receipt);
}

/** Signs a receipt with the node's key. The result is compact (EIP-2098, 64 bytes), as evidence carries it. */
export async function signReceipt(
  settlement: Settlement,
  signer: Signer,
  receipt: InferenceReceipt,
): Promise<string> {
  const signature = await signer.signTypedData(receiptDomain(settlement), RECEIPT_TYPES, receipt);
  return Signature.from(signature).compactSerialized;
}

/** What the market knows about an answer without its evidence. */
export interface AnswerClaim {
  readonly modelId: string;
  readonly requestId: string;
  readonly node: string;
  readonly inputHash: string;
}

/** What a node adds to it in a receipt of the Signed tier; nothing but its signature vouches for any of these. */
export type SignedStatement = Pick<
  InferenceReceipt,
  "payer" | "inputUnits" | "outputUnits" | "fee" | "startedAt" | "completedAt" | "seq"
>;

/** An answer of the Signed tier, and what the node says about it. */
export interface SignedAnswer {
  readonly claim: AnswerClaim;
  readonly output: BytesLike;
  readonly statement: SignedStatement;
}

/** The whole receipt of an answer in the Signed tier. */
export function signedReceipt({ claim, output, statement }: SignedAnswer): InferenceReceipt {
  const { modelId, requestId, node, inputHash } = claim;
  const { payer, inputUnits, outputUnits, fee, startedAt, completedAt, seq } = statement;
  return {
    modelId,
    requestId,
    payer,
    node,
    tier: BigInt(TIERS.Signed),
    inputHash,
    outputHash: keccak256(output),
    inputUnits,
    outputUnits,
    fee,
    startedAt,
    completedAt,
    seq,
    evidenceHash: ZeroHash,
  };
}

/** Evidence of the Signed tier, taken apart. */
export interface SignedEvidence {
  readonly statement: SignedStatement;
  readonly signature: string;
}

/** How the statement is packed; see `contracts/interfaces/ISignedVerifier.sol`. */
const STATEMENT_TYPES = ["address", "uint32", "uint32", "uint128", "uint64", "uint64", "uint64"];
const KIND_BYTES = 4;
const STATEMENT_BYTES = 68;

/** Evidence of the Signed tier as the market takes it. */
export function encodeSignedEvidence({ statement, signature }: SignedEvidence): string {
  const { payer, inputUnits, outputUnits, fee, startedAt, completedAt, seq } = statement;
  const values = [payer, inputUnits, outputUnits, fee, startedAt, completedAt, seq];
  return evidenceOf(
    "signedReceiptV1",
    concat([solidityPacked(STATEMENT_TYPES, values), signature]),
  );
}

/**
 * Takes evidence of the Signed tier apart; undefined if it is no such evidence. Whether the signature holds is not looked
 * at.
 */
export function decodeSignedEvidence(evidence: string): SignedEvidence | undefined {
  if (dataLength(evidence) < KIND_BYTES + STATEMENT_BYTES) return undefined;
  if (dataSlice(evidence, 0, KIND_BYTES) !== PROOF_KINDS.signedReceiptV1) return undefined;
  const content = dataSlice(evidence, KIND_BYTES);
  const numberAt = (start: number, end: number) => toBigInt(dataSlice(content, start, end));
  const statement = {
    payer: getAddress(dataSlice(content, 0, 20)),
    inputUnits: numberAt(20, 24),
    outputUnits: numberAt(24, 28),
    fee: numberAt(28, 44),
    startedAt: numberAt(44, 52),
    completedAt: numberAt(52, 60),
    seq: numberAt(60, STATEMENT_BYTES),
  };
  return { statement, signature: dataSlice(content, STATEMENT_BYTES) };
}

/** Signs an answer of the Signed tier, and returns the evidence that `fulfil` takes with it. */
export async function signAnswer(
  settlement: Settlement,
  signer: Signer,
  { claim, output, statement }: SignedAnswer,
): Promise<string> {
  const receipt = signedReceipt({ claim, output, statement });
  return encodeSignedEvidence({
    statement,
    signature: await signReceipt(settlement, signer, receipt),
  });
}
