import { writeFile } from "node:fs/promises";
import type { PGlite } from "@electric-sql/pglite";
import { expect } from "chai";
import { keccak256, Wallet } from "ethers";
import OpenAI from "openai";
import pino from "pino";
import { gatewayConfigSchema } from "./config.ts";
import { createGateway } from "./gateway.ts";
import { startGateway, type GatewayServer } from "./server.ts";
import { SteadyClock } from "../enclave/clock.ts";
import type { ServedModel } from "../models/served-models.ts";
import { directSchema } from "../receipts/config.ts";
import { createDirectDesk } from "../receipts/create-direct-desk.ts";
import type { DirectDesk } from "../receipts/direct-desk.ts";
import { RuntimeEngine } from "../receipts/engines/runtime-engine.ts";
import { NodeSigner } from "../receipts/node-signer.ts";
import { offersOf } from "../receipts/offers.ts";
import { ReceiptJournal } from "../receipts/receipt-journal.ts";
import { LlamaRuntime } from "../runtimes/llama.ts";
import { ServerRuntime } from "../runtimes/openai.ts";
import { openDatabase } from "../storage/database.ts";
import { LEDGER, NODE, orderOf } from "../testing/direct-orders.ts";
import { embeddingPackage, floatsOf } from "../testing/embedding-package.ts";
import { failureOf } from "../testing/failure.ts";
import { FakePayments } from "../testing/fake-payments.ts";
import { newFolder, removeFolders } from "../testing/folders.ts";
import { listen } from "../testing/listen.ts";
import { ask } from "../testing/opg-tiny.ts";
import { canonicalEmbedding } from "../../sdk/embedding-request.ts";
import {
  encodeLanguageModel,
  languageModelId,
  manifestFile,
  readLanguageModel,
  serverManifest,
} from "../../sdk/language-model.ts";
import { itemisedFee } from "../../sdk/price-quote.ts";
import { receiptEnvelopeSchema } from "../../sdk/receipt-envelope.ts";

const INPUT = ["The price was 80 and is now 99.", "héllo", "Write a story."];

describe("embeddings of a node", () => {
  let database: PGlite;
  let runtime: LlamaRuntime;
  let desk: DirectDesk;
  let server: GatewayServer;
  let client: OpenAI;
  const payments = new FakePayments();

  before(async () => {
    const folder = await embeddingPackage();
    runtime = await LlamaRuntime.open(folder, { gpu: false, parallel: 2 });
    database = await openDatabase(await newFolder());
    const offer = await offerOf(folder);
    desk = createDirectDesk({
      engines: [
        new RuntimeEngine({ runtimes: new Map([[offer, runtime]]), clock: new SteadyClock() }),
      ],
      journal: new ReceiptJournal({
        database,
        signer: new NodeSigner(Wallet.createRandom(), LEDGER),
      }),
      settlement: LEDGER,
      node: NODE,
    });
    const config = gatewayConfigSchema.parse({ port: 0, limits: { stopMs: 200 } });
    const unknown = () => Promise.resolve(undefined);
    const gateway = createGateway({
      ...{ desk, payments, settlement: LEDGER, node: NODE, limits: config.limits },
      reader: { receipt: unknown, batch: unknown, batchReceipts: unknown },
      publicUrl: "https://node.example",
      log: pino({ level: "silent" }),
    });
    server = await startGateway(gateway, config);
    client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "none", maxRetries: 0 });
  });

  after(async () => {
    await server.stop();
    await runtime.close();
    await database.close();
    await removeFolders();
  });

  async function offerOf(folder: string) {
    const found = await readLanguageModel(folder);
    const publisher = NODE;
    const modelId = languageModelId(publisher, found.contentHash);
    const model: ServedModel = { kind: "language", modelId, publisher, folder, package: found };
    const price = { answer: "0.1", millionInput: "2", millionOutput: "1000" };
    const { offers } = directSchema.parse({ offers: [{ folder, tier: "Signed", price }] });
    const [served] = offersOf(offers, { models: new Map([[folder, model]]), node: NODE });
    if (served === undefined) throw new Error("nothing is offered");
    return served.offer;
  }

  it("are offered by a package that embeds, alone", async () => {
    expect(desk.offers.map(({ forms }) => forms)).to.deep.equal([["embedding"]]);
    const chat = client.chat.completions.create({
      model: "tiny-vectors",
      messages: [{ role: "user", content: "hi" }],
    });
    const refusal: unknown = await chat.catch((error: unknown) => error);
    expect(refusal).to.include({ status: 400, code: "form_not_offered" });
  });

  it("reach OpenAI's client as they were computed, in either encoding, under a receipt", async () => {
    const { vectors, inputTokens } = await runtime.embed({ input: INPUT });
    for (const encoding of [{}, { encoding_format: "float" as const }]) {
      const answer = await client.embeddings.create({
        ...{ model: "tiny-vectors", input: INPUT },
        ...encoding,
      });
      const numbers = answer.data.flatMap(({ embedding }) => embedding);
      expect(numbers).to.deep.equal(floatsOf(vectors));
      expect(answer.data.map(({ index }) => index)).to.deep.equal([0, 1, 2]);
      expect(answer.usage).to.deep.equal({
        prompt_tokens: inputTokens,
        total_tokens: inputTokens,
      });
      if (!("opengradient" in answer)) throw new Error("no receipt");
      const { receipt } = receiptEnvelopeSchema.parse(answer.opengradient);
      const usage = { inputUnits: BigInt(inputTokens), outputUnits: 0n };
      expect(receipt).to.deep.include({ ...usage, outputHash: keccak256(vectors) });
      expect(receipt.inputHash).to.equal(keccak256(canonicalEmbedding({ input: INPUT })));
      const [offer] = desk.offers;
      if (offer === undefined) throw new Error("nothing is offered");
      expect(receipt.fee).to.equal(itemisedFee(offer.quote, usage).total);
    }
  });

  it("are refused before they are paid for if a text is too long", async () => {
    const { admitted } = payments.counts;
    const long = client.embeddings.create({ model: "tiny-vectors", input: "1".repeat(500) });
    const refusal: unknown = await long.catch((error: unknown) => error);
    expect(refusal).to.include({ status: 400, code: "context_length_exceeded" });
    expect(payments.counts.admitted).to.equal(admitted);
  });

  it("are measured to the token by the desk, which takes no other input for this model", async () => {
    const [offer] = desk.offers;
    if (offer === undefined) throw new Error("nothing is offered");
    const order = orderOf(offer, { input: canonicalEmbedding({ input: ["hi"] }) });
    const most = await desk.measure(offer, "embedding", order.input);
    expect(most.outputUnits).to.equal(0n);
    const { record } = await desk.answer(offer, order);
    expect(record.receipt).to.deep.include(most);
    const chat = orderOf(offer, { content: "hi" });
    for (const act of [
      desk.answer(offer, chat),
      desk.measure(offer, "embedding", chat.input),
      desk.measure(offer, "embedding", new TextEncoder().encode('{"input": ["hi"]}')),
    ])
      expect((await failureOf(act)).code).to.equal("CHAT_REQUEST_INVALID");
  });

  describe("by a runtime at a server", () => {
    async function open(url: string, contextLength = 384): Promise<ServerRuntime> {
      const folder = await newFolder();
      const name = { name: "remote", model: "tiny-vectors" };
      const manifest = serverManifest({ ...name, contextLength, embeds: true });
      await writeFile(manifestFile(folder), encodeLanguageModel(manifest));
      return ServerRuntime.open(folder, { url, retries: 0 });
    }

    it("are those of the server", async () => {
      const remote = await open(`${server.url}/v1`);
      const local = await runtime.embed({ input: INPUT });
      expect(await remote.embed({ input: INPUT })).to.deep.equal(local);
      const { inputTokens } = await remote.check({ input: INPUT });
      expect(inputTokens).to.be.within(local.inputTokens, 384 * INPUT.length);
      const text = await failureOf(remote.generate(ask("hi")));
      expect(text.code).to.equal("CHAT_REQUEST_INVALID");
      expect((await failureOf(remote.check(ask("hi")))).code).to.equal("CHAT_REQUEST_INVALID");
      await remote.close();
    });

    it("take no more tokens than its context has for each text", async () => {
      const remote = await open(`${server.url}/v1`, 20);
      const { inputTokens } = await remote.check({ input: ["a".repeat(100), "a"] });
      expect(inputTokens).to.equal(20 + 17);
      await remote.close();
    });

    const vector = (index: number, ...embedding: unknown[]) => ({ index, embedding });
    const usage = { prompt_tokens: 2 };
    const BROKEN: Readonly<Record<string, object>> = {
      "no usage": { data: [vector(0, 1), vector(1, 1)] },
      "a vector too few": { data: [vector(0, 1)], usage },
      "a vector too many": { data: [vector(0, 1), vector(1, 1), vector(2, 1)], usage },
      "vectors in another order": { data: [vector(1, 1), vector(0, 1)], usage },
      "vectors of other lengths": { data: [vector(0, 1), vector(1, 1, 2)], usage },
      "empty vectors": { data: [vector(0), vector(1)], usage },
      "what is no number": { data: [vector(0, "1"), vector(1, null)], usage },
      "more than 32 bits hold": { data: [vector(0, 1e39), vector(1, 1)], usage },
      "more tokens than there can be": {
        data: [vector(0, 1), vector(1, 1)],
        usage: { prompt_tokens: 37 },
      },
      "something else": { hello: "world" },
    };
    for (const [what, body] of Object.entries(BROKEN))
      it(`are not believed with ${what}`, async () => {
        const broken = await listen((request) =>
          request.method === "GET" ? new Response("", { status: 404 }) : Response.json(body),
        );
        const remote = await open(broken.url);
        const failure = await failureOf(remote.embed({ input: ["a", "bb"] }));
        expect(failure.code).to.equal("RUNTIME_FAILED");
        await remote.close();
        broken.server.close();
      });
  });
});
