import { z } from "zod";
import { receiptEnvelopeSchema, type ReceiptEnvelope } from "../receipt-envelope.ts";
import { fromBase64Url } from "./base64url.ts";

/** Header of an answer, with its receipt. */
const RECEIPT_HEADER = "OpenGradient-Receipt";

/** Longest line of a stream that is looked at: receipts are far shorter, but for what they say was applied. */
const MAX_LINE = 4_194_304;

const carrierSchema = z.object({ opengradient: receiptEnvelopeSchema });

/**
 * Hands an answer's receipt over as soon as it is seen: from its header, or, of a stream, from the event that carries it, before the
 * reader gets that event. `onEnd` is told when nothing more can come, with or without a receipt.
 */
export async function watchReceipt(
  response: Response,
  onReceipt: (envelope: ReceiptEnvelope) => Promise<void>,
  onEnd: () => void,
): Promise<Response> {
  const header = response.headers.get(RECEIPT_HEADER);
  if (header !== null || response.body === null || !isEventStream(response)) {
    const envelope = header === null ? undefined : parseReceipt(() => fromBase64Url(header));
    if (envelope !== undefined) await onReceipt(envelope);
    onEnd();
    return response;
  }
  const watched = watchStream(response.body, onReceipt, onEnd);
  const { status, statusText, headers } = response;
  return new Response(watched, { status, statusText, headers });
}

function isEventStream(response: Response): boolean {
  return response.headers.get("content-type")?.startsWith("text/event-stream") === true;
}

/** The stream as it is, looked through line by line. */
function watchStream(
  body: ReadableStream<Uint8Array>,
  onReceipt: (envelope: ReceiptEnvelope) => Promise<void>,
  onEnd: () => void,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let line = "";
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) {
          onEnd();
          controller.close();
          return;
        }
        const lines = (line + decoder.decode(value, { stream: true })).split("\n");
        line = (lines.pop() ?? "").slice(0, MAX_LINE);
        for (const whole of lines) {
          const envelope = receiptIn(whole);
          if (envelope !== undefined) await onReceipt(envelope);
        }
        controller.enqueue(value);
      } catch (error) {
        onEnd();
        controller.error(error);
      }
    },
    async cancel(reason) {
      onEnd();
      await reader.cancel(reason);
    },
  });
}

function receiptIn(line: string): ReceiptEnvelope | undefined {
  if (!line.startsWith("data:") || !line.includes('"opengradient"')) return undefined;
  try {
    return carrierSchema.parse(JSON.parse(line.slice("data:".length))).opengradient;
  } catch {
    return undefined;
  }
}

function parseReceipt(read: () => string): ReceiptEnvelope | undefined {
  try {
    return receiptEnvelopeSchema.parse(JSON.parse(read()));
  } catch {
    // No receipt: nothing that would have to be paid.
    return undefined;
  }
}
