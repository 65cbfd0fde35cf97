import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { getBytes } from "ethers";
import type { z } from "zod";
import { PinnedAgent } from "./pinned-agent.ts";
import { textLines } from "./text-lines.ts";
import { isNitroDocumentOf } from "../enclave/attestation/nitro-document.ts";
import { isTdxQuoteOf } from "../enclave/attestation/tdx-quote.ts";
import {
  attestAnswerSchema,
  attestRequestSchema,
  batchRequestSchema,
  checkAnswerSchema,
  failureSchema,
  identitySchema,
  inferAnswerSchema,
  inferLineSchema,
  inferRequestSchema,
  signedBatchSchema,
  type AttestRequest,
  type BatchRequest,
  type EnclaveIdentity,
  type Failure,
  type InferAnswer,
  type InferRequest,
} from "../enclave/protocol.ts";
import { readBody } from "../enclave/read-body.ts";
import { bindingHash, nonceOf } from "../../sdk/enclave.ts";
import { ERROR_CODES, OpenGradientError, type ErrorCode } from "../../sdk/errors.ts";
import type { Usage } from "../../sdk/price-quote.ts";

export interface EnclaveClientOptions {
  /** Such as `https://127.0.0.1:8443`. */
  readonly url: string;
  /** The enclave's TLS key; without it, that of whoever answers first. */
  readonly tlsKeyHash?: string;
  /** What the enclave was told to ask its host for. */
  readonly accessToken?: string;
  /** How long an answer may take. */
  readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 180_000;
const MAX_ANSWER_BYTES = 16_777_216;

interface Exchange {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: unknown;
  readonly signal: AbortSignal | undefined;
}

interface Call<S extends z.ZodType> extends Exchange {
  readonly schema: S;
}

/** The host's way to an enclave. Every answer is parsed, and nothing is sent to anybody with another TLS key. */
export class EnclaveClient {
  readonly identity: EnclaveIdentity;
  readonly #wire: Wire;

  private constructor(wire: Wire, identity: EnclaveIdentity) {
    this.#wire = wire;
    this.identity = identity;
  }

  /**
   * Connects, and asks the enclave who it is.
   *
   * @throws OpenGradientError `ENCLAVE_UNREACHABLE`, `ENCLAVE_UNTRUSTED` if it has another TLS key or says so, or
   * `ENCLAVE_FAILED`.
   */
  static async connect(
    options: EnclaveClientOptions,
    signal?: AbortSignal,
  ): Promise<EnclaveClient> {
    const wire = new Wire(options);
    try {
      const schema = identitySchema;
      const identity = await wire.call({ method: "GET", path: "/identity", schema, signal });
      if (identity.tlsKeyHash === wire.keyHash) return new EnclaveClient(wire, identity);
      throw untrusted("The enclave names another TLS key than that of the connection.");
    } catch (error) {
      wire.close();
      throw error;
    }
  }

  /**
   * Has the enclave's device vouch for its key, for an operator. What comes back is held to what was asked for; whether the
   * device is genuine is for the chain to check.
   *
   * @throws OpenGradientError `ENCLAVE_UNTRUSTED` if the document is for another key, operator, registry, block or TLS key.
   */
  async attest(owner: AttestRequest, signal?: AbortSignal): Promise<Uint8Array> {
    const { document } = await this.#wire.call({
      method: "POST",
      path: "/attest",
      body: attestRequestSchema.encode(owner),
      schema: attestAnswerSchema,
      signal,
    });
    if (this.#isBoundTo(owner, document)) return document;
    throw untrusted("The enclave's attestation is not for its key and what was asked for.");
  }

  /** @throws OpenGradientError `ENCLAVE_UNREACHABLE` or `ENCLAVE_UNTRUSTED` if this enclave is not there any more. */
  async ping(signal?: AbortSignal): Promise<void> {
    const { address } = await this.#wire.call({
      method: "GET",
      path: "/identity",
      schema: identitySchema,
      signal,
    });
    if (address !== this.identity.address)
      throw untrusted("The enclave has another key than before.");
  }

  /**
   * Asks whether the enclave would answer, and what that can use at most, without computing it.
   *
   * @throws OpenGradientError what the enclave would refuse with; see `AnswerDesk.check`.
   */
  async check(terms: InferRequest, signal?: AbortSignal): Promise<Usage> {
    return await this.#wire.call({
      method: "POST",
      path: "/check",
      body: inferRequestSchema.encode(terms),
      schema: checkAnswerSchema,
      signal,
    });
  }

  /** @throws OpenGradientError what the enclave refuses or fails with; see `AnswerDesk.answer`. */
  async infer(terms: InferRequest, signal?: AbortSignal): Promise<InferAnswer> {
    return await this.#wire.call({
      method: "POST",
      path: "/infer",
      body: inferRequestSchema.encode(terms),
      schema: inferAnswerSchema,
      signal,
    });
  }

  /**
   * The same, with the text as it comes.
   *
   * @throws OpenGradientError as `infer`.
   */
  async stream(
    terms: InferRequest,
    onText: (piece: string) => void,
    signal?: AbortSignal,
  ): Promise<InferAnswer> {
    const body = inferRequestSchema.encode(terms);
    const exchange = { method: "POST", path: "/stream", body, signal } as const;
    return await this.#wire.exchange(exchange, async (response) => {
      for await (const text of textLines(response, MAX_ANSWER_BYTES)) {
        const parsed = inferLineSchema.safeParse(parseJson(text));
        if (!parsed.success)
          throw failed("The enclave's answer to /stream is not one.", parsed.error);
        const line = parsed.data;
        if ("error" in line) throw failureOf(line.error);
        if ("answer" in line) return line.answer;
        onText(line.text);
      }
      throw failed("The enclave's answer to /stream has no end.");
    });
  }

  /** @throws OpenGradientError `ENCLAVE_UNKNOWN` if the enclave has not answered this; see `AnswerDesk.recall`. */
  async recall(terms: InferRequest, signal?: AbortSignal): Promise<InferAnswer> {
    return await this.#wire.call({
      method: "POST",
      path: "/recall",
      body: inferRequestSchema.encode(terms),
      schema: inferAnswerSchema,
      signal,
    });
  }

  /** @throws OpenGradientError what the enclave refuses with; see `AnswerDesk.signBatch`. */
  async signBatch(request: BatchRequest, signal?: AbortSignal): Promise<string> {
    const { signature } = await this.#wire.call({
      method: "POST",
      path: "/batch",
      body: batchRequestSchema.encode(request),
      schema: signedBatchSchema,
      signal,
    });
    return signature;
  }

  close(): void {
    this.#wire.close();
  }

  #isBoundTo({ blockHash, ...owner }: AttestRequest, document: Uint8Array): boolean {
    const { kind, address, publicKey, tlsKeyHash } = this.identity;
    const binding = bindingHash({ ...owner, tlsKeyHash });
    const nonce = getBytes(nonceOf(blockHash, binding));
    if (kind === "Tdx" || kind === "TdxSim") return isTdxQuoteOf(document, { address, nonce });
    const data = { publicKey: getBytes(publicKey), userData: getBytes(binding), nonce };
    return isNitroDocumentOf(document, data);
  }
}

/** Requests and answers over one agent. */
class Wire {
  readonly #options: EnclaveClientOptions;
  readonly #agent: PinnedAgent;

  constructor(options: EnclaveClientOptions) {
    this.#options = options;
    this.#agent = new PinnedAgent(options.tlsKeyHash);
  }

  get keyHash(): string | undefined {
    return this.#agent.keyHash;
  }

  async call<S extends z.ZodType>(call: Call<S>): Promise<z.output<S>> {
    const content = await this.exchange(call, async (response) =>
      parseJson(await textOf(response)),
    );
    const parsed = call.schema.safeParse(content);
    if (parsed.success) return parsed.data;
    throw failed(`The enclave's answer to ${call.path} is not one.`, parsed.error);
  }

  /** Hands an answer over to be read, in the time there is for it. */
  async exchange<T>(
    { method, path, body, signal }: Exchange,
    read: (response: IncomingMessage) => Promise<T>,
  ): Promise<T> {
    const { url, timeoutMs = DEFAULT_TIMEOUT_MS } = this.#options;
    const timeout = AbortSignal.timeout(timeoutMs);
    const ends = AbortSignal.any(signal ? [timeout, signal] : [timeout]);
    try {
      ends.throwIfAborted();
      const payload = body === undefined ? "" : JSON.stringify(body);
      const headers = this.#headers(Buffer.byteLength(payload));
      const options = { agent: this.#agent, method, headers, signal: ends };
      const sent = request(new URL(path, url), options);
      sent.end(payload);
      const [response] = (await once(sent, "response")) as [IncomingMessage];
      const status = response.statusCode ?? 0;
      if (status !== 200) throw refusalOf(status, parseJson(await textOf(response)));
      return await read(response);
    } catch (cause) {
      // The caller's own wish is no failure of the enclave.
      signal?.throwIfAborted();
      if (cause instanceof OpenGradientError) throw cause;
      throw unreachable(url, timeout.aborted ? `within ${timeoutMs} ms` : "", cause);
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #headers(length: number): Record<string, string | number> {
    const { accessToken } = this.#options;
    return {
      "content-type": "application/json",
      "content-length": length,
      ...(accessToken !== undefined && { authorization: `Bearer ${accessToken}` }),
    };
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  return new TextDecoder().decode(await readBody(response, MAX_ANSWER_BYTES));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No answer of an enclave: the schemas say so.
    return undefined;
  }
}

/** What the enclave says it refused or failed with. */
function refusalOf(status: number, content: unknown): OpenGradientError {
  const parsed = failureSchema.safeParse(content);
  if (!parsed.success) return failed(`The enclave answered with HTTP status ${status}.`);
  return failureOf(parsed.data.error);
}

function failureOf({ code, message, hint }: Failure["error"]): OpenGradientError {
  return isErrorCode(code) ? new OpenGradientError(code, message, hint) : failed(message);
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERROR_CODES, code);
}

function failed(message: string, cause?: unknown): OpenGradientError {
  const hint = "Check that host and enclave run the same version; the enclave's log says more.";
  return new OpenGradientError("ENCLAVE_FAILED", message, hint, { cause });
}

function untrusted(message: string): OpenGradientError {
  const hint = "Check who answers at this address; do not register the key.";
  return new OpenGradientError("ENCLAVE_UNTRUSTED", message, hint);
}

function unreachable(url: string, when: string, cause: unknown): OpenGradientError {
  const message = `The enclave at ${url} did not answer ${when}`.trimEnd();
  const hint = "Check that it runs and can be reached, and start it again if not.";
  return new OpenGradientError("ENCLAVE_UNREACHABLE", `${message}.`, hint, { cause });
}
