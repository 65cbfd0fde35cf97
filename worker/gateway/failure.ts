import { OpenGradientError, type ErrorCode } from "../../sdk/errors.ts";

/** A request that the gateway itself refuses. */
export class GatewayError extends Error {
  override readonly name = "GatewayError";
  readonly status: number;
  readonly code: string;
  /** The member of the request that is wrong. */
  readonly parameter: string | undefined;

  constructor(
    status: number,
    code: string,
    message: string,
    {
      parameter,
      cause,
    }: { readonly parameter?: string | undefined; readonly cause?: unknown } = {},
  ) {
    super(message, { cause });
    this.status = status;
    this.code = code;
    this.parameter = parameter;
  }
}

/** What runtimes may meet, by status. OpenAI's clients try again from 429 and 5xx on. */
const STATUS: Partial<Readonly<Record<ErrorCode, number>>> = {
  CHAT_REQUEST_INVALID: 400,
  CONTEXT_EXCEEDED: 400,
  RUNTIME_BUSY: 429,
  RUNTIME_CLOSED: 503,
  RUNTIME_FAILED: 502,
  RUNTIME_UNREACHABLE: 502,
  RUNTIME_REFUSED: 502,
};

/** The code by which OpenAI's clients know it. */
const OPENAI_CODES: Partial<Readonly<Record<ErrorCode, string>>> = {
  CONTEXT_EXCEEDED: "context_length_exceeded",
};

/** A failure in OpenAI's shape. What was not foreseen is not told: it may hold what is nobody's business. */
export function failureResponse(error: unknown): Response {
  if (error instanceof GatewayError) {
    const { status, code, message, parameter } = error;
    return response(status, { code, message, param: parameter ?? null });
  }
  if (error instanceof OpenGradientError) {
    const { code, message, hint } = error;
    const told = { code: OPENAI_CODES[code] ?? code, message: `${message} ${hint}`, param: null };
    return response(STATUS[code] ?? 500, told);
  }
  return response(500, { code: "UNEXPECTED", message: "The gateway failed.", param: null });
}

function response(status: number, told: { code: string; message: string; param: string | null }) {
  return Response.json({ error: { ...told, type: typeOf(status) } }, { status });
}

function typeOf(status: number): string {
  if (status === 429) return "rate_limit_error";
  return status < 500 ? "invalid_request_error" : "server_error";
}
