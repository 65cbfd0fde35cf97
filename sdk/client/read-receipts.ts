import type { z } from "zod";
import { batchAnswerSchema, receiptAnswerSchema, type ReceiptAnswer } from "../receipt-envelope.ts";
import { callNode, parseJson, readText, type Fetch } from "./http.ts";
import { NodeFailure } from "./node-failure.ts";
import type { KeptReceipt } from "./receipt.ts";

const TIMEOUT_MS = 15_000;

/**
 * Asks a node what it knows of a receipt; undefined if it does not know it.
 *
 * @throws NodeFailure.
 */
export function readReceiptAnswer(
  fetch: Fetch,
  { url, requestId }: { readonly url: string; readonly requestId: string },
): Promise<ReceiptAnswer | undefined> {
  return read(fetch, { url, path: `/v1/receipts/${requestId}`, schema: receiptAnswerSchema });
}

/** Asks a node for the leaves of a batch; undefined if it does not know it. @throws NodeFailure. */
export async function readBatchLeaves(
  fetch: Fetch,
  { url, batchId }: { readonly url: string; readonly batchId: string },
): Promise<readonly string[] | undefined> {
  const path = `/v1/batches/${batchId}`;
  return (await read(fetch, { url, path, schema: batchAnswerSchema }))?.leaves;
}

interface Reading<T> {
  readonly url: string;
  readonly path: string;
  readonly schema: z.ZodType<T>;
}

async function read<T>(fetch: Fetch, { url, path, schema }: Reading<T>): Promise<T | undefined> {
  const call = { fetch, url: `${url}${path}`, timeoutMs: TIMEOUT_MS };
  const text = await callNode(call).then(
    (response) => readText(url, response),
    (error: unknown) => {
      if (error instanceof NodeFailure && error.answer?.status === 404) return undefined;
      throw error;
    },
  );
  if (text === undefined) return undefined;
  const parsed = schema.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  const what = "answers something else than receipts";
  throw new NodeFailure("NODE_FAILED", what, { url, cause: parsed.error });
}

/** Kind and proof of a receipt, as its node gives them. */
export async function readEvidence(
  fetch: Fetch,
  { url, envelope }: Pick<KeptReceipt, "url" | "envelope">,
): Promise<string | undefined> {
  if (url === undefined) return undefined;
  const answer = await readReceiptAnswer(fetch, { url, requestId: envelope.receipt.requestId });
  return answer?.evidence;
}
