import { once } from "node:events";
import { Agent, request } from "node:http";
import { channelDigest, channelId } from "../../sdk/channel.ts";
import { encodeVoucherHeader, VOUCHER_HEADER } from "../../sdk/payments/voucher-header.ts";
import { Signature, type Wallet } from "ethers";
import { BENCH_DEPLOYMENT, BENCH_MODEL, BENCH_NODE } from "./gateway-terms.ts";

/** More than any answer of the benchmark costs. */
const STEP = 10n ** 15n;

const SALT = 0n;

/** Signs vouchers, each higher than the one before. */
export class Vouchers {
  readonly #payer: Pick<Wallet, "address" | "signingKey">;
  readonly #channel: string;
  #cumulative = 0n;

  constructor(payer: Pick<Wallet, "address" | "signingKey">) {
    this.#payer = payer;
    this.#channel = channelId({ payer: payer.address, node: BENCH_NODE, salt: SALT });
  }

  /** The header of the next so many requests, each with a voucher of its own. */
  next(count: number): readonly string[] {
    return Array.from({ length: count }, () => {
      this.#cumulative += STEP;
      const { address: payer, signingKey } = this.#payer;
      const cumulative = this.#cumulative;
      const voucher = { channelId: this.#channel, cumulative };
      const digest = channelDigest(BENCH_DEPLOYMENT, "Voucher", voucher);
      const signature = Signature.from(signingKey.sign(digest)).compactSerialized;
      return encodeVoucherHeader({ payer, salt: SALT, cumulative, signature });
    });
  }
}

export interface Load {
  readonly port: number;
  /** Requests at the same time. */
  readonly connections: number;
  readonly requests: number;
  /** Headers, which take turns. */
  readonly vouchers: readonly string[];
  readonly question: string;
}

/** How long each answer took, in milliseconds, in ascending order; and how long all of them. */
export interface Timings {
  readonly sortedMs: readonly number[];
  readonly seconds: number;
}

/**
 * Asks as fast as the answers come.
 *
 * @throws Error for the first answer that is none.
 */
export async function ask(load: Load): Promise<Timings> {
  const agent = new Agent({ keepAlive: true, maxSockets: load.connections });
  const body = JSON.stringify({
    model: BENCH_MODEL,
    messages: [{ role: "user", content: load.question }],
    temperature: 0,
    max_tokens: 32,
  });
  const found: number[] = [];
  let next = 0;
  const client = async () => {
    while (next < load.requests) {
      const voucher = load.vouchers[next++ % load.vouchers.length] ?? "";
      const start = performance.now();
      await askOnce({ agent, port: load.port, body, voucher });
      found.push(performance.now() - start);
    }
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: load.connections }, client));
  const seconds = (performance.now() - start) / 1_000;
  agent.destroy();
  return { sortedMs: found.sort((a, b) => a - b), seconds };
}

interface Question {
  readonly agent: Agent;
  readonly port: number;
  readonly body: string;
  readonly voucher: string;
}

async function askOnce({ agent, port, body, voucher }: Question): Promise<void> {
  const asked = request({
    ...{ agent, port, host: "127.0.0.1", method: "POST", path: "/v1/chat/completions" },
    headers: {
      "Content-Type": "application/json",
      "Content-Length": Buffer.byteLength(body),
      [VOUCHER_HEADER]: voucher,
    },
  });
  asked.end(body);
  return new Promise((resolve, reject) => {
    asked.once("error", reject);
    asked.once("response", (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      once(response, "end").then(() => {
        const said = Buffer.concat(parts).toString();
        if (response.statusCode === 200 && said.includes('"signature"')) resolve();
        else reject(new Error(`the gateway answers ${response.statusCode}: ${said.slice(0, 500)}`));
      }, reject);
    });
  });
}

/** The value that a share of all is not above. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
