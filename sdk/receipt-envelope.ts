import { z } from "zod";
import { address, bytes, bytes32, fixedBytes, hex, uint } from "./wire.ts";

/*
 * How an answer's receipt goes over the wire, with all that is needed to hold it to what was asked: the terms behind its request
 * id, the price, and whose signature it is.
 */

export const receiptSchema = z.strictObject({
  modelId: bytes32,
  requestId: bytes32,
  payer: address,
  node: address,
  tier: uint(8),
  inputHash: bytes32,
  outputHash: bytes32,
  inputUnits: uint(32),
  outputUnits: uint(32),
  fee: uint(128),
  startedAt: uint(64),
  completedAt: uint(64),
  seq: uint(64),
  evidenceHash: bytes32,
});

export const requestSchema = z.strictObject({
  modelId: bytes32,
  tier: uint(8),
  payer: address,
  node: address,
  inputHash: bytes32,
  quoteHash: bytes32,
  nonce: bytes32,
});

/** A node's price, as its list of models and every envelope state it. */
export const quoteSchema = z.strictObject({
  node: address,
  modelId: bytes32,
  tier: uint(8),
  base: uint(128),
  perInputUnit: uint(128),
  perOutputUnit: uint(128),
});

const envelope = {
  chainId: uint(256),
  /** The `ReceiptLedger` that the receipt is for. */
  ledger: address,
  /** Key that signed the receipt: an enclave's in the Attested tier, otherwise the node's. */
  signer: address,
  /** Compact (EIP-2098). */
  signature: fixedBytes(64),
  receipt: receiptSchema,
  request: requestSchema,
  quote: quoteSchema,
} as const;

/** A language model's request in canonical form, as it was applied, defaults and seed included: its input bytes. */
const applied = z.string().optional();

/** What is kept of it: the fee's items follow from the rest. */
export const keptEnvelopeSchema = z.strictObject({ ...envelope, applied });

/** What comes with every answer: the member `opengradient` of its body, and base64url in the header `OpenGradient-Receipt`. */
export const receiptEnvelopeSchema = z.strictObject({
  ...envelope,
  /** The fee, itemised; OPG in wei. */
  fee: z.strictObject({
    base: uint(128),
    input: uint(160),
    output: uint(160),
    total: uint(128),
  }),
  applied,
});

export type ReceiptEnvelope = z.output<typeof receiptEnvelopeSchema>;

export const batchSchema = z.strictObject({
  node: address,
  signer: address,
  root: bytes32,
  firstSeq: uint(64),
  count: uint(32),
  totalFee: uint(128),
  completedAt: uint(64),
  dataHash: bytes32,
});

/** Where a receipt is in the batch that was committed. */
export const inclusionSchema = z.strictObject({
  batchId: bytes32,
  batch: batchSchema,
  index: z.int().nonnegative(),
  /** Siblings from the bottom up. */
  path: z.array(bytes32),
  /** Of the commitment. */
  transactionHash: bytes32,
});

export type Inclusion = z.output<typeof inclusionSchema>;

/** What `GET /v1/receipts/:requestId` answers. */
export const receiptAnswerSchema = z.strictObject({
  ...envelope,
  /** Kind and proof, in the Proven tier. */
  evidence: hex.optional(),
  /** Null as long as the receipt's batch is not in the chain. */
  inclusion: inclusionSchema.nullable(),
});

export type ReceiptAnswer = z.output<typeof receiptAnswerSchema>;

/** What `GET /v1/batches/:batchId` answers: the tree of a batch. */
export const batchAnswerSchema = z.strictObject({
  batchId: bytes32,
  node: address,
  batch: batchSchema,
  /** In the order of their `seq`. */
  leaves: z.array(bytes32),
});

export type BatchAnswer = z.output<typeof batchAnswerSchema>;

/**
 * One receipt of a batch, for whoever checks it. Input and output are there in the tiers in which anybody may compute the answer
 * again (Optimistic and Proven), and never in the others: what people ask language models is nobody's business.
 */
export const batchedReceiptSchema = z.strictObject({
  ...envelope,
  input: bytes.optional(),
  output: bytes.optional(),
  evidence: hex.optional(),
});

export type BatchedReceipt = z.output<typeof batchedReceiptSchema>;

/** What `GET /v1/batches/:batchId/receipts?from=&limit=` answers, in the order of their `seq`. */
export const batchReceiptsAnswerSchema = z.strictObject({
  receipts: z.array(batchedReceiptSchema),
});
