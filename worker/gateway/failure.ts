import { OpenGradientError, type ErrorCode } from "../../sdk/errors.ts";
import { ZkmlError, type ZkmlErrorCode } from "../../zkml/errors.ts";

export interface GatewayErrorOptions {
  /** The member of the request that is wrong. */
  readonly parameter?: string | undefined;
  readonly cause?: unknown;
  /** Of the HTTP answer. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What programs need to know beside the error: the member `opengradient` of the body, as JSON. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** A request that the gateway itself refuses. */
export class GatewayError extends Error {
  override readonly name = "GatewayError";
  readonly status: number;
  readonly code: string;
  readonly parameter: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly details: Readonly<Record<string, unknown>> | undefined;

  constructor(status: number, code: string, message: string, options: GatewayErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.status = status;
    this.code = code;
    this.parameter = options.parameter;
    this.headers = options.headers ?? {};
    this.details = options.details;
  }
}

/** What was wrong with a request: clients get to know why, in full. */
const REFUSED: Partial<Readonly<Record<ErrorCode | ZkmlErrorCode, number>>> = {
  CHAT_REQUEST_INVALID: 400,
  CONTEXT_EXCEEDED: 400,
  INPUT_INVALID: 400,
  INPUT_SIZE: 400,
  TOO_MANY_INFERENCES: 400,
  DIRECT_REQUEST_INVALID: 400,
  // What was begun under a higher limit is kept: who allows for as much gets it.
  FEE_TOO_HIGH: 409,
  ENCLAVE_REQUEST_DIFFERS: 409,
};

/**
 * What was wrong with the node: clients get to know that, and whether to ask again. The words of the failure itself may name
 * machines and files, and are for the operator's log.
 */
const FAILED: Partial<Readonly<Record<ErrorCode, readonly [status: number, message: string]>>> = {
  RUNTIME_BUSY: [429, "The model has as many requests as it takes. Ask again in a moment."],
  RUNTIME_CLOSED: [503, "The model is being stopped. Ask again later, or another node."],
  RUNTIME_FAILED: [502, "The model failed to answer. Ask again."],
  RUNTIME_UNREACHABLE: [502, "The model cannot be reached. Ask again later, or another node."],
  RUNTIME_REFUSED: [502, "The model's server refuses the request. Ask another node."],
  ENCLAVE_BUSY: [429, "The enclave has as many requests as it takes. Ask again in a moment."],
  ENCLAVE_TOO_EARLY: [503, "The enclave's key does not count yet. Ask again in a moment."],
  ENCLAVE_TOO_SLOW: [504, "The answer took too long. Ask for fewer tokens."],
  ENCLAVE_DEVICE_FAILED: [502, "The enclave's hardware failed. Ask again."],
  ENCLAVE_FAILED: [502, "The enclave failed. Ask again."],
  ENCLAVE_UNREACHABLE: [502, "The enclave cannot be reached. Ask again later, or another node."],
  ENCLAVE_UNAVAILABLE: [503, "No enclave answers just now. Ask again later, or another node."],
  RPC_UNREACHABLE: [503, "The chain cannot be reached. Ask again later, or another node."],
};

/** The code by which OpenAI's clients know it. */
const OPENAI_CODES: Partial<Readonly<Record<string, string>>> = {
  CONTEXT_EXCEEDED: "context_length_exceeded",
};

/** How long clients are asked to wait where nothing says how long it takes. */
const RETRY_AFTER_SECONDS = "1";

/** A failure as clients see it. What was not foreseen is not told: it may hold what is nobody's business. */
export function toldFailure(error: unknown): GatewayError {
  if (error instanceof GatewayError) return error;
  if (error instanceof OpenGradientError || error instanceof ZkmlError) {
    const { code, message, hint } = error;
    const status = REFUSED[code];
    if (status !== undefined)
      return new GatewayError(status, OPENAI_CODES[code] ?? code, `${message} ${hint}`);
  }
  if (error instanceof OpenGradientError) {
    const [status, message] = FAILED[error.code] ?? [];
    if (status !== undefined && message !== undefined)
      return new GatewayError(status, error.code, message, { headers: retryOf(status) });
  }
  return new GatewayError(500, "UNEXPECTED", "The gateway failed.");
}

function retryOf(status: number): Record<string, string> {
  return status === 429 || status === 503 ? { "Retry-After": RETRY_AFTER_SECONDS } : {};
}

/** A failure in OpenAI's shape. */
export function failureResponse(error: unknown): Response {
  const { status, code, message, parameter, headers, details } = toldFailure(error);
  const told = { message, type: typeOf(status), param: parameter ?? null, code };
  const body = { error: told, ...(details !== undefined && { opengradient: details }) };
  return Response.json(body, { status, headers });
}

/** A body is longer than is taken. */
export function tooLarge(bytes: number): GatewayError {
  // What was sent of it is not read: the connection is of no more use.
  const headers = { Connection: "close" };
  return new GatewayError(413, "body_too_large", `Bodies have at most ${bytes} bytes.`, {
    headers,
  });
}

/** Nothing is served under a path. */
export function unknownPath(method: string, path: string): GatewayError {
  return new GatewayError(404, "not_found", `There is no ${method} ${path}.`);
}

function typeOf(status: number): string {
  if (status === 402) return "payment_required";
  if (status === 429) return "rate_limit_error";
  return status < 500 ? "invalid_request_error" : "server_error";
}
