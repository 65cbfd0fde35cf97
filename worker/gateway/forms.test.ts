import { expect } from "chai";
import { hexlify, keccak256 } from "ethers";
import OpenAI from "openai";
import { receiptEnvelopeSchema } from "../../sdk/receipt-envelope.ts";
import { FAKE_TENSOR } from "../testing/fake-desk.ts";
import { startFakeGateway, type FakeGateway } from "../testing/fake-gateway.ts";
import { probeGateway, type GatewayProbe } from "../testing/gateway-probe.ts";

describe("paid gateway, for other forms than chats", () => {
  let node: FakeGateway;
  let client: OpenAI;
  let probe: GatewayProbe;

  before(async () => {
    node = await startFakeGateway();
    client = new OpenAI({ baseURL: `${node.url}/v1`, apiKey: "none", maxRetries: 0 });
    probe = await probeGateway(node.url);
  });

  after(() => node.stop());

  describe("completions", () => {
    it("continue a text", async () => {
      const path = "/v1/completions";
      const response = await probe.post(path, {
        model: "echo",
        prompt: "Once upon",
        max_tokens: 5,
      });
      const body = await probe.held(response, "post", path);
      expect(body).to.have.nested.property("choices[0].text", "Once upon");
      const { applied = "" } = receiptEnvelopeSchema.parse(body.opengradient);
      expect(JSON.parse(applied)).to.include({ prompt: "Once upon", max_tokens: 5 });
      let text = "";
      const stream = await client.completions.create({
        model: "echo",
        prompt: "Once upon",
        stream: true,
      });
      for await (const chunk of stream) {
        probe.holdEvent(path, chunk);
        text += chunk.choices[0]?.text ?? "";
      }
      expect(text).to.equal("Once upon");
    });

    for (const wrong of [{ echo: true }, { best_of: 2 }, { suffix: "x" }, { prompt: ["a", "b"] }])
      it(`are refused with ${JSON.stringify(wrong)}`, async () => {
        const body = { model: "echo", prompt: "a", ...wrong };
        const response = await probe.post("/v1/completions", body);
        expect(await probe.refused(response, "/v1/completions")).to.deep.equal([
          400,
          "parameter_invalid",
        ]);
      });
  });

  describe("embeddings", () => {
    const path = "/v1/embeddings";

    it("are numbers, in either encoding", async () => {
      // The client asks for base64 itself if nothing is said.
      for (const encoding of [{}, { encoding_format: "float" as const }]) {
        const { data, usage } = await client.embeddings.create({
          model: "vectors",
          input: ["A", "Bcd"],
          ...encoding,
        });
        expect(data.map(({ embedding }) => embedding)).to.deep.equal([
          [1, 65, 0.5],
          [3, 66, 0.5],
        ]);
        expect(usage.prompt_tokens).to.be.greaterThan(0);
      }
    });

    it("have receipts for all their bytes", async () => {
      const response = await probe.post(path, {
        model: "vectors",
        input: "A",
        encoding_format: "base64",
      });
      const body = (await probe.held(response, "post", path)) as {
        data: [{ embedding: string }];
        opengradient: unknown;
      };
      const { receipt, applied } = receiptEnvelopeSchema.parse(body.opengradient);
      expect(receipt.outputHash).to.equal(keccak256(Buffer.from(body.data[0].embedding, "base64")));
      expect(applied).to.equal('{"input":["A"]}');
    });

    it("are refused for nothing, and by models that have none", async () => {
      const empty = await probe.post(path, { model: "vectors", input: [] });
      expect(await probe.refused(empty, path)).to.deep.equal([400, "CHAT_REQUEST_INVALID"]);
      const other = await probe.post(path, { model: "echo", input: "A" });
      expect(await probe.refused(other, path)).to.deep.equal([400, "form_not_offered"]);
    });
  });

  describe("inference", () => {
    const path = "/v1/infer";
    const binary = "application/octet-stream";

    it("takes and gives bytes, as hex or as they are", async () => {
      const body = { model: "tensors", tier: "Optimistic", input: hexlify(FAKE_TENSOR) };
      const answer = await probe.held(await probe.post(path, body), "post", path);
      expect(answer.output).to.equal("0x030201");
      const { receipt } = receiptEnvelopeSchema.parse(answer.opengradient);
      expect(receipt).to.include({ inputHash: keccak256(FAKE_TENSOR) });
      const response = await fetch(`${node.url}${path}?model=tensors`, {
        method: "POST",
        headers: { "Content-Type": binary, Accept: binary },
        body: Buffer.from(FAKE_TENSOR),
      });
      expect(new Uint8Array(await response.arrayBuffer())).to.deep.equal(
        Uint8Array.from(FAKE_TENSOR).reverse(),
      );
      expect(response.headers.get("opengradient-receipt")).to.not.equal(null);
      expect(response.headers.get("content-type")).to.equal(binary);
    });

    it("refuses hex that is none, no model, and tiers that contradict each other", async () => {
      const odd = await probe.post(path, { model: "tensors", input: "0x1" });
      expect(await probe.refused(odd, path)).to.deep.equal([400, "parameter_invalid"]);
      const nameless = await fetch(`${node.url}${path}`, {
        method: "POST",
        headers: { "Content-Type": binary },
        body: "x",
      });
      expect(await probe.refused(nameless, path)).to.deep.equal([400, "parameter_invalid"]);
      const body = { model: "tensors", tier: "Optimistic", input: "0x" };
      const torn = await probe.post(path, body, { "OpenGradient-Tier": "Proven" });
      expect(await probe.refused(torn, path)).to.deep.equal([400, "tier_invalid"]);
    });
  });
});
