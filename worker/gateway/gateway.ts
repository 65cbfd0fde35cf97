import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context, Hono, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { methodNotAllowed } from "hono/method-not-allowed";
import type { Logger } from "pino";
import type { GatewayLimits } from "./config.ts";
import { addEmbeddingRoute } from "./direct-embeddings.ts";
import { addInferenceRoute } from "./direct-inference.ts";
import { addModelRoutes, addReceiptRoutes } from "./direct-reading.ts";
import { addTextRoutes } from "./direct-text.ts";
import { envelopeHeader, envelopeOf } from "./envelope.ts";
import { failureResponse, GatewayError, toldFailure, tooLarge, unknownPath } from "./failure.ts";
import { addOperationRoutes, Readiness, type ReadinessCheck } from "./health.ts";
import { GatewayMetrics } from "./metrics.ts";
import type { GatewayModules } from "./modules.ts";
import { nonceOf } from "./nonce.ts";
import { Offers, tierOf } from "./offers.ts";
import { OrderLine } from "./order-line.ts";
import type { PaymentGate } from "./payment.ts";
import type { ReceiptReader } from "./receipt-reader.ts";
import { Routes } from "./routes.ts";
import type { DirectDesk } from "../receipts/direct-desk.ts";
import type { Settlement } from "../../sdk/receipt.ts";

export interface GatewayOptions {
  readonly desk: DirectDesk;
  readonly reader: ReceiptReader;
  readonly payments: PaymentGate;
  /** Where receipts count: the `ReceiptLedger`. */
  readonly settlement: Settlement;
  /** The operator. */
  readonly node: string;
  /** How clients reach the gateway; without it, as they say. */
  readonly publicUrl?: string | undefined;
  readonly limits: GatewayLimits;
  /** What has to hold for answers to be given, by name. */
  readonly checks?: Readonly<Record<string, ReadinessCheck>>;
  /** Further routes, such as those of payment channels. */
  readonly extensions?: readonly Hono[];
  readonly log: Logger;
}

/** How a node answers over HTTP. */
export interface Gateway {
  readonly fetch: (request: Request, env?: object) => Response | Promise<Response>;
  readonly metrics: GatewayMetrics;
  /** From now on, nothing new is begun. */
  readonly drain: () => void;
  /** Gives up what is under way. */
  readonly abort: () => void;
}

/**
 * OpenAI's protocol over what a node offers, with a receipt for each answer. All that is served, and how it fails, is in
 * docs/gateway.md.
 */
export function createGateway(options: GatewayOptions): Gateway {
  const { desk, reader, payments, settlement, node, limits, log, publicUrl } = options;
  const metrics = new GatewayMetrics();
  const offers = new Offers(desk.offers);
  const line = new OrderLine({ desk, offers, payments, settlement, limits, metrics, log });
  const app = new OpenAPIHono();
  let isStopping = false;
  const fail = (error: unknown) => {
    const { status, code } = toldFailure(error);
    metrics.refused.inc({ reason: code });
    if (status >= 500) log.error({ err: error, code }, "A request failed.");
  };
  const refuse = (error: unknown) => {
    fail(error);
    return failureResponse(error);
  };
  app.onError(refuse);
  app.notFound(({ req }) => refuse(unknownPath(req.method, req.path)));
  app.use(refuseUnknownMethods(app, refuse));
  app.use(closeWhile(() => isStopping));
  app.use(
    bodyLimit({
      maxSize: limits.bodyBytes,
      onError: () => refuse(tooLarge(limits.bodyBytes)),
    }),
  );
  const modules: GatewayModules = {
    ...{ line, offers, settlement, node, limits, metrics, fail },
    routes: new Routes(app, metrics),
    askedOf: (context, wanted) => askedOf(context, wanted, { publicUrl, payments }),
    headersOf: (order, answer) => ({
      ...answer.headers,
      "OpenGradient-Request-Id": order.requestId,
      "OpenGradient-Receipt": envelopeHeader(envelopeOf(settlement, answer.record)),
    }),
  };
  addTextRoutes(modules);
  addEmbeddingRoute(modules);
  addInferenceRoute(modules);
  addModelRoutes(modules);
  addReceiptRoutes(modules, reader);
  const readiness = new Readiness(options.checks ?? {}, (error) => {
    log.warn({ err: error }, "A readiness check fails.");
  });
  addOperationRoutes(modules, { readiness, isStopping: () => isStopping, publicUrl });
  for (const extension of options.extensions ?? []) app.route("/", extension);
  return {
    fetch: app.fetch,
    metrics,
    drain: () => {
      isStopping = true;
    },
    abort: () => {
      line.abort();
    },
  };
}

function askedOf(
  context: Context,
  wanted: Parameters<GatewayModules["askedOf"]>[1],
  { publicUrl, payments }: Pick<GatewayOptions, "publicUrl" | "payments">,
): ReturnType<GatewayModules["askedOf"]> {
  const { headers, signal } = context.req.raw;
  return {
    headers,
    signal,
    url: new URL(context.req.path, publicUrl ?? context.req.url).href,
    nonce: nonceOf(headers, payments),
    tier: wanted.tier ?? tierOf(headers),
    model: wanted.model,
    form: wanted.form,
  };
}

function refuseUnknownMethods(
  app: OpenAPIHono,
  refuse: (error: unknown) => Response,
): MiddlewareHandler {
  return methodNotAllowed({
    app,
    onMethodNotAllowed: ({ req }, methods) => {
      const allow = methods.join(", ");
      const message = `${req.path} takes ${allow}.`;
      const headers = { Allow: allow };
      return refuse(new GatewayError(405, "method_not_allowed", message, { headers }));
    },
  });
}

/** While it stops, connections end with their answers, and nothing new is begun. */
function closeWhile(isStopping: () => boolean): MiddlewareHandler {
  return async (context, next) => {
    if (isStopping() && context.req.method === "POST")
      throw new GatewayError(
        503,
        "stopping",
        "The node is being stopped. Ask again later, or another node.",
        { headers: { "Retry-After": "5", Connection: "close" } },
      );
    await next();
    if (isStopping()) context.header("Connection", "close");
  };
}
