import type { AddressInfo } from "node:net";
import type { PGlite } from "@electric-sql/pglite";
import { serve } from "@hono/node-server";
import { getAddress, id, JsonRpcProvider, Wallet } from "ethers";
import pino from "pino";
import type { Deployment } from "../../sdk/deployment.ts";
import { connectProtocol } from "../../sdk/protocol.ts";
import { Submitter } from "../chain/submitter.ts";
import { TransactionJournal } from "../chain/transaction-journal.ts";
import { WorkerEvents } from "../events.ts";
import { paymentsConfigSchema } from "../payments/config.ts";
import { openPayments } from "../payments/payments.ts";
import type { DirectOffer } from "../receipts/direct-answer.ts";
import { openDatabase } from "../storage/database.ts";
import { createEchoDesk } from "./echo-desk.ts";
import { createPaidApp } from "./paid-app.ts";

export interface PaidNodeOptions {
  readonly rpcUrl: string;
  readonly deployment: Deployment;
  /** Of the worker's account. */
  readonly privateKey: string;
  readonly operator: string;
  /** Of the journal. */
  readonly folder: string;
  /** As in the configuration's file. */
  readonly payments?: unknown;
  readonly confirmations?: number;
  readonly events?: WorkerEvents;
  readonly onCompute?: (input: Uint8Array) => Promise<void>;
  /** Without it, any that is free. */
  readonly port?: number;
  /** In OPG wei. */
  readonly price?: {
    readonly base: bigint;
    readonly perInputUnit: bigint;
    readonly perOutputUnit: bigint;
  };
}

/** Where receipts of this node count, as far as anybody asks. */
const LEDGER = getAddress(id("a ledger").slice(0, 42));

/** A node that runs. */
export interface PaidNode {
  readonly url: string;
  readonly database: PGlite;
  readonly stop: (end?: { readonly isClaiming?: boolean }) => Promise<void>;
}

/** A node that echoes, and is paid for it: real channels, x402 payments and receipts, over real HTTP. */
export async function startPaidNode(options: PaidNodeOptions): Promise<PaidNode> {
  const { rpcUrl, deployment, operator, confirmations = 1, events = new WorkerEvents() } = options;
  // As a worker's: what was answered a moment ago may not be so any more.
  const provider = new JsonRpcProvider(rpcUrl, undefined, { cacheTimeout: -1 });
  const wallet = new Wallet(options.privateKey, provider);
  const database = await openDatabase(options.folder);
  const transactions = new TransactionJournal(database);
  const stopping = new AbortController();
  const { signal } = stopping;
  const log = pino({ level: "silent" });
  const common = { provider, wallet, confirmations, pollingIntervalMs: 50, log, signal };
  const { chainId } = deployment;
  const journal = { chainId, journal: transactions, events };
  const limits = { bumpAfterMs: 10_000, maxFeePerGas: 10n ** 10n };
  const submitter = new Submitter({ ...common, ...journal, ...limits });
  const config = paymentsConfigSchema.parse(options.payments ?? {});
  const protocol = connectProtocol(deployment, provider);
  const services = { ...common, deployment, protocol, operator, database, submitter, transactions };
  const payments = await openPayments(config, services);
  const running = payments.run();
  const settlement = { chainId, settledBy: LEDGER };
  const offers = [offerOf(options)];
  const { onCompute } = options;
  const desk = await createEchoDesk({
    ...{ database, settlement, wallet, offers },
    ...(onCompute !== undefined && { onCompute }),
  });
  const app = createPaidApp({ desk, gate: payments.gate, settlement });
  if (payments.routes !== undefined) app.route("/", payments.routes);
  const { server, url } = await listen(app.fetch, options.port ?? 0);
  const stop = async ({ isClaiming = false } = {}) => {
    server.close();
    if (isClaiming) await payments.claimAtEnd();
    stopping.abort();
    await running;
    await database.close();
    provider.destroy();
  };
  return { url, database, stop };
}

function listen(fetch: Parameters<typeof serve>[0]["fetch"], port: number) {
  return new Promise<{ server: ReturnType<typeof serve>; url: string }>((resolve) => {
    const server = serve({ fetch, hostname: "127.0.0.1", port }, (info: AddressInfo) => {
      resolve({ server, url: `http://127.0.0.1:${info.port}` });
    });
  });
}

function offerOf({ operator: node, price }: PaidNodeOptions): DirectOffer {
  const modelId = id("echo");
  const rates = price ?? { base: 10n ** 15n, perInputUnit: 10n ** 12n, perOutputUnit: 10n ** 13n };
  return {
    name: "echo",
    ...{ modelId, contentHash: id("echo's content"), tier: "Signed", forms: ["chat"] },
    quote: { node, modelId, tier: 0n, ...rates },
  };
}
