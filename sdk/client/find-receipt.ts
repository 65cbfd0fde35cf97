import { z } from "zod";
import { OpenGradientError } from "../errors.ts";
import { readAnswer } from "./answer-forms.ts";
import { parseJson } from "./http.ts";
import { Receipt, keptEnvelope, type KeptReceipt, type ReceiptAccess } from "./receipt.ts";
import { ReceiptError } from "./receipt-fault.ts";
import { parseEnvelope } from "./verify-receipt.ts";

const FORMS = {
  "chat.completion": "chat",
  text_completion: "completion",
  list: "embedding",
  inference: "tensor",
} as const;

const answerSchema = z.object({
  object: z.enum(Object.keys(FORMS) as (keyof typeof FORMS)[]),
  opengradient: z.unknown(),
});

/**
 * Reads a receipt out of whatever holds one: what the SDK keeps, a node's whole answer, or the envelope alone.
 *
 * @param url Node to ask for what is not in it.
 * @throws OpenGradientError `RECEIPT_UNREADABLE`.
 */
export function findReceipt(text: string, url?: string): (access: ReceiptAccess) => Receipt {
  const json = parseJson(text);
  const place = url === undefined ? {} : { url };
  if (typeof json === "object" && json !== null && "format" in json)
    return (access) => Receipt.from({ ...json, ...place }, access);
  const kept = { ...keptOf(json), ...place };
  return (access) => new Receipt(kept, access);
}

function keptOf(json: unknown): KeptReceipt {
  try {
    const answer = answerSchema.safeParse(json);
    if (!answer.success) return { envelope: keptEnvelope(parseEnvelope(json)) };
    const { object, opengradient } = answer.data;
    const { output } = readAnswer(FORMS[object], json);
    return { envelope: keptEnvelope(parseEnvelope(opengradient)), output };
  } catch (cause) {
    if (!(cause instanceof ReceiptError)) throw cause;
    throw new OpenGradientError(
      "RECEIPT_UNREADABLE",
      "There is no receipt in this.",
      "Give what opg infer or opg chat wrote with --receipt, or a node's whole answer.",
      { cause },
    );
  }
}
