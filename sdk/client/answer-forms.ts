import { concat, getBytes, hexlify } from "ethers";
import { z } from "zod";
import type { Usage } from "../price-quote.ts";
import { bytes } from "../wire.ts";
import type { AnswerForm } from "./node-directory.ts";
import { ReceiptError } from "./receipt-fault.ts";

/*
 * What nodes answer, by what was asked for. Whatever an app would take for a part of the answer has to be in the output that the
 * receipt covers: a second choice, a call of a tool or a text beside the content is no answer, and is refused.
 */

/** Where each form is asked for. */
export const FORM_PATHS: Readonly<Record<AnswerForm, string>> = {
  chat: "/v1/chat/completions",
  completion: "/v1/completions",
  embedding: "/v1/embeddings",
  tensor: "/v1/infer",
};

/** An answer, taken apart. */
export interface AnswerParts {
  /** The bytes that the receipt's `outputHash` is of. */
  readonly output: Uint8Array;
  readonly usage: Partial<Usage> | undefined;
  readonly finishReason: string | undefined;
  /** The receipt's envelope, as it came. */
  readonly envelope: unknown;
}

const count = z.int().nonnegative();

const usageSchema = z.object({
  prompt_tokens: count,
  completion_tokens: count.optional(),
  total_tokens: count.optional(),
});

const nothing = z.null().optional();

const ending = { index: z.literal(0), logprobs: nothing, finish_reason: z.string().nullable() };

const said = { usage: usageSchema.nullish(), opengradient: z.unknown().optional() };

const chatSchema = z.object({
  choices: z.tuple([
    z.strictObject({
      ...ending,
      message: z.strictObject({
        role: z.literal("assistant"),
        content: z.string(),
        refusal: nothing,
      }),
    }),
  ]),
  ...said,
});

const completionSchema = z.object({
  choices: z.tuple([z.strictObject({ ...ending, text: z.string() })]),
  ...said,
});

const embeddingSchema = z.object({
  data: z.array(
    z.strictObject({
      object: z.literal("embedding"),
      index: count,
      embedding: z.union([z.array(z.number()), z.base64()]),
    }),
  ),
  ...said,
});

const tensorSchema = z.object({ output: bytes, opengradient: z.unknown().optional() });

/** What a body of each form holds. */
const READERS: Readonly<Record<AnswerForm, (body: unknown) => AnswerParts>> = {
  chat: (body) => {
    const { choices, usage, opengradient } = chatSchema.parse(body);
    const [{ message, finish_reason }] = choices;
    return textParts(message.content, { usage, opengradient, finish_reason });
  },
  completion: (body) => {
    const { choices, usage, opengradient } = completionSchema.parse(body);
    const [{ text, finish_reason }] = choices;
    return textParts(text, { usage, opengradient, finish_reason });
  },
  embedding: (body) => {
    const { data, usage, opengradient } = embeddingSchema.parse(body);
    if (data.some(({ index }, place) => index !== place)) throw new TypeError("out of order");
    const output = getBytes(concat(data.map(({ embedding }) => floatsOf(embedding))));
    return { output, usage: usageOf(usage), finishReason: undefined, envelope: opengradient };
  },
  tensor: (body) => {
    const { output, opengradient } = tensorSchema.parse(body);
    return { output, usage: undefined, finishReason: undefined, envelope: opengradient };
  },
};

interface TextEnd {
  readonly usage: z.output<typeof usageSchema> | null | undefined;
  readonly opengradient: unknown;
  readonly finish_reason: string | null;
}

function textParts(text: string, { usage, opengradient, finish_reason }: TextEnd): AnswerParts {
  return {
    output: utf8(text),
    usage: usageOf(usage),
    finishReason: finish_reason ?? undefined,
    envelope: opengradient,
  };
}

/** 32-bit floats, little-endian, whichever way they were written. */
function floatsOf(embedding: readonly number[] | string): string {
  if (typeof embedding === "string") return hexlify(Buffer.from(embedding, "base64"));
  const view = new DataView(new ArrayBuffer(4 * embedding.length));
  embedding.forEach((value, index) => {
    view.setFloat32(4 * index, value, true);
  });
  return hexlify(new Uint8Array(view.buffer));
}

/** The bytes of a text. @throws TypeError for one that UTF-8 cannot write: it would be hashed as another. */
export function utf8(text: string): Uint8Array {
  if (!text.isWellFormed()) throw new TypeError("half a surrogate pair");
  return new TextEncoder().encode(text);
}

/** Of vectors, OpenAI's form tells no output. */
function usageOf(
  usage: z.output<typeof usageSchema> | null | undefined,
): Partial<Usage> | undefined {
  if (usage == null) return undefined;
  const { prompt_tokens: input, completion_tokens: output } = usage;
  const inputUnits = BigInt(input);
  return output === undefined ? { inputUnits } : { inputUnits, outputUnits: BigInt(output) };
}

/** @throws ReceiptError for a body that is no answer of this form. */
export function readAnswer(form: AnswerForm, body: unknown): AnswerParts {
  try {
    return READERS[form](body);
  } catch (cause) {
    if (!(cause instanceof z.ZodError) && !(cause instanceof TypeError)) throw cause;
    const detail = `what came is no ${form} that a receipt could be for`;
    throw new ReceiptError("output", detail, { cause });
  }
}

/** What one chunk of a stream brings. */
export interface StreamStep {
  readonly text: string;
  readonly hasChoice: boolean;
  readonly finishReason: string | undefined;
  readonly usage: Partial<Usage> | undefined;
  /** The receipt's envelope, in the last chunk. */
  readonly envelope: unknown;
}

const chatStepSchema = z.object({
  choices: z
    .array(
      z.strictObject({
        ...ending,
        delta: z.strictObject({
          role: z.literal("assistant").optional(),
          content: z.string().nullish(),
          refusal: nothing,
        }),
      }),
    )
    .max(1),
  ...said,
});

const completionStepSchema = z.object({
  choices: z.array(z.strictObject({ ...ending, text: z.string() })).max(1),
  ...said,
});

/** @throws ReceiptError for a chunk that belongs to no stream of this form. */
export function readStep(form: "chat" | "completion", chunk: unknown): StreamStep {
  const parsed =
    form === "chat" ? chatStepSchema.safeParse(chunk) : completionStepSchema.safeParse(chunk);
  if (!parsed.success) {
    const detail = `what came is no part of a ${form} that a receipt could be for`;
    throw new ReceiptError("output", detail, { cause: parsed.error });
  }
  const { choices, usage, opengradient } = parsed.data;
  const [choice] = choices;
  const text =
    choice === undefined ? "" : "delta" in choice ? (choice.delta.content ?? "") : choice.text;
  return {
    text,
    hasChoice: choice !== undefined,
    finishReason: choice?.finish_reason ?? undefined,
    usage: usageOf(usage),
    // Only an end may bring it: what follows a receipt is in none.
    envelope: choice === undefined ? opengradient : undefined,
  };
}

/** The same chunk with another text, for what was handed over in part. */
export function withText(form: "chat" | "completion", chunk: unknown, text: string): unknown {
  const { choices, ...rest } = z
    .object({ choices: z.array(z.record(z.string(), z.unknown())) })
    .loose()
    .parse(chunk);
  const changed = form === "chat" ? { delta: { content: text } } : { text };
  return { ...rest, choices: choices.map((choice) => ({ ...choice, ...changed })) };
}
