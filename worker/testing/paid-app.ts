import { keccak256 } from "ethers";
import { Hono } from "hono";
import { z } from "zod";
import { itemisedFee, quoteHash } from "../../sdk/price-quote.ts";
import { receiptEnvelopeSchema } from "../../sdk/receipt-envelope.ts";
import type { Settlement } from "../../sdk/receipt.ts";
import { TIERS } from "../../sdk/tiers.ts";
import { failureResponse, GatewayError } from "../gateway/failure.ts";
import { nonceOf } from "../gateway/nonce.ts";
import type { Admission, PayableRequest, PaymentGate } from "../gateway/payment.ts";
import type { DirectAnswer, DirectOffer, DirectRecord } from "../receipts/direct-answer.ts";
import type { DirectDesk } from "../receipts/direct-desk.ts";

export interface PaidAppOptions {
  readonly desk: DirectDesk;
  readonly gate: PaymentGate;
  readonly settlement: Settlement;
}

const bodySchema = z.object({ model: z.string(), stream: z.boolean().optional() });

/** The least of a gateway that is paid: what payments need of it, and nothing else. */
export function createPaidApp(options: PaidAppOptions): Hono {
  const app = new Hono();
  app.onError((error) => failureResponse(error));
  app.post("/v1/chat/completions", async ({ req }) => {
    const input = new Uint8Array(await req.arrayBuffer());
    const { model, stream = false } = bodySchema.parse(JSON.parse(new TextDecoder().decode(input)));
    const offer = options.desk.offers.find(({ name }) => name === model);
    if (offer === undefined) throw new GatewayError(404, "model_not_found", "No such model.");
    const { url, raw } = req;
    const inputHash = keccak256(input);
    const most = await options.desk.measure(offer, "chat", input);
    const { headers: shown } = raw;
    const nonce = nonceOf(shown, options.gate);
    const asked = { headers: shown, url, offer, inputHash, nonce, most };
    const admission = await options.gate.admit(asked);
    const { answer, headers } = await answerPaid(options, { asked, admission, input });
    return respond(options, answer.record, { headers, stream });
  });
  return app;
}

interface Paid {
  readonly asked: PayableRequest & { readonly offer: DirectOffer };
  readonly admission: Admission;
  readonly input: Uint8Array;
}

async function answerPaid({ desk }: PaidAppOptions, { asked, admission, input }: Paid) {
  const { offer, inputHash, nonce } = asked;
  const { payer, quote, maxFee } = admission;
  const { modelId } = offer;
  const terms = { modelId, tier: BigInt(TIERS[offer.tier]), payer, node: quote.node };
  const request = { ...terms, inputHash, quoteHash: quoteHash(quote), nonce };
  let answer: DirectAnswer;
  try {
    const order = { request, quote, input, maxFee };
    answer = await desk.answer(offer, order, { alongside: admission.charge });
  } catch (error) {
    await admission.release();
    throw error;
  }
  return { answer, headers: await admission.conclude(answer) };
}

function respond(
  { settlement }: PaidAppOptions,
  { receipt, request, quote, signature, signer, output }: DirectRecord,
  { headers, stream }: { readonly headers: Record<string, string>; readonly stream: boolean },
): Response {
  const envelope = z.encode(receiptEnvelopeSchema, {
    chainId: settlement.chainId,
    ledger: settlement.settledBy,
    ...{ signer, signature, receipt, request, quote },
    fee: itemisedFee(quote, receipt),
  });
  const text = new TextDecoder().decode(output);
  if (!stream) {
    const encoded = Buffer.from(JSON.stringify(envelope)).toString("base64url");
    const all = { ...headers, "OpenGradient-Receipt": encoded };
    return Response.json({ text, opengradient: envelope }, { headers: all });
  }
  const events = [{ text }, { choices: [], opengradient: envelope }].map((it) =>
    JSON.stringify(it),
  );
  const body = [...events, "[DONE]"].map((data) => `data: ${data}\n\n`).join("");
  return new Response(body, { headers: { ...headers, "Content-Type": "text/event-stream" } });
}
