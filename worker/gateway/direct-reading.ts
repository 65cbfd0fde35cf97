import { z } from "zod";
import { ANSWERS, type ModelAnswer } from "./answers.ts";
import { parseInput } from "./bodies.ts";
import { GatewayError } from "./failure.ts";
import type { GatewayModules } from "./modules.ts";
import type { ReceiptReader } from "./receipt-reader.ts";
import { now } from "./text-answers.ts";
import type { DirectOffer } from "../receipts/direct-answer.ts";
import { quoteSchema } from "../../sdk/receipt-envelope.ts";
import { bytes32 } from "../../sdk/wire.ts";

const JSON_TYPE = "application/json";

/** Receipts in one answer: what a verifier checks while it fetches the next. */
const MAX_RECEIPTS = 1_024;
const DEFAULT_RECEIPTS = 128;

const wholeNumber = z.string().regex(/^\d{1,9}$/, "is not a whole number");

const pageSchema = z.object({
  from: wholeNumber.default("0").transform(Number),
  limit: wholeNumber
    .default(String(DEFAULT_RECEIPTS))
    .transform(Number)
    .refine((limit) => limit >= 1 && limit <= MAX_RECEIPTS, `is not 1 to ${MAX_RECEIPTS}`),
});

const receiptParameters = z.object({ requestId: bytes32 });
const batchParameters = z.object({ batchId: bytes32 });

/** `GET /v1/models` and `GET /v1/models/{model}`. */
export function addModelRoutes({ routes, offers, settlement, node }: GatewayModules): void {
  const created = now();
  const models = new Map(
    [...offers.byModel].map(([id, offered]) => [
      id,
      {
        id,
        object: "model",
        created,
        owned_by: "opengradient",
        opengradient: {
          chainId: settlement.chainId.toString(),
          ledger: settlement.settledBy,
          node,
          offers: offered.map(offerOf),
        },
      } satisfies ModelAnswer,
    ]),
  );
  routes.add(
    {
      method: "get",
      path: "/v1/models",
      summary: "List models, with their tiers and prices",
      tag: "Models",
      answer: "Everything that this node offers.",
      content: { [JSON_TYPE]: ANSWERS.Models },
    },
    () => Response.json({ object: "list", data: [...models.values()] }),
  );
  routes.add(
    {
      method: "get",
      path: "/v1/models/{model}",
      summary: "Show a model, by name or id",
      tag: "Models",
      request: { params: z.object({ model: z.string() }) },
      answer: "The model, with its tiers and prices.",
      content: { [JSON_TYPE]: ANSWERS.Model },
      failures: [404],
    },
    (context) => {
      const [offer] = offers.of(context.req.param("model") ?? "");
      return Response.json(models.get(offer?.name ?? ""));
    },
  );
}

function offerOf({ modelId, contentHash, tier, forms, quote }: DirectOffer) {
  return { modelId, contentHash, tier, forms: [...forms], quote: quoteSchema.encode(quote) };
}

/** `GET /v1/receipts/{requestId}`, `GET /v1/batches/{batchId}` and `GET /v1/batches/{batchId}/receipts`. */
export function addReceiptRoutes({ routes }: GatewayModules, reader: ReceiptReader): void {
  routes.add(
    {
      method: "get",
      path: "/v1/receipts/{requestId}",
      summary: "Show a receipt, and where it is in its batch",
      tag: "Receipts",
      request: { params: receiptParameters },
      answer: "The receipt.",
      content: { [JSON_TYPE]: ANSWERS.Receipt },
      failures: [400, 404],
    },
    async (context) => {
      const { requestId } = parseInput(receiptParameters, context.req.param());
      const receipt = await reader.receipt(requestId);
      if (receipt === undefined) throw unknown("receipt", "request", requestId);
      return Response.json(ANSWERS.Receipt.encode(receipt));
    },
  );
  routes.add(
    {
      method: "get",
      path: "/v1/batches/{batchId}",
      summary: "Show a batch and its leaves",
      tag: "Receipts",
      request: { params: batchParameters },
      answer: "The batch.",
      content: { [JSON_TYPE]: ANSWERS.Batch },
      failures: [400, 404],
    },
    async (context) => {
      const { batchId } = parseInput(batchParameters, context.req.param());
      const batch = await reader.batch(batchId);
      if (batch === undefined) throw unknown("batch", "id", batchId);
      return Response.json(ANSWERS.Batch.encode(batch));
    },
  );
  routes.add(
    {
      method: "get",
      path: "/v1/batches/{batchId}/receipts",
      summary: "Show receipts of a batch, from a place on",
      tag: "Receipts",
      request: { params: batchParameters, query: pageSchema },
      answer: "Receipts in their order.",
      content: { [JSON_TYPE]: ANSWERS.BatchReceipts },
      failures: [400, 404],
    },
    async (context) => {
      const { batchId } = parseInput(batchParameters, context.req.param());
      const { from, limit } = parseInput(pageSchema, context.req.query());
      const receipts = await reader.batchReceipts(batchId, from, limit);
      if (receipts === undefined) throw unknown("batch", "id", batchId);
      return Response.json(ANSWERS.BatchReceipts.encode({ receipts: [...receipts] }));
    },
  );
}

function unknown(what: string, by: string, id: string): GatewayError {
  const message = `This node knows no ${what} of the ${by} ${id}.`;
  return new GatewayError(404, `${what}_not_found`, message);
}
