import {
  concat,
  dataLength,
  dataSlice,
  getAddress,
  keccak256,
  Signature,
  solidityPacked,
  toBigInt,
  ZeroHash,
  type BytesLike,
  type Signer,
  type TypedDataField,
} from "ethers";
import { evidenceOf, PROOF_KINDS } from "./proof-kinds.ts";
import { receiptDomain, type Settlement } from "./receipt-domain.ts";
import { TIERS } from "./tiers.ts";
import { structHasher } from "./typed-data.ts";

export { receiptDomain, type Settlement } from "./receipt-domain.ts";

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

const hasher = structHasher<InferenceReceipt>(RECEIPT_TYPES);

/** EIP-712 struct hash of a receipt: the same wherever it is settled. */
export function receiptHash(receipt: InferenceReceipt): string {
  return hasher.structHash(receipt);
}

/** EIP-712 digest of a receipt, for wallets that sign digests. */
export function receiptDigest(settlement: Settlement, receipt: InferenceReceipt): string {
  return hasher.digest(settlement, receipt);
}

/** Signs a receipt with the node's key, or the enclave's. The result is compact (EIP-2098, 64 bytes), as evidence carries it. */
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

/** What an enclave adds to it in a receipt of the Attested tier. */
export type AttestedStatement = SignedStatement & Pick<InferenceReceipt, "evidenceHash">;

/** An answer of the Signed tier, and what the node says about it. */
export interface SignedAnswer {
  readonly claim: AnswerClaim;
  readonly output: BytesLike;
  readonly statement: SignedStatement;
}

/** An answer of the Attested tier, and what the enclave says about it. */
export interface AttestedAnswer extends SignedAnswer {
  readonly statement: AttestedStatement;
}

/** The whole receipt of an answer in the Signed tier. */
export function signedReceipt({ claim, output, statement }: SignedAnswer): InferenceReceipt {
  return receiptOf("Signed", {
    claim,
    output,
    statement: { ...statement, evidenceHash: ZeroHash },
  });
}

/** The whole receipt of an answer in the Attested tier. */
export function attestedReceipt(answer: AttestedAnswer): InferenceReceipt {
  return receiptOf("Attested", answer);
}

function receiptOf(
  tier: "Signed" | "Attested",
  { claim, output, statement }: AttestedAnswer,
): InferenceReceipt {
  const { modelId, requestId, node, inputHash } = claim;
  const { payer, inputUnits, outputUnits, fee } = statement;
  const { startedAt, completedAt, seq, evidenceHash } = statement;
  return {
    modelId,
    requestId,
    payer,
    node,
    tier: BigInt(TIERS[tier]),
    inputHash,
    outputHash: keccak256(output),
    inputUnits,
    outputUnits,
    fee,
    startedAt,
    completedAt,
    seq,
    evidenceHash,
  };
}

/** Evidence of the Signed tier, taken apart. */
export interface SignedEvidence {
  readonly statement: SignedStatement;
  readonly signature: string;
}

/** Evidence of the Attested tier, taken apart. */
export interface AttestedEvidence {
  readonly statement: AttestedStatement;
  /** Compact (EIP-2098), 64 bytes. */
  readonly signature: string;
}

/** How the statement is packed; see `contracts/libraries/ReceiptStatements.sol`. */
const STATEMENT_TYPES = ["address", "uint32", "uint32", "uint128", "uint64", "uint64", "uint64"];
const KIND_BYTES = 4;
const STATEMENT_BYTES = 68;
const EVIDENCE_HASH_BYTES = 32;
const COMPACT_BYTES = 64;

function packStatement(statement: SignedStatement): string {
  const { payer, inputUnits, outputUnits, fee, startedAt, completedAt, seq } = statement;
  const values = [payer, inputUnits, outputUnits, fee, startedAt, completedAt, seq];
  return solidityPacked(STATEMENT_TYPES, values);
}

/** The statement that the content of evidence starts with, which is long enough. */
function unpackStatement(content: string): SignedStatement {
  const numberAt = (start: number, end: number) => toBigInt(dataSlice(content, start, end));
  return {
    payer: getAddress(dataSlice(content, 0, 20)),
    inputUnits: numberAt(20, 24),
    outputUnits: numberAt(24, 28),
    fee: numberAt(28, 44),
    startedAt: numberAt(44, 52),
    completedAt: numberAt(52, 60),
    seq: numberAt(60, STATEMENT_BYTES),
  };
}

/** Evidence of the Signed tier as the market takes it. */
export function encodeSignedEvidence({ statement, signature }: SignedEvidence): string {
  return evidenceOf("signedReceiptV1", concat([packStatement(statement), signature]));
}

/** Evidence of the Attested tier as the market takes it. */
export function encodeAttestedEvidence({ statement, signature }: AttestedEvidence): string {
  const content = concat([packStatement(statement), statement.evidenceHash, signature]);
  return evidenceOf("attestedReceiptV1", content);
}

/**
 * Takes evidence of the Signed tier apart; undefined if it is no such evidence. Whether the signature holds is not looked
 * at.
 */
export function decodeSignedEvidence(evidence: string): SignedEvidence | undefined {
  if (dataLength(evidence) < KIND_BYTES + STATEMENT_BYTES) return undefined;
  if (dataSlice(evidence, 0, KIND_BYTES) !== PROOF_KINDS.signedReceiptV1) return undefined;
  const content = dataSlice(evidence, KIND_BYTES);
  return { statement: unpackStatement(content), signature: dataSlice(content, STATEMENT_BYTES) };
}

/** The same for evidence of the Attested tier. */
export function decodeAttestedEvidence(evidence: string): AttestedEvidence | undefined {
  const signatureAt = STATEMENT_BYTES + EVIDENCE_HASH_BYTES;
  if (dataLength(evidence) !== KIND_BYTES + signatureAt + COMPACT_BYTES) return undefined;
  if (dataSlice(evidence, 0, KIND_BYTES) !== PROOF_KINDS.attestedReceiptV1) return undefined;
  const content = dataSlice(evidence, KIND_BYTES);
  const evidenceHash = dataSlice(content, STATEMENT_BYTES, signatureAt);
  return {
    statement: { ...unpackStatement(content), evidenceHash },
    signature: dataSlice(content, signatureAt),
  };
}

/** Signs an answer of the Signed tier, and returns the evidence that `fulfil` takes with it. */
export async function signAnswer(
  settlement: Settlement,
  signer: Signer,
  answer: SignedAnswer,
): Promise<string> {
  const signature = await signReceipt(settlement, signer, signedReceipt(answer));
  return encodeSignedEvidence({ statement: answer.statement, signature });
}

/** The same for an answer of the Attested tier, with the enclave's key. */
export async function signAttestedAnswer(
  settlement: Settlement,
  signer: Signer,
  answer: AttestedAnswer,
): Promise<string> {
  const signature = await signReceipt(settlement, signer, attestedReceipt(answer));
  return encodeAttestedEvidence({ statement: answer.statement, signature });
}
