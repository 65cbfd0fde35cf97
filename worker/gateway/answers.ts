import { z } from "zod";
import {
  batchAnswerSchema,
  batchReceiptsAnswerSchema,
  quoteSchema,
  receiptAnswerSchema,
  receiptEnvelopeSchema,
} from "../../sdk/receipt-envelope.ts";
import { address, bytes32, hex, uint } from "../../sdk/wire.ts";
import { tierName } from "./bodies.ts";

/* What the gateway answers, as its OpenAPI document says it. Tests hold real answers to these. */

const usage = z.strictObject({
  prompt_tokens: z.int().nonnegative(),
  completion_tokens: z.int().nonnegative(),
  total_tokens: z.int().nonnegative(),
});

const head = { id: z.string(), created: z.int(), model: z.string() };
const finishReason = z.enum(["stop", "length"]);
const index = z.literal(0);
const logprobs = z.null();

const chatSchema = z.strictObject({
  ...head,
  object: z.literal("chat.completion"),
  choices: z.tuple([
    z.strictObject({
      index,
      message: z.strictObject({
        role: z.literal("assistant"),
        content: z.string(),
        refusal: z.null(),
      }),
      logprobs,
      finish_reason: finishReason,
    }),
  ]),
  usage,
  opengradient: receiptEnvelopeSchema,
});

const chatChunkSchema = z.strictObject({
  ...head,
  object: z.literal("chat.completion.chunk"),
  /** Empty in the last chunk, which has the receipt. */
  choices: z.array(
    z.strictObject({
      index,
      delta: z.strictObject({
        role: z.literal("assistant").optional(),
        content: z.string().optional(),
      }),
      logprobs,
      finish_reason: finishReason.nullable(),
    }),
  ),
  usage: usage.optional(),
  opengradient: receiptEnvelopeSchema.optional(),
});

const completionSchema = z.strictObject({
  ...head,
  object: z.literal("text_completion"),
  choices: z.tuple([
    z.strictObject({ index, text: z.string(), logprobs, finish_reason: finishReason }),
  ]),
  usage,
  opengradient: receiptEnvelopeSchema,
});

const completionChunkSchema = z.strictObject({
  ...head,
  object: z.literal("text_completion"),
  choices: z.array(
    z.strictObject({ index, text: z.string(), logprobs, finish_reason: finishReason.nullable() }),
  ),
  usage: usage.optional(),
  opengradient: receiptEnvelopeSchema.optional(),
});

const embeddingsSchema = z.strictObject({
  object: z.literal("list"),
  model: z.string(),
  data: z.array(
    z.strictObject({
      object: z.literal("embedding"),
      index: z.int().nonnegative(),
      /** Numbers, or base64 of 32-bit floats, little-endian. */
      embedding: z.union([z.array(z.number()), z.string()]),
    }),
  ),
  usage: z.strictObject({
    prompt_tokens: z.int().nonnegative(),
    total_tokens: z.int().nonnegative(),
  }),
  opengradient: receiptEnvelopeSchema,
});

const inferenceSchema = z.strictObject({
  ...head,
  object: z.literal("inference"),
  output: hex,
  opengradient: receiptEnvelopeSchema,
});

const offerSchema = z.strictObject({
  modelId: bytes32,
  contentHash: bytes32,
  tier: tierName,
  forms: z.array(z.enum(["chat", "completion", "embedding", "tensor"])),
  /** Prices in OPG wei. */
  quote: quoteSchema,
});

const modelSchema = z.strictObject({
  id: z.string(),
  object: z.literal("model"),
  created: z.int(),
  owned_by: z.literal("opengradient"),
  opengradient: z.strictObject({
    chainId: uint(256),
    /** The `ReceiptLedger`. */
    ledger: address,
    node: address,
    offers: z.array(offerSchema),
  }),
});

export type ModelAnswer = z.input<typeof modelSchema>;

const modelsSchema = z.strictObject({ object: z.literal("list"), data: z.array(modelSchema) });

const errorSchema = z.strictObject({
  error: z.strictObject({
    message: z.string(),
    type: z.string(),
    param: z.string().nullable(),
    code: z.string(),
  }),
  /** What programs need to know beside it, such as how to pay. */
  opengradient: z.record(z.string(), z.unknown()).optional(),
});

const liveSchema = z.strictObject({ status: z.literal("ok") });

const readySchema = z.strictObject({
  status: z.enum(["ready", "not ready"]),
  /** By what was looked at. */
  checks: z.record(z.string(), z.enum(["ok", "failing"])),
});

/** By the name that each has in the document. */
export const ANSWERS = {
  ChatCompletion: chatSchema,
  ChatCompletionChunk: chatChunkSchema,
  Completion: completionSchema,
  CompletionChunk: completionChunkSchema,
  Embeddings: embeddingsSchema,
  Inference: inferenceSchema,
  Model: modelSchema,
  Models: modelsSchema,
  Receipt: receiptAnswerSchema,
  Batch: batchAnswerSchema,
  BatchReceipts: batchReceiptsAnswerSchema,
  Error: errorSchema,
  Live: liveSchema,
  Ready: readySchema,
} as const;
