import type { OpenAPIHono, RouteConfig } from "@hono/zod-openapi";
import type { Context } from "hono";
import { z } from "zod";
import { ANSWERS } from "./answers.ts";
import type { GatewayMetrics } from "./metrics.ts";
import { NONCE_HEADER } from "./nonce.ts";
import { TIER_HEADER } from "./offers.ts";

/** A route, and what the OpenAPI document says about it. */
export interface RouteDescription {
  readonly method: "get" | "post";
  /** With parameters in braces. */
  readonly path: string;
  readonly summary: string;
  readonly tag: "Answers" | "Models" | "Receipts" | "Operation";
  readonly request?: NonNullable<RouteConfig["request"]>;
  readonly answer: string;
  /** Content of the answer, by type. */
  readonly content: Readonly<Record<string, z.ZodType>>;
  /** Whether it is paid: such have headers and failures of their own. */
  readonly isPaid?: boolean;
  /** Statuses of its failures, beside 500. */
  readonly failures?: readonly (keyof typeof FAILURES)[];
}

type Handler = (context: Context) => Response | Promise<Response>;

const FAILURES = {
  400: "The request is not valid.",
  402: "Payment is wanted, or what was shown does not pay. The body and the headers say what would.",
  404: "There is no such thing here.",
  409: "The request contradicts one that was made before.",
  413: "The body is too large.",
  415: "The body has another type.",
  429: "Too many requests. Retry-After says when to ask again.",
  500: "The gateway failed.",
  502: "What computes the answer failed.",
  503: "No answers are given just now. Retry-After says when to ask again.",
  504: "The answer took too long.",
} as const;

const PAID_FAILURES = [400, 402, 404, 409, 413, 415, 429, 502, 503, 504] as const;

const text = { type: "string" } as const;

const PAID_REQUEST_HEADERS = [
  [NONCE_HEADER, "32 bytes as 0x-prefixed hex. Who asks again with the same gets the same answer."],
  [TIER_HEADER, "Signed, Attested, Optimistic or Proven; the model's first without it."],
  ["OpenGradient-Voucher", "A voucher of a payment channel."],
  ["PAYMENT-SIGNATURE", "A payment by x402."],
] as const;

const PAID_ANSWER_HEADERS = {
  "OpenGradient-Request-Id": { description: "Id of the request and its receipt.", schema: text },
  "OpenGradient-Receipt": {
    description: "The receipt: base64url of JSON. Of streams, the last chunk has it.",
    schema: text,
  },
} as const;

const DESCRIPTION = `OpenAI's protocol, with a signed receipt for each answer and payment by voucher or x402.`;

/** The gateway's routes: what is served is what is described, since both are said in one place. */
export class Routes {
  readonly app: OpenAPIHono;
  readonly #metrics: GatewayMetrics;
  #document: object | undefined;

  constructor(app: OpenAPIHono, metrics: GatewayMetrics) {
    this.app = app;
    this.#metrics = metrics;
    for (const [name, schema] of Object.entries(ANSWERS))
      app.openAPIRegistry.registerComponent("schemas", name, jsonSchemaOf(schema));
  }

  add(route: RouteDescription, handler: Handler): void {
    const { method, path, summary, tag, request } = route;
    this.app.openAPIRegistry.registerPath({
      method,
      path,
      summary,
      tags: [tag],
      ...(request !== undefined && { request }),
      ...(route.isPaid === true && { parameters: PAID_REQUEST_HEADERS.map(headerParameter) }),
      responses: responsesOf(route),
    });
    this.app.on(method.toUpperCase(), path.replaceAll(/\{(\w+)\}/g, ":$1"), (context) => {
      this.#metrics.received.inc({ route: path });
      return handler(context);
    });
  }

  /** The OpenAPI document of all routes. */
  document(serverUrl: string): object {
    this.#document ??= this.app.getOpenAPI31Document({
      openapi: "3.1.0",
      info: { title: "OpenGradient node", version: "1", description: DESCRIPTION },
      servers: [{ url: serverUrl }],
    });
    return this.#document;
  }
}

const NAMES = new Map<z.ZodType, string>(
  Object.entries(ANSWERS).map(([name, schema]) => [schema, name]),
);

/** An answer by its name, if it has one. */
function referenceTo(schema: z.ZodType) {
  const name = NAMES.get(schema);
  return name === undefined ? schema : { $ref: `#/components/schemas/${name}` };
}

/** By zod itself, of what goes over the wire. To name a schema, the generator would have to change zod before it was made. */
function jsonSchemaOf(schema: z.ZodType) {
  const found = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" });
  delete found.$schema;
  return found as Parameters<OpenAPIHono["openAPIRegistry"]["registerComponent"]>[2];
}

function headerParameter([name, description]: readonly [string, string]) {
  return { name, description, in: "header", required: false, schema: text } as const;
}

function responsesOf({ answer, content, isPaid = false, failures = [] }: RouteDescription) {
  const statuses = new Set([...(isPaid ? PAID_FAILURES : []), ...failures, 500 as const]);
  const error = { "application/json": { schema: referenceTo(ANSWERS.Error) } };
  return {
    200: {
      description: answer,
      content: Object.fromEntries(
        Object.entries(content).map(([type, schema]) => [type, { schema: referenceTo(schema) }]),
      ),
      ...(isPaid && { headers: PAID_ANSWER_HEADERS }),
    },
    ...Object.fromEntries(
      [...statuses].map((status) => [status, { description: FAILURES[status], content: error }]),
    ),
  };
}
