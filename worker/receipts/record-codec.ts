import { z } from "zod";
import type { DirectOrder, DirectRecord } from "./direct-answer.ts";
import { quoteSchema, receiptSchema, requestSchema } from "../../sdk/receipt-envelope.ts";
import { fixedBytes, uint } from "../../sdk/wire.ts";

/* How records are kept in the database: as text what is looked at as a whole, in columns what is asked for. */

const recordDetailsSchema = z.object({
  signature: fixedBytes(64),
  receipt: receiptSchema,
  request: requestSchema,
  quote: quoteSchema,
});

const orderDetailsSchema = z.object({
  request: requestSchema,
  quote: quoteSchema,
  maxFee: uint(128),
});

const bytes = z.instanceof(Uint8Array);

const recordRowSchema = z.object({
  signer: z.string(),
  details: z.string(),
  input: bytes,
  output: bytes,
  evidence: bytes.nullable(),
  finish_reason: z.enum(["stop", "length"]).nullable(),
});

/** What was checked when it was made needs no check: only numbers are written otherwise. */
function textOf(details: object): string {
  return JSON.stringify(details, (_, value: unknown) =>
    typeof value === "bigint" ? value.toString() : value,
  );
}

export function encodeRecord({ signature, receipt, request, quote }: DirectRecord): string {
  return textOf({ signature, receipt, request, quote });
}

/** Reads a record from its row. */
export function recordOf(row: unknown): DirectRecord {
  const { signer, details, input, output, evidence, finish_reason } = recordRowSchema.parse(row);
  return {
    signer,
    ...recordDetailsSchema.parse(JSON.parse(details)),
    input,
    output,
    ...(evidence !== null && { evidence }),
    ...(finish_reason !== null && { finishReason: finish_reason }),
  };
}

export function encodeOrder({ request, quote, maxFee }: DirectOrder): string {
  return textOf({ request, quote, maxFee });
}

export function decodeOrder(details: string, input: Uint8Array): DirectOrder {
  return { ...orderDetailsSchema.parse(JSON.parse(details)), input };
}
