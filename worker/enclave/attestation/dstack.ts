import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { getBytes } from "ethers";
import { z } from "zod";
import { deviceFailed } from "./device-failure.ts";
import type { AttestationDevice, AttestedData } from "./device.ts";
import { isTdxQuoteOf, reportDataOf } from "./tdx-quote.ts";
import { readBody } from "../read-body.ts";

/** A quote is some kilobytes, but its event log lists everything that was started. */
const MAX_ANSWER_BYTES = 4_194_304;

const HINT =
  "Check that dstack's guest agent listens at device.socket: map /var/run/dstack.sock into the container.";

const answerSchema = z.object({ quote: z.string().regex(/^(0x)?([0-9a-fA-F]{2})+$/) });

/**
 * A confidential machine of Intel TDX under dstack. Its guest agent gives quotes over a Unix socket: `POST /GetQuote` with
 * the report data in hex. It has no evidence about GPUs: see `gpuEvidence` of the configuration.
 */
export class DstackDevice implements AttestationDevice {
  readonly kind: "Tdx" | "TdxSim";
  readonly #socket: string;

  /** @param isSimulator Whether the agent is dstack's simulator, whose quotes no hardware vouches for. */
  constructor(socket: string, isSimulator: boolean) {
    this.kind = isSimulator ? "TdxSim" : "Tdx";
    this.#socket = socket;
  }

  async attest(data: AttestedData, signal: AbortSignal): Promise<Uint8Array> {
    const quote = await this.#getQuote(reportDataOf(data), signal);
    if (isTdxQuoteOf(quote, data)) return quote;
    throw deviceFailed(
      "The guest agent's answer is no version 4 quote of TDX with the enclave's report data.",
      HINT,
    );
  }

  async #getQuote(reportData: Uint8Array, signal: AbortSignal): Promise<Uint8Array> {
    try {
      const body = JSON.stringify({ report_data: Buffer.from(reportData).toString("hex") });
      const { statusCode, content } = await this.#post("/GetQuote", body, signal);
      if (statusCode !== 200) throw new Error(`HTTP status ${statusCode ?? "missing"}`);
      const { quote } = answerSchema.parse(JSON.parse(content));
      return getBytes(quote.startsWith("0x") ? quote : `0x${quote}`);
    } catch (cause) {
      throw deviceFailed(`The guest agent at ${this.#socket} gave no quote.`, HINT, cause);
    }
  }

  async #post(path: string, body: string, signal: AbortSignal) {
    const headers = {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
    };
    const options = { socketPath: this.#socket, path, method: "POST", headers, signal };
    const sent = request(options);
    sent.end(body);
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    const content = await readBody(response, MAX_ANSWER_BYTES);
    return { statusCode: response.statusCode, content: new TextDecoder().decode(content) };
  }
}
