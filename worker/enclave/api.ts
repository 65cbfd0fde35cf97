import { createHash, timingSafeEqual } from "node:crypto";
import { Hono, type Context, type MiddlewareHandler } from "hono";
import { stream } from "hono/streaming";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";
import { methodNotAllowed } from "hono/method-not-allowed";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Logger } from "pino";
import type { z } from "zod";
import type { Enclave } from "./enclave.ts";
import {
  attestAnswerSchema,
  attestRequestSchema,
  batchRequestSchema,
  checkAnswerSchema,
  identitySchema,
  inferAnswerSchema,
  inferLineSchema,
  inferRequestSchema,
  signedBatchSchema,
  type Failure,
} from "./protocol.ts";
import { beginText } from "../runtimes/text-stream.ts";
import { OpenGradientError, type ErrorCode } from "../../sdk/errors.ts";

export interface ApiOptions {
  readonly enclave: Pick<
    Enclave,
    "identity" | "attest" | "check" | "infer" | "recall" | "signBatch"
  >;
  readonly bodyBytes: number;
  readonly accessTokenHash: string | undefined;
  readonly log: Logger;
}

/** Status by code; everything else is the enclave's own failure. */
const STATUSES: Partial<Record<ErrorCode, ContentfulStatusCode>> = {
  ENCLAVE_REQUEST_INVALID: 400,
  CHAT_REQUEST_INVALID: 422,
  CONTEXT_EXCEEDED: 422,
  ENCLAVE_MODEL_UNKNOWN: 404,
  ENCLAVE_REQUEST_DIFFERS: 409,
  ENCLAVE_UNKNOWN: 404,
  FEE_TOO_HIGH: 422,
  ENCLAVE_BUSY: 503,
  ENCLAVE_TOO_EARLY: 503,
  RUNTIME_BUSY: 503,
  RUNTIME_CLOSED: 503,
  ENCLAVE_TOO_SLOW: 504,
  ENCLAVE_DEVICE_FAILED: 502,
};

const HINTS: Partial<Record<number, string>> = {
  401: "Show the token whose hash the enclave was configured with.",
  404: "Ask for /identity, /attest, /check, /infer, /stream, /recall, /batch or /healthz.",
  405: "GET /identity and /healthz; POST /attest, /check, /infer, /stream, /recall and /batch.",
  413: "Ask with less text, or raise limits.bodyBytes.",
};

/** The enclave's HTTP interface. Its whole surface: nothing else can be asked of the program. */
export function createApi({ enclave, bodyBytes, accessTokenHash, log }: ApiOptions): Hono {
  const app = new Hono();
  app.use(
    methodNotAllowed({
      app,
      onMethodNotAllowed: (context, methods) => {
        context.header("allow", methods.join(", "));
        return refusal(context, 405, "The method is not allowed here.");
      },
    }),
  );
  app.get("/healthz", (context) => context.json({ status: "ok" }));
  if (accessTokenHash !== undefined) app.use(requireToken(accessTokenHash));
  app.use(
    bodyLimit({
      maxSize: bodyBytes,
      onError: (context) => refusal(context, 413, `The body has more than ${bodyBytes} bytes.`),
    }),
  );
  app.get("/identity", (context) => context.json(identitySchema.encode(enclave.identity)));
  app.post("/attest", async (context) => {
    const document = await enclave.attest(await bodyOf(context, attestRequestSchema));
    return context.json(attestAnswerSchema.encode({ document }));
  });
  app.post("/check", async (context) => {
    const bound = await enclave.check(await bodyOf(context, inferRequestSchema));
    return context.json(checkAnswerSchema.encode(bound));
  });
  app.post("/infer", async (context) => {
    const answer = await enclave.infer(await bodyOf(context, inferRequestSchema));
    return context.json(inferAnswerSchema.encode(answer));
  });
  app.post("/recall", async (context) => {
    const answer = await enclave.recall(await bodyOf(context, inferRequestSchema));
    return context.json(inferAnswerSchema.encode(answer));
  });
  app.post("/stream", (context) => streamAnswer(context, { enclave, log }));
  app.post("/batch", async (context) => {
    const signature = enclave.signBatch(await bodyOf(context, batchRequestSchema));
    return context.json(signedBatchSchema.encode({ signature }));
  });
  app.notFound((context) => refusal(context, 404, "There is nothing here."));
  app.onError((error, context) => {
    if (error instanceof HTTPException) return refusal(context, error.status, error.message);
    return failure(context, told(error, log));
  });
  return app;
}

/** Text as it comes, then the signed answer, one JSON object a line. A host that goes away does not end the answer: it may recall it. */
async function streamAnswer(
  context: Context,
  { enclave, log }: Pick<ApiOptions, "enclave" | "log">,
): Promise<Response> {
  const request = await bodyOf(context, inferRequestSchema);
  const { pieces, answer } = await beginText((onText) => enclave.infer(request, onText));
  context.header("content-type", "application/x-ndjson");
  return stream(context, async (out) => {
    const say = (line: z.output<typeof inferLineSchema>) =>
      out.write(`${JSON.stringify(inferLineSchema.encode(line))}\n`);
    try {
      for await (const text of pieces) await say({ text });
      await say({ answer: await answer });
    } catch (error) {
      await say(failureBody(told(error, log)));
    }
  });
}

/** What of a failure is the host's business; the rest is for the log. */
function told(error: unknown, log: Logger): OpenGradientError {
  if (error instanceof OpenGradientError) return error;
  log.error({ err: error }, "A request failed.");
  return internal();
}

/** Compares hashes, so that the time it takes tells nothing about the token. */
function requireToken(hash: string): MiddlewareHandler {
  const wanted = Buffer.from(hash, "hex");
  return async (context, next) => {
    const [, token = ""] = /^Bearer (\S+)$/.exec(context.req.header("authorization") ?? "") ?? [];
    const shown = createHash("sha256").update(token).digest();
    if (!timingSafeEqual(shown, wanted)) {
      return refusal(context, 401, "The token is missing or wrong.");
    }
    await next();
    return undefined;
  };
}

async function bodyOf<S extends z.ZodType>(context: Context, schema: S): Promise<z.output<S>> {
  const parsed = schema.safeParse(await jsonOf(context));
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(
    ({ path, message }) => `${path.join(".") || "the body"}: ${message}`,
  );
  throw new OpenGradientError(
    "ENCLAVE_REQUEST_INVALID",
    `The request is not valid: ${faults.join("; ")}.`,
    "Correct these members.",
  );
}

async function jsonOf(context: Context): Promise<unknown> {
  try {
    return await context.req.json();
  } catch (cause) {
    const message = "The body is not JSON.";
    throw new OpenGradientError("ENCLAVE_REQUEST_INVALID", message, "Correct it.", { cause });
  }
}

function refusal(context: Context, status: ContentfulStatusCode, message: string): Response {
  const hint = HINTS[status] ?? "Correct the request.";
  const body: Failure = { error: { code: "ENCLAVE_REQUEST_INVALID", message, hint } };
  return context.json(body, status);
}

function failure(context: Context, error: OpenGradientError): Response {
  return context.json(failureBody(error), STATUSES[error.code] ?? 500);
}

function failureBody({ code, message, hint }: OpenGradientError): Failure {
  return { error: { code, message, hint } };
}

function internal(): OpenGradientError {
  const message = "The enclave failed.";
  return new OpenGradientError("ENCLAVE_FAILED", message, "Its log says why. Ask again.");
}
