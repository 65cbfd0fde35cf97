import process from "node:process";
import { expect } from "chai";
import { ExactEvmScheme } from "@x402/evm/exact/client";
import { decodePaymentResponseHeader, wrapFetchWithPayment, x402Client } from "@x402/fetch";
import { hexlify } from "ethers";
import OpenAI from "openai";
import pino from "pino";
import { privateKeyToAccount } from "viem/accounts";
import { z } from "zod";
import { developmentAccount } from "../../scripts/local-chain.ts";
import { createClient, type Client, type ClientOptions } from "../../sdk/client/client.ts";
import type { Receipt } from "../../sdk/client/receipt.ts";
import { readWorkerConfig } from "../../worker/config.ts";
import { startWorker, type Worker } from "../../worker/worker.ts";
import { directNode, offerOf, type DirectNode } from "../fixtures/direct-node.ts";
import { INPUT } from "../fixtures/models.ts";
import { until } from "../worker/jobs.ts";

const log = pino({ level: process.env.LOG_LEVEL ?? "silent" });

/** Position of the payer among the development accounts. */
const PAYER = 5;

const QUESTION = "The price was 80 and is now 99. Did it rise or fall?";
const ASKED = {
  messages: [{ role: "user" as const, content: QUESTION }],
  max_tokens: 16,
  temperature: 0,
};

/** The gateway over a whole worker: enclave, proofs, journal and batches are those of nodes. */
describe("Client: a whole node", () => {
  let node: DirectNode;
  let worker: Worker | undefined;

  before(async () => {
    node = await directNode();
    await node.approve(await node.measure());
  });

  afterEach(async () => {
    await worker?.stop();
    worker = undefined;
  });

  after(() => node.close());

  /** Starts a worker, and connects an app to its gateway. */
  async function connect(configuration: string, options: Partial<ClientOptions> = {}) {
    worker = await startWorker(await readWorkerConfig(configuration), { log });
    const { deployment, provider } = node;
    const nodes = [worker.gatewayUrl ?? expect.fail("the worker does not listen")];
    return createClient({ deployment, provider, nodes, ...options });
  }

  /** Waits until the node says where a receipt is: the chain alone may show it before. */
  async function included(receipt: Receipt) {
    const isTold = () =>
      receipt.proveInclusion().then(
        ({ source }) => source === "node",
        () => false,
      );
    await until(isTold);
    return receipt.proveInclusion();
  }

  async function nameOf(client: Client, tier: string): Promise<string> {
    const offers = await client.models();
    return offers.find((offer) => offer.tier === tier)?.name ?? expect.fail(`no ${tier}`);
  }

  it("answers OpenAI's client from its enclave, streams too, and commits the receipts", async () => {
    const receipts: Receipt[] = [];
    const client = await connect(await node.configureLanguage("whole-language"), {
      tier: "Attested",
      onReceipt: (receipt) => receipts.push(receipt),
    });
    const model = await nameOf(client, "Attested");
    // The enclave's key counts from its attestation on.
    await until(() => client.chat({ model, ...ASKED }).then(Boolean, () => false));
    receipts.length = 0;
    const { baseURL, fetch } = client;
    const ai = new OpenAI({ baseURL, fetch, apiKey: "none", maxRetries: 0 });
    const answer = await ai.chat.completions.create({ model, ...ASKED });
    expect(answer.choices[0]?.message.content).to.equal("It rose.");
    let text = "";
    for await (const { choices } of await ai.chat.completions.create({
      ...{ model, ...ASKED, stream: true },
    }))
      text += choices[0]?.delta.content ?? "";
    expect(text).to.equal("It rose.");
    expect(receipts.map(({ tier }) => tier)).to.deep.equal(["Attested", "Attested"]);
    const [first] = receipts;
    const proof = await included(first ?? expect.fail("no receipt"));
    expect(proof).to.include({ status: "Committed", source: "node" });
    await first?.verify();
  });

  it("answers with a proof, which is checked before the answer is handed over", async () => {
    const client = await connect(await node.configureTensors("whole-tensors"));
    const model = await nameOf(client, "Proven");
    const { receipt } = await client.infer({ model, tier: "Proven", input: INPUT });
    expect(receipt.checks.find(({ check }) => check === "proof")).to.include({ holds: true });
    const second = await client.infer({ model, tier: "Signed", input: INPUT });
    expect(second.receipt.tier).to.equal("Signed");
    const proof = await included(receipt);
    expect(proof.batch.signer).to.equal(worker?.account);
    await receipt.verify();
  });

  it("is paid by x402's official client, for exactly what the receipt says", async () => {
    const { deployment, opg: token, operator } = node;
    const configuration = await node.configureTensors("whole-paid", { payments: {} });
    worker = await startWorker(await readWorkerConfig(configuration), { log });
    const payer = developmentAccount(PAYER);
    const asset = deployment.addresses.opg;
    const x402 = new x402Client()
      .setSpendControls({ allowedAssets: [{ network: "eip155:31337", asset }] })
      .register(
        "eip155:31337",
        new ExactEvmScheme(privateKeyToAccount(payer.privateKey as `0x${string}`)),
      );
    const before = await token.balanceOf(operator);
    const model = offerOf(worker, "Signed").name;
    const response = await wrapFetchWithPayment(fetch, x402)(`${worker.gatewayUrl}/v1/infer`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ model, tier: "Signed", input: hexlify(INPUT) }),
    });
    expect(response.status).to.equal(200);
    const answer = z
      .object({ opengradient: z.object({ receipt: z.object({ fee: z.string() }) }) })
      .parse(await response.json());
    const { fee } = answer.opengradient.receipt;
    expect((await token.balanceOf(operator)) - before).to.equal(BigInt(fee));
    const paid = decodePaymentResponseHeader(response.headers.get("PAYMENT-RESPONSE") ?? "");
    expect(paid).to.include({ success: true, payer: payer.address });
  });

  it("answers nobody who does not pay", async () => {
    const configuration = await node.configureTensors("whole-unpaid", { payments: {} });
    worker = await startWorker(await readWorkerConfig(configuration), { log });
    const model = offerOf(worker, "Signed").name;
    const response = await fetch(`${worker.gatewayUrl}/v1/infer`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ model, tier: "Signed", input: hexlify(INPUT) }),
    });
    expect(response.status).to.equal(402);
    expect(response.headers.has("PAYMENT-REQUIRED")).to.equal(true);
  });
});
