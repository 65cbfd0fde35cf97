import { OpenGradientError, type ErrorCode } from "../errors.ts";

export interface NodeFailureOptions extends ErrorOptions {
  readonly url: string;
  /** Whether the request may have arrived: then the same request is asked again before another node is. */
  readonly mayHaveArrived?: boolean;
  /** What the node answered, to be handed on as it is. */
  readonly answer?: NodeAnswer | undefined;
  /** For how long the node wants to be left alone, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
}

/** An answer of a node that is no success. */
export interface NodeAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

type NodeErrorCode = Extract<
  ErrorCode,
  "NODE_UNREACHABLE" | "NODE_BUSY" | "NODE_FAILED" | "NODE_REFUSED"
>;

const HINTS: Readonly<Record<NodeErrorCode, string>> = {
  NODE_UNREACHABLE: "Check the node's URL, or name more nodes.",
  NODE_BUSY: "Ask again later, or name more nodes.",
  NODE_FAILED: "Ask again, or name more nodes.",
  NODE_REFUSED: "Correct the request: another node would refuse it too.",
};

/** A node did not answer, or not with success. */
export class NodeFailure extends OpenGradientError {
  readonly url: string;
  readonly mayHaveArrived: boolean;
  readonly answer: NodeAnswer | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(
    code: NodeErrorCode,
    what: string,
    { url, mayHaveArrived = false, answer, retryAfterMs, ...options }: NodeFailureOptions,
  ) {
    super(code, `The node at ${url} ${what}.`, HINTS[code], options);
    this.url = url;
    this.mayHaveArrived = mayHaveArrived;
    this.answer = answer;
    this.retryAfterMs = retryAfterMs;
  }
}
