import { z } from "zod";
import { MEASUREMENT_KINDS, type MeasurementKindName } from "../../sdk/enclave.ts";
import { batchSchema } from "../../sdk/receipt-envelope.ts";
import { address, bytes, bytes32, fixedBytes, hex, uint } from "../../sdk/wire.ts";

/* What goes over the wire between an enclave and its host, for both sides. */

/** Every refusal and failure. */
export const failureSchema = z.strictObject({
  error: z.strictObject({ code: z.string(), message: z.string(), hint: z.string() }),
});

export type Failure = z.output<typeof failureSchema>;

const measurementKind = z.enum(Object.keys(MEASUREMENT_KINDS) as MeasurementKindName[]);

const modelSchema = z.strictObject({
  contentHash: bytes32,
  name: z.string(),
  runtime: z.string(),
  /** What it computes on, for people. */
  device: z.string(),
});

/** Who an enclave is, before anybody vouches for it. */
export const identitySchema = z.strictObject({
  kind: measurementKind,
  address,
  /** x ‖ y of its secp256k1 key. */
  publicKey: fixedBytes(64),
  tlsKeyHash: bytes32,
  /** What receipts commit to with `evidenceHash`; null if there is nothing. */
  gpuEvidence: hex.nullable(),
  models: z.array(modelSchema),
});

export type EnclaveIdentity = z.output<typeof identitySchema>;

/** What an enclave is to attest: whom it works for, and how fresh that is. */
export const attestRequestSchema = z.strictObject({
  chainId: uint(256),
  registry: address,
  operator: address,
  /** Hash of a recent block. */
  blockHash: bytes32,
});

export type AttestRequest = z.output<typeof attestRequestSchema>;

export const attestAnswerSchema = z.strictObject({
  /** A Nitro document or a TDX quote, as the device gave it. */
  document: bytes,
});

const settlementSchema = z.strictObject({ chainId: uint(256), settledBy: address });

/** What makes a request a direct one: its price, and the rest of the terms behind its id. */
const directTermsSchema = z.strictObject({
  base: uint(128),
  perInputUnit: uint(128),
  perOutputUnit: uint(128),
  nonce: bytes32,
});

/** What an enclave is asked to answer, and under which terms. */
export const inferRequestSchema = z.strictObject({
  settlement: settlementSchema,
  claim: z.strictObject({
    modelId: bytes32,
    requestId: bytes32,
    node: address,
    /** Who published the model: the rest of its id the enclave knows itself. */
    publisher: address,
  }),
  payer: address,
  /** What the answer costs; if the request is a direct one, the most that it may cost. */
  fee: uint(128),
  /** The fee is computed from what was used then, and the request's id is held to the terms. */
  direct: directTermsSchema.optional(),
  /** Unix time in seconds from which the key counts: until then by the enclave's own clock, nothing is signed. */
  notBefore: uint(64),
  /** A chat, completion or embedding request in canonical form. */
  input: bytes,
});

export type InferRequest = z.output<typeof inferRequestSchema>;

/** The request would be answered; the most that the answer can use. */
export const checkAnswerSchema = z.strictObject({ inputUnits: uint(32), outputUnits: uint(32) });

const statementSchema = z.strictObject({
  payer: address,
  inputUnits: uint(32),
  outputUnits: uint(32),
  fee: uint(128),
  startedAt: uint(64),
  completedAt: uint(64),
  seq: uint(64),
  evidenceHash: bytes32,
});

/** An answer, what the enclave says about it, and its signature over both. */
export const inferAnswerSchema = z.strictObject({
  output: bytes,
  statement: statementSchema,
  /** Compact (EIP-2098). */
  signature: fixedBytes(64),
  /** Why the answer ended. Nobody signs it. */
  finishReason: z.enum(["stop", "length"]),
});

export type InferAnswer = z.output<typeof inferAnswerSchema>;

/** One line of an answer that comes piece by piece: text, and at the end the whole answer, or why there is none. */
export const inferLineSchema = z.union([
  z.strictObject({ text: z.string() }),
  z.strictObject({ answer: inferAnswerSchema }),
  failureSchema,
]);

/** Receipts that an enclave has signed, to be committed together. */
export const batchRequestSchema = z.strictObject({
  settlement: settlementSchema,
  batch: batchSchema,
});

export type BatchRequest = z.output<typeof batchRequestSchema>;

export const signedBatchSchema = z.strictObject({
  /** Compact (EIP-2098). */
  signature: fixedBytes(64),
});

/** The line that the program writes once it serves. */
export const readySchema = z.strictObject({
  port: z.int().min(1).max(65_535),
  tlsKeyHash: bytes32,
});

export type Ready = z.output<typeof readySchema>;
