import { z } from "zod";
import { batchedReceiptSchema, inclusionSchema } from "../../sdk/receipt-envelope.ts";
import { address, bytes32, uint } from "../../sdk/wire.ts";

/** A committed batch as the journal keeps it. */
export const committedSchema = z.strictObject({
  batchId: bytes32,
  node: address,
  batch: inclusionSchema.shape.batch,
  committedAt: uint(64),
  hasLeaves: z.boolean(),
  transactionHash: bytes32,
});

/** A receipt with its signature as the journal keeps it. */
export const signedReceiptSchema = batchedReceiptSchema.pick({ receipt: true, signature: true });

/** Reads JSON text of the journal. */
export function decode<S extends z.ZodType>(schema: S, text: string): z.output<S> {
  return z.decode(schema, JSON.parse(text) as z.input<S>);
}

/** The reverse of {@link decode}. */
export function encode<S extends z.ZodType>(schema: S, value: z.output<S>): string {
  return JSON.stringify(z.encode(schema, value));
}
