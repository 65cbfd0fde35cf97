/**
 * The node that `bench:gateway` asks, in a process of its own: a real gateway over a real desk, which signs and journals each receipt
 * on disk and charges it to a voucher's channel. Only the chain is not there: it is said to hold enough in every channel.
 *
 * Says its port on the standard output, and then, for each line that it reads, what it has used so far.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { id, Wallet } from "ethers";
import pino from "pino";
import { BENCH_DEPLOYMENT, BENCH_MODEL, BENCH_NODE, BENCH_SETTLEMENT } from "./gateway-terms.ts";
import { TransactionJournal } from "../../worker/chain/transaction-journal.ts";
import { SteadyClock } from "../../worker/enclave/clock.ts";
import { gatewayConfigSchema } from "../../worker/gateway/config.ts";
import { createGateway } from "../../worker/gateway/gateway.ts";
import type { PaymentGate } from "../../worker/gateway/payment.ts";
import { startGateway } from "../../worker/gateway/server.ts";
import { ChannelBook } from "../../worker/payments/channel-book.ts";
import { ChannelReader } from "../../worker/payments/channel-reader.ts";
import { ChannelStore } from "../../worker/payments/channel-store.ts";
import type { ChannelOnChain } from "../../worker/payments/channel.ts";
import { Funder } from "../../worker/payments/funder.ts";
import { VoucherChecker } from "../../worker/payments/voucher-checker.ts";
import { VoucherGate } from "../../worker/payments/voucher-gate.ts";
import { createDirectDesk } from "../../worker/receipts/create-direct-desk.ts";
import type { DirectOffer } from "../../worker/receipts/direct-answer.ts";
import { RuntimeEngine } from "../../worker/receipts/engines/runtime-engine.ts";
import { NodeSigner } from "../../worker/receipts/node-signer.ts";
import { ReceiptJournal } from "../../worker/receipts/receipt-journal.ts";
import { LlamaRuntime } from "../../worker/runtimes/llama.ts";
import type { Runtime } from "../../worker/runtimes/runtime.ts";
import { openDatabase } from "../../worker/storage/database.ts";
import { EchoRuntime } from "../../worker/testing/echo-runtime.ts";
import { OPG_TINY } from "../../worker/testing/opg-tiny.ts";
import { FeeEscrow__factory, OPG__factory } from "../../typechain-types/index.js";

const PARALLEL = 2;
const OPG = 10n ** 18n;

const log = pino({ level: "error" }, process.stderr);

/** A channel that has enough, as if the chain had said so. */
class FullChannels extends ChannelReader {
  override read(): Promise<ChannelOnChain> {
    return Promise.resolve({ status: "open", deposit: 2n ** 90n, claimed: 0n });
  }
}

const neverCalled = () => Promise.reject(new Error("the benchmark sends no transactions"));

function openPayments(database: Awaited<ReturnType<typeof openDatabase>>): PaymentGate {
  const { addresses, chainId } = BENCH_DEPLOYMENT;
  const escrow = FeeEscrow__factory.connect(addresses.feeEscrow);
  const opg = OPG__factory.connect(addresses.opg);
  const provider = { getBlockNumber: () => Promise.resolve(1), call: neverCalled };
  const reader = new FullChannels({ escrow, provider, confirmations: 1 });
  const credit = OPG;
  const store = new ChannelStore(database);
  const book = new ChannelBook({ store, reader, credit, rereadAfterMs: 1_000 });
  const funder = new Funder({
    ...{ book, escrow, opg, log, transactions: new TransactionJournal(database) },
    submitter: { sign: neverCalled, confirm: neverCalled },
    config: { minimumDeposit: 0n, fundingsAtOnce: 1 },
  });
  const { feeEscrow } = addresses;
  const channels = { chainId, feeEscrow, opg: addresses.opg, node: BENCH_NODE, credit };
  return new VoucherGate({
    ...{ node: BENCH_NODE, book, funder, x402: undefined },
    checker: new VoucherChecker(BENCH_DEPLOYMENT, provider),
    terms: { channels: { ...channels, minimumDeposit: 0n }, x402: undefined },
  });
}

function offerOf(runtime: Runtime): DirectOffer {
  const modelId = id(runtime.name);
  const price = { base: 10n ** 12n, perInputUnit: 10n ** 9n, perOutputUnit: 10n ** 9n };
  return {
    ...{ name: BENCH_MODEL, modelId, contentHash: runtime.contentHash, tier: "Signed" },
    forms: ["chat", "completion"],
    quote: { node: BENCH_NODE, modelId, tier: 0n, ...price },
    contextLength: runtime.describe().contextLength,
  };
}

const folder = await mkdtemp(path.join(tmpdir(), "opg-bench-"));
const runtime: Runtime =
  process.argv[2] === "opg-tiny"
    ? await LlamaRuntime.open(OPG_TINY, { gpu: false, parallel: PARALLEL, maxWaiting: 1_024 })
    : new EchoRuntime();
const database = await openDatabase(folder);
const settlement = BENCH_SETTLEMENT;
const signer = new NodeSigner(Wallet.createRandom(), settlement);
const journal = new ReceiptJournal({ database, signer });
const runtimes = new Map([[offerOf(runtime), runtime]]);
const engine = new RuntimeEngine({ runtimes, clock: new SteadyClock() });
const config = gatewayConfigSchema.parse({ port: 0, limits: { concurrent: 64 } });
const gateway = createGateway({
  desk: createDirectDesk({ engines: [engine], journal, settlement, node: BENCH_NODE }),
  reader: { receipt: neverCalled, batch: neverCalled, batchReceipts: neverCalled },
  payments: openPayments(database),
  ...{ settlement, node: BENCH_NODE, publicUrl: "http://127.0.0.1", limits: config.limits, log },
});
const server = await startGateway(gateway, config);
process.stdout.write(`${server.port}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "stop") break;
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  process.stdout.write(`${JSON.stringify({ rss, heapUsed, cpuMs: (user + system) / 1_000 })}\n`);
}
await server.stop();
await database.close();
await runtime.close();
await rm(folder, { recursive: true });
