import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { id, JsonRpcProvider, parseEther, Wallet } from "ethers";
import OpenAI, { APIError } from "openai";
import pino from "pino";
import { developmentAccount, startLocalChain } from "../../scripts/local-chain.ts";
import { createClient, type ClientOptions } from "../../sdk/client/client.ts";
import { createPayments, type PaymentsOptions } from "../../sdk/client/payments.ts";
import { settlementOf } from "../../sdk/client/receipt-access.ts";
import type { Receipt } from "../../sdk/client/receipt.ts";
import { canonicalRequest } from "../../sdk/chat-request.ts";
import { connectProtocol } from "../../sdk/protocol.ts";
import { Submitter } from "../../worker/chain/submitter.ts";
import { TransactionJournal } from "../../worker/chain/transaction-journal.ts";
import { WorkerEvents } from "../../worker/events.ts";
import { gatewayConfigSchema } from "../../worker/gateway/config.ts";
import { createGateway } from "../../worker/gateway/gateway.ts";
import { startGateway } from "../../worker/gateway/server.ts";
import { paymentsConfigSchema } from "../../worker/payments/config.ts";
import { openPayments } from "../../worker/payments/payments.ts";
import { openDatabase } from "../../worker/storage/database.ts";
import { createEchoDesk } from "../../worker/testing/echo-desk.ts";
import { openMarket } from "../fixtures/market.ts";
import { fundedProtocolOn } from "../fixtures/protocol.ts";

/** Positions of the actors among the development accounts. */
const NODE_SIGNER = 3;
const PAYER = 5;

const MESSAGES = [{ role: "user" as const, content: "Echo" }];
const ASKED = { messages: MESSAGES, max_tokens: 9, seed: 7, temperature: 0 };

/** The desk says the first bytes of what it was asked. */
const TEXT = new TextDecoder().decode(canonicalRequest(ASKED).slice(0, 64));

const NOTHING = () => Promise.resolve(undefined);

/** A node with the gateway and the payments that nodes have; what answers is an echo. */
async function paidNode() {
  const chain = await startLocalChain({ keepsTime: true });
  const fixture = await fundedProtocolOn(chain.connection);
  await openMarket(fixture);
  const { deployment, operator } = fixture;
  const folder = await mkdtemp(path.join(tmpdir(), "opg-paid-"));
  const provider = new JsonRpcProvider(chain.rpcUrl, undefined, { cacheTimeout: -1 });
  const wallet = new Wallet(developmentAccount(NODE_SIGNER).privateKey, provider);
  const database = await openDatabase(folder);
  const transactions = new TransactionJournal(database);
  const stopping = new AbortController();
  const log = pino({ level: "silent" });
  const { signal } = stopping;
  const common = { provider, wallet, confirmations: 1, pollingIntervalMs: 50, log, signal };
  const { chainId } = deployment;
  const journal = { chainId, journal: transactions, events: new WorkerEvents() };
  const fees = { bumpAfterMs: 10_000, maxFeePerGas: 10n ** 10n };
  const submitter = new Submitter({ ...common, ...journal, ...fees });
  const payments = await openPayments(paymentsConfigSchema.parse({}), {
    ...{ ...common, deployment, protocol: connectProtocol(deployment, provider) },
    ...{ operator: operator.address, database, submitter, transactions },
  });
  const running = payments.run();
  const settlement = settlementOf(deployment);
  const model = { name: "echo", modelId: id("echo"), contentHash: id("echo's content") };
  const prices = { base: 10n ** 15n, perInputUnit: 10n ** 12n, perOutputUnit: 10n ** 13n };
  const quote = { node: operator.address, modelId: model.modelId, tier: 0n, ...prices };
  const offers = [{ ...model, tier: "Signed" as const, forms: ["chat" as const], quote }];
  const desk = await createEchoDesk({ database, settlement, wallet, offers });
  const config = gatewayConfigSchema.parse({ port: 0 });
  const gateway = createGateway({
    ...{ desk, payments: payments.gate, settlement, node: operator.address, log },
    reader: { receipt: NOTHING, batch: NOTHING, batchReceipts: NOTHING },
    ...{ publicUrl: "http://127.0.0.1", limits: config.limits },
    ...(payments.routes !== undefined && { extensions: [payments.routes] }),
  });
  const server = await startGateway(gateway, config);
  const close = async () => {
    await server.stop();
    stopping.abort();
    await running;
    await database.close();
    provider.destroy();
    await chain.close();
    await rm(folder, { recursive: true });
  };
  const payer = new Wallet(developmentAccount(PAYER).privateKey, provider);
  return { ...fixture, payer, provider, quote, url: server.url, rpcUrl: chain.rpcUrl, close };
}

describe("Client: a node that is paid", () => {
  let node: Awaited<ReturnType<typeof paidNode>>;

  before(async () => {
    node = await paidNode();
  });

  after(() => node.close());

  async function connect(
    payments: Partial<PaymentsOptions> = {},
    options: Partial<ClientOptions> = {},
  ) {
    const { deployment, provider, payer: wallet, url } = node;
    const receipts: Receipt[] = [];
    const client = await createClient({
      ...{ deployment, provider, nodes: [url], trust: { cacheMs: 0 } },
      payment: createPayments({ wallet, deployment, ...payments }),
      onReceipt: (receipt) => receipts.push(receipt),
      ...options,
    });
    const { baseURL, fetch } = client;
    const ai = new OpenAI({ baseURL, fetch, apiKey: "none", maxRetries: 0 });
    return { client, ai, receipts };
  }

  for (const payWith of ["voucher", "x402"] as const)
    it(`answers OpenAI's client, paid by ${payWith}, whole and as a stream`, async () => {
      const { ai, receipts } = await connect({ payWith });
      const answer = await ai.chat.completions.create({ model: "echo", ...ASKED });
      expect(answer.choices[0]?.message.content).to.equal(TEXT);
      const stream = await ai.chat.completions.create({ model: "echo", ...ASKED, stream: true });
      let text = "";
      for await (const { choices } of stream) text += choices[0]?.delta.content ?? "";
      expect(text).to.equal(TEXT);
      expect(receipts.map(({ content }) => content.payer)).to.deep.equal([
        node.payer.address,
        node.payer.address,
      ]);
      const [first] = receipts;
      const { inputUnits, outputUnits, fee } = first?.content ?? expect.fail();
      const { base, perInputUnit, perOutputUnit } = node.quote;
      const least = base + inputUnits * perInputUnit + outputUnits * perOutputUnit;
      if (payWith === "voucher") expect(fee).to.equal(least);
      // What is paid in advance is the most that the answer could have cost.
      else expect(fee >= least).to.be.true;
    });

  it("is not paid more than was agreed", async () => {
    const limits = { perRequest: 1n };
    const { client } = await connect({ limits });
    const order = { model: "echo", ...ASKED };
    const error: unknown = await client.chat(order).catch((e: unknown) => e);
    expect(error).to.include({ code: "SPENDING_LIMIT" });
    const { ai } = await connect({ limits });
    const told: unknown = await ai.chat.completions.create(order).catch((e: unknown) => e);
    expect(told).to.be.instanceOf(APIError).and.include({ status: 402, code: "SPENDING_LIMIT" });
  });

  it("is paid no more once the session's limit is reached", async () => {
    const { client, receipts } = await connect({ limits: { perSession: parseEther("0.0045") } });
    let asked = 0;
    const error: unknown = await (async () => {
      for (; asked < 20; asked++) await client.chat({ model: "echo", ...ASKED });
    })().catch((e: unknown) => e);
    expect(error).to.include({ code: "SPENDING_LIMIT" });
    expect(asked).to.be.within(1, 4);
    const spent = receipts.reduce((sum, { fee }) => sum + fee.total, 0n);
    expect(spent <= parseEther("0.0045")).to.be.true;
  });

  it("refuses who does not pay", async () => {
    const { deployment, provider, url } = node;
    const client = await createClient({ deployment, provider, nodes: [url] });
    const error: unknown = await client.chat({ model: "echo", ...ASKED }).catch((e: unknown) => e);
    expect(error).to.include({ code: "NODE_REFUSED" });
  });

  it("answers once, and is paid once, whoever asks again with the same nonce", async () => {
    const { client, receipts } = await connect();
    const order = { model: "echo", ...ASKED, nonce: id("a nonce") };
    await client.chat(order);
    await client.chat(order);
    const [first, second] = receipts.map((receipt) => receipt.toJSON());
    expect(first).to.deep.equal(second);
  });
});
