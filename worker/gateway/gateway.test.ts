import { expect } from "chai";
import { keccak256, verifyTypedData } from "ethers";
import OpenAI, { APIError } from "openai";
import { gatewayConfigSchema } from "./config.ts";
import { GatewayError } from "./failure.ts";
import { directRequestId } from "../../sdk/direct-request.ts";
import { itemisedFee, quoteHash } from "../../sdk/price-quote.ts";
import { batchOf, batchId } from "../../sdk/inference-batch.ts";
import {
  receiptAnswerSchema,
  receiptEnvelopeSchema,
  type BatchedReceipt,
} from "../../sdk/receipt-envelope.ts";
import { receiptLeaf } from "../../sdk/receipt-tree.ts";
import { receiptDomain, RECEIPT_TYPES } from "../../sdk/receipt.ts";
import { FAKE_NODE, FAKE_SETTLEMENT } from "../testing/fake-desk.ts";
import { startFakeGateway, type FakeGateway } from "../testing/fake-gateway.ts";
import { probeGateway, type GatewayProbe } from "../testing/gateway-probe.ts";

const NONCE = `0x${"ab".repeat(32)}`;
const WORDS = "one two three";

const say = (content: string) => [{ role: "user" as const, content }];

describe("paid gateway", () => {
  let node: FakeGateway;
  let client: OpenAI;
  let probe: GatewayProbe;
  /** What the reader knows. */
  const known: BatchedReceipt[] = [];

  before(async () => {
    const batch = () => batchOf(node.desk.signer.address, known);
    node = await startFakeGateway({
      reader: {
        receipt: (requestId) => {
          const found = known.find(({ receipt }) => receipt.requestId === requestId);
          return Promise.resolve(found && { ...found, inclusion: null });
        },
        batch: (id) =>
          Promise.resolve(
            known.length === 0 || id !== batchId(batch())
              ? undefined
              : { batchId: id, node: FAKE_NODE, batch: batch(), leaves: known.map(receiptLeaf) },
          ),
        batchReceipts: (id, from, limit) =>
          Promise.resolve(id === batchId(batch()) ? known.slice(from, from + limit) : undefined),
      },
      checks: { chain: () => Promise.resolve() },
    });
    client = new OpenAI({ baseURL: `${node.url}/v1`, apiKey: "none", maxRetries: 0 });
    probe = await probeGateway(node.url);
  });

  after(() => node.stop());

  describe("chat", () => {
    const path = "/v1/chat/completions";

    it("answers with a receipt that holds for what was asked, sent and paid", async () => {
      const headers = { "OpenGradient-Nonce": NONCE };
      const response = await probe.post(path, { model: "echo", messages: say(WORDS) }, headers);
      const body = await probe.held(response, "post", path);
      const envelope = receiptEnvelopeSchema.parse(body.opengradient);
      const { receipt, request, quote, signature, signer, applied = "" } = envelope;
      const domain = receiptDomain(FAKE_SETTLEMENT);
      expect(verifyTypedData(domain, RECEIPT_TYPES, receipt, signature)).to.equal(signer);
      expect(receipt.requestId).to.equal(directRequestId(FAKE_SETTLEMENT, request));
      expect(request).to.include({ nonce: NONCE, node: FAKE_NODE, quoteHash: quoteHash(quote) });
      expect(request.inputHash).to.equal(keccak256(new TextEncoder().encode(applied)));
      expect(receipt.outputHash).to.equal(keccak256(new TextEncoder().encode(WORDS)));
      expect(envelope.fee).to.deep.equal(itemisedFee(quote, receipt));
      expect(body).to.have.nested.property("choices[0].message.content", WORDS);
      expect(response.headers.get("opengradient-request-id")).to.equal(receipt.requestId);
      expect(response.headers.get("payment-response")).to.equal("paid");
      const header = response.headers.get("opengradient-receipt") ?? "";
      const shown: unknown = JSON.parse(Buffer.from(header, "base64url").toString());
      expect({ ...receiptEnvelopeSchema.parse(shown), applied }).to.deep.equal(envelope);
      // As the schema itself would write it.
      expect(body.opengradient).to.deep.equal(receiptEnvelopeSchema.encode(envelope));
    });

    it("gives the same answer for the same nonce, also where the client leaves the seed open", async () => {
      const headers = { "OpenGradient-Nonce": NONCE };
      const before = node.payments.counts.charged;
      const ask = async () =>
        (await probe.post(path, { model: "echo", messages: say("again") }, headers)).json();
      const first = await ask();
      expect(await ask()).to.deep.equal(first);
      expect(node.payments.counts.charged).to.equal(before + 1);
      const streamed = await probe.post(
        path,
        { model: "echo", messages: say("again"), stream: true },
        headers,
      );
      expect(await streamed.text()).to.include('"content":"again"');
      expect(node.payments.counts.charged).to.equal(before + 1);
      expect(node.payments.open).to.equal(0);
    });

    it("seeds requests of other nonces otherwise", async () => {
      const seeds = new Set<unknown>();
      for (let i = 0; i < 5; i++) {
        const body = await (await probe.post(path, { model: "echo", messages: say("s") })).json();
        const { applied = "" } = receiptEnvelopeSchema.parse(
          (body as typeof known & { opengradient: unknown }).opengradient,
        );
        seeds.add((JSON.parse(applied) as { seed: number }).seed);
      }
      expect(seeds.size).to.equal(5);
    });

    it("is OpenAI's, also when streaming: pieces as they come, then usage and receipt, then the end", async () => {
      const stream = await client.chat.completions.create({
        model: "echo",
        messages: say(WORDS),
        stream: true,
        stream_options: { include_usage: true },
      });
      const chunks: OpenAI.ChatCompletionChunk[] = [];
      for await (const chunk of stream) {
        probe.holdEvent(path, chunk);
        chunks.push(chunk);
      }
      const pieces = chunks.map(({ choices }) => choices[0]?.delta.content);
      expect(pieces).to.deep.equal(["", "one ", "two ", "three", undefined, undefined]);
      expect(chunks.at(-2)?.choices[0]?.finish_reason).to.equal("stop");
      const last = chunks.at(-1);
      expect(last?.choices).to.deep.equal([]);
      expect(last?.usage).to.include({ completion_tokens: WORDS.length });
      const { receipt } = receiptEnvelopeSchema.parse(
        last && "opengradient" in last && last.opengradient,
      );
      expect(receipt.outputHash).to.equal(keccak256(new TextEncoder().encode(WORDS)));
    });

    it("holds streams back that are paid for first, and says their receipt in the headers too", async () => {
      node.payments.mayStream = false;
      const body = { model: "echo", messages: say(WORDS), stream: true };
      const response = await probe.post(path, body);
      node.payments.mayStream = true;
      expect(response.headers.get("payment-response")).to.equal("paid");
      expect(response.headers.get("opengradient-receipt")).to.not.equal(null);
      const text = await response.text();
      expect(text)
        .to.include(`"content":"${WORDS}"`)
        .and.to.match(/data: \[DONE\]\n\n$/);
    });

    it("keeps an answer back whose payment fails, and releases nothing that was charged", async () => {
      const before = { ...node.payments.counts };
      for (const mayStream of [true, false])
        for (const stream of [false, true]) {
          node.payments.mayStream = mayStream;
          node.payments.concludeFailure = new GatewayError(402, "payment_failed", "It bounced.");
          const response = await probe.post(path, { model: "echo", messages: say(WORDS), stream });
          if (mayStream && stream) {
            // Text has left; the receipt does not.
            const text = await response.text();
            expect(text).to.include("payment_failed").and.to.not.include("opengradient");
            expect(text).to.not.include("[DONE]");
          } else expect(await probe.refused(response, path)).to.deep.equal([402, "payment_failed"]);
        }
      node.payments.concludeFailure = undefined;
      node.payments.mayStream = true;
      expect(node.payments.counts.released).to.equal(before.released);
      expect(node.payments.open).to.equal(0);
    });

    it("asks for payment in the body and the headers", async () => {
      const response = await probe.post(
        path,
        { model: "echo", messages: say("hi") },
        { "Test-Payer": "nobody" },
      );
      expect(response.headers.get("payment-required")).to.equal("how");
      const body = await probe.held(response, "post", path);
      expect(response.status).to.equal(402);
      expect(body).to.have.nested.property("error.type", "payment_required");
      expect(body.opengradient).to.deep.equal({ channel: { credit: "0" } });
    });

    it("tells who is paid what was asked for, and the most that it can use", async () => {
      await probe.post(path, { model: "echo", messages: say("hi"), max_tokens: 7 });
      const { url, most, offer } = node.payments.requests.at(-1) ?? {};
      expect(url).to.equal(`https://node.example${path}`);
      expect(most?.outputUnits).to.equal(7n);
      expect(offer).to.include({ name: "echo", tier: "Signed" });
    });

    it("takes the tier that is asked for, by name or id of the model", async () => {
      const [, attested] = node.desk.offers;
      for (const model of ["echo", attested?.modelId ?? ""]) {
        const headers = { "OpenGradient-Tier": "Attested" };
        const body = await (await probe.post(path, { model, messages: say("hi") }, headers)).json();
        expect(body).to.have.nested.property("opengradient.receipt.tier", "1");
        expect(body).to.have.property("model", "echo");
      }
    });

    const REFUSED: readonly (readonly [
      string,
      object | string,
      Record<string, string>,
      unknown,
    ])[] = [
      ["no JSON", "{", {}, [400, "body_invalid"]],
      ["members that are unknown", { model: "echo", tools: [] }, {}, [400, "parameter_invalid"]],
      ["another type", "hi", { "Content-Type": "text/plain" }, [415, "content_type_unsupported"]],
      ["an unknown model", { model: "x", messages: say("") }, {}, [404, "model_not_found"]],
      [
        "a tier that is not offered",
        { model: "echo", messages: say("") },
        { "OpenGradient-Tier": "Proven" },
        [404, "tier_not_offered"],
      ],
      [
        "a tier that is none",
        { model: "echo", messages: say("") },
        { "OpenGradient-Tier": "constructor" },
        [400, "tier_invalid"],
      ],
      [
        "a form that the model does not have",
        { model: "vectors", messages: say("") },
        {},
        [400, "form_not_offered"],
      ],
      [
        "a nonce that is none",
        { model: "echo", messages: say("") },
        { "OpenGradient-Nonce": "0x12" },
        [400, "nonce_invalid"],
      ],
      [
        "more than fits",
        { model: "echo", messages: say(""), max_tokens: 1_000 },
        {},
        [400, "context_length_exceeded"],
      ],
      [
        "a body that is too large",
        { model: "echo", messages: say("a".repeat(1_100_000)) },
        {},
        [413, "body_too_large"],
      ],
    ];
    for (const [what, body, headers, wanted] of REFUSED)
      it(`refuses ${what}, and admits nothing`, async () => {
        const { admitted } = node.payments.counts;
        expect(await probe.refused(await probe.post(path, body, headers), path)).to.deep.equal(
          wanted,
        );
        expect(node.payments.counts.admitted).to.equal(admitted);
      });

    it("releases what fails, once, and tells no more than it should", async () => {
      for (const stream of [false, true])
        for (const [text, status, code] of [
          ["fail", 502, "RUNTIME_FAILED"],
          ["break", 500, "UNEXPECTED"],
        ] as const) {
          const { released } = node.payments.counts;
          const response = await probe.post(path, { model: "echo", messages: say(text), stream });
          const body = JSON.stringify(await probe.held(response, "post", path));
          expect(response.status).to.equal(status);
          expect(body)
            .to.include(code)
            .and.to.not.match(/secret|10\.0\.0\.7|\.ts:/);
          expect(node.payments.counts.released).to.equal(released + 1);
        }
      expect(node.logged.join("")).to.include("secret at /srv/node/key");
      expect(node.payments.open).to.equal(0);
    });

    it("says why an answer failed even where its release fails too", async () => {
      node.payments.releaseFailure = new Error("the database is gone");
      const response = await probe.post(path, { model: "echo", messages: say("fail") });
      node.payments.releaseFailure = undefined;
      expect(await probe.refused(response, path)).to.deep.equal([502, "RUNTIME_FAILED"]);
      expect(node.logged.join("")).to.include("could not be released");
    });
  });

  describe("lists", () => {
    it("models with their prices, for OpenAI's client too", async () => {
      const body = await probe.held(await fetch(`${node.url}/v1/models`), "get", "/v1/models");
      expect(body).to.have.nested.property("data[0].opengradient.offers[1].tier", "Attested");
      expect(body).to.have.nested.property("data[0].opengradient.offers[0].quote.base", "1000");
      const { data } = await client.models.list();
      expect(data.map(({ id }) => id)).to.deep.equal(["echo", "vectors", "tensors"]);
      const byId = node.desk.offers[2]?.modelId ?? "";
      for (const model of ["vectors", byId])
        expect(await client.models.retrieve(model)).to.include({ id: "vectors" });
      const error: unknown = await client.models.retrieve("none").catch((e: unknown) => e);
      expect(error).to.be.instanceOf(APIError).and.to.include({ status: 404 });
    });

    it("receipts and batches that are known", async () => {
      for (const input of ["0x05", "0x06"])
        await probe.post("/v1/infer", { model: "tensors", input });
      for (const { request, quote, input } of node.desk.begun.slice(-2)) {
        const offer = node.desk.offers.find(({ modelId }) => modelId === request.modelId);
        if (offer === undefined) throw new Error("no offer");
        const { record } = await node.desk.answer(offer, { request, quote, input, maxFee: 0n });
        const { signer, signature, receipt } = record;
        const { chainId, settledBy: ledger } = FAKE_SETTLEMENT;
        known.push({ chainId, ledger, signer, signature, receipt, request, quote });
      }
      const [first] = known;
      const id = first?.receipt.requestId ?? "";
      const receipt = await fetch(`${node.url}/v1/receipts/${id}`);
      const body = await probe.held(receipt, "get", "/v1/receipts/{requestId}");
      expect(receiptAnswerSchema.parse(body)).to.deep.equal({ ...first, inclusion: null });

      const batch = batchId(batchOf(node.desk.signer.address, known));
      const whole = await fetch(`${node.url}/v1/batches/${batch}`);
      const found = await probe.held(whole, "get", "/v1/batches/{batchId}");
      expect(found.leaves).to.deep.equal(known.map(receiptLeaf));
      const page = await fetch(`${node.url}/v1/batches/${batch}/receipts?from=1&limit=1`);
      const { receipts } = await probe.held(page, "get", "/v1/batches/{batchId}/receipts");
      expect(receipts).to.have.length(1);
      expect(receipts).to.have.nested.property("[0].receipt.seq", known[1]?.receipt.seq.toString());
    });

    it("nothing that is unknown or malformed", async () => {
      const none = `0x${"00".repeat(32)}`;
      const get = (path: string) => fetch(`${node.url}${path}`);
      const receipts = "/v1/receipts/{requestId}";
      const unknown = await get(`/v1/receipts/${none}`);
      expect(await probe.refused(unknown, receipts, "get")).to.deep.equal([
        404,
        "receipt_not_found",
      ]);
      const short = await get("/v1/receipts/0x12");
      expect(await probe.refused(short, receipts, "get")).to.deep.equal([400, "parameter_invalid"]);
      const batch = await get(`/v1/batches/${none}`);
      const batches = "/v1/batches/{batchId}";
      expect(await probe.refused(batch, batches, "get")).to.deep.equal([404, "batch_not_found"]);
      for (const query of ["limit=0", "limit=2000", "from=-1", "from=1e3"]) {
        const page = await get(`/v1/batches/${none}/receipts?${query}`);
        const wanted = [400, "parameter_invalid"];
        expect(await probe.refused(page, `${batches}/receipts`, "get"), query).to.deep.equal(
          wanted,
        );
      }
    });
  });

  describe("operation", () => {
    it("knows its routes, and the methods of each", async () => {
      const lost = await fetch(`${node.url}/v1/nothing`);
      expect(lost.status).to.equal(404);
      expect(await lost.json()).to.have.nested.property("error.code", "not_found");
      const wrong = await fetch(`${node.url}/v1/chat/completions`, { method: "DELETE" });
      expect(wrong.status).to.equal(405);
      expect(wrong.headers.get("allow")).to.equal("POST");
      expect(await wrong.json()).to.have.nested.property("error.code", "method_not_allowed");
    });

    it("says that it lives and that it is ready", async () => {
      await probe.held(await fetch(`${node.url}/healthz`), "get", "/healthz");
      const ready = await probe.held(await fetch(`${node.url}/readyz`), "get", "/readyz");
      expect(ready).to.deep.equal({ status: "ready", checks: { chain: "ok" } });
    });

    it("counts the journey of requests", async () => {
      const text = await (await fetch(`${node.url}/metrics`)).text();
      const value = (name: string) => Number(text.split(`\n${name} `)[1]?.split("\n")[0]);
      const { charged, released } = node.payments.counts;
      expect(value('gateway_requests_received_total{route="/v1/infer"}')).to.equal(2);
      expect(value('gateway_requests_refused_total{reason="nonce_invalid"}')).to.equal(1);
      expect(value('gateway_requests_refused_total{reason="body_too_large"}')).to.equal(1);
      expect(value("gateway_requests_released_total")).to.equal(released);
      const answered = [...text.matchAll(/answered_total\{.*repeated="false"\} (\d+)/g)];
      const sum = answered.reduce((total, [, count]) => total + Number(count), 0);
      expect(sum).to.equal(charged);
      expect(value("gateway_streams_open")).to.equal(0);
      expect(value("gateway_streamed_pieces_total")).to.be.greaterThan(2);
      expect(value("gateway_requests_waiting")).to.equal(0);
    });

    it("describes every route, and has a configuration that needs nothing", () => {
      expect(probe.paths).to.have.length(13);
      expect(gatewayConfigSchema.parse({})).to.include({ host: "127.0.0.1", port: 8_402 });
    });
  });
});
