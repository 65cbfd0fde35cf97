import { expect } from "chai";
import { id, ZeroAddress } from "ethers";
import OpenAI, { APIError } from "openai";
import { createClient, type ClientOptions } from "../../sdk/client/client.ts";
import { settlementOf } from "../../sdk/client/receipt-access.ts";
import { NodeFailure } from "../../sdk/client/node-failure.ts";
import { ReceiptError } from "../../sdk/client/receipt-fault.ts";
import { roleSet } from "../../sdk/tiers.ts";
import { startLyingNode, type LyingModel, type LyingNode } from "../fixtures/lying-node.ts";
import { expectCode } from "../fixtures/errors.ts";
import { loadFixture, time } from "../fixtures/network.ts";
import { signedMarket } from "../fixtures/signed.ts";

const TEXT = "It rose. It fell. It stood.";

const MESSAGES = [{ role: "user" as const, content: "Did it rise?" }];

const CHAT = { model: "tiny", messages: MESSAGES, maxFee: 10_000n, temperature: 0 };

/** A port on which nobody listens. */
const NOWHERE = "http://127.0.0.1:1";

describe("Client: nodes", () => {
  let fixture: Awaited<ReturnType<typeof signedMarket>>;
  /** The first is cheaper. */
  let first: LyingNode;
  let second: LyingNode;

  beforeEach(async () => {
    fixture = await loadFixture(signedMarket);
    const { deployment, operator, nodeSigner, otherOperator, published } = fixture;
    const model = (base: bigint): LyingModel => ({
      ...{ name: "tiny", modelId: published.modelId, tier: "Signed", form: "chat" },
      answer: () => Promise.resolve({ output: new TextEncoder().encode(TEXT) }),
      quote: { base },
    });
    const shared = { settlement: settlementOf(deployment), now: () => time.latest() };
    const [key, other] = [nodeSigner, otherOperator];
    first = await startLyingNode({ ...shared, node: operator.address, key, models: [model(1n)] });
    second = await startLyingNode({
      ...{ ...shared, node: other.address, key: other, models: [model(100n)] },
    });
  });

  afterEach(() => Promise.all([first.close(), second.close()]));

  const connect = (options: Partial<ClientOptions> = {}) =>
    createClient({
      ...{ provider: fixture.provider, deployment: fixture.deployment },
      nodes: [second.url, first.url],
      trust: { cacheMs: 0 },
      ...options,
    });

  const asked = () => [first.state.asked.length, second.state.asked.length];

  const failing =
    (status: number, headers: Record<string, string> = {}) =>
    () =>
      Response.json({ error: { message: "It fails." } }, { status, headers });

  describe("asks", () => {
    it("the cheapest first, and shows prices", async () => {
      const client = await connect();
      const { receipt } = await client.chat(CHAT);
      expect(receipt.content.node).to.equal(fixture.operator.address);
      expect(asked()).to.deep.equal([1, 0]);
      const offers = await client.models();
      expect(offers.map(({ url, quote }) => [url, quote.base])).to.deep.equal([
        [second.url, 100n],
        [first.url, 1n],
      ]);
    });

    it("those that the registry knows, and that have the role", async () => {
      const { nodeRegistry, operator, nodeSigner, otherOperator } = fixture;
      const described = { roles: roleSet("Inference"), signer: nodeSigner };
      const client = await connect({ nodes: [] });
      await expectCode(() => client.chat(CHAT), "MODEL_NOT_OFFERED");
      await nodeRegistry.connect(operator).update({ ...described, endpoint: "not a URL" });
      await nodeRegistry
        .connect(otherOperator)
        .update({ ...described, signer: otherOperator, endpoint: `${second.url}/v1/` });
      const { provider, deployment } = fixture;
      const finding = await createClient({ provider, deployment });
      const { receipt } = await finding.chat(CHAT);
      expect(receipt.content.node).to.equal(otherOperator.address);
    });

    it("none that says that it is another's", async () => {
      const nodes = [{ url: first.url, operator: fixture.otherOperator.address }];
      const client = await connect({ nodes });
      const error = await expectCode(() => client.chat(CHAT), "NO_NODE_LEFT");
      expect(error.message).to.include("registered as that of");
    });

    it("none that settles elsewhere", async () => {
      const { deployment, provider } = fixture;
      const client = await createClient({
        ...{ provider, nodes: [first.url] },
        deployment: { ...deployment, chainId: 1n },
      });
      const error = await expectCode(() => client.chat(CHAT), "NO_NODE_LEFT");
      expect(error.message).to.include("not where this app does");
    });

    it("for the model that a name is pinned to, and for none that only shares the name", async () => {
      const { modelId } = fixture.published;
      const client = await connect({ models: { mine: modelId, tiny: id("another model") } });
      await client.chat({ ...CHAT, model: "mine" });
      await client.chat({ ...CHAT, model: modelId });
      await expectCode(() => client.chat(CHAT), "MODEL_NOT_OFFERED");
      expect(first.state.asked.map(({ body }) => body.model)).to.deep.equal(["tiny", "tiny"]);
    });

    it("for no name that means two models", async () => {
      await second.close();
      const { deployment, otherOperator } = fixture;
      second = await startLyingNode({
        settlement: settlementOf(deployment),
        ...{ node: otherOperator.address, key: otherOperator, now: () => time.latest() },
        models: [
          {
            ...{ name: "tiny", modelId: id("another model"), tier: "Signed", form: "chat" },
            answer: () => Promise.resolve({ output: new Uint8Array(1) }),
          },
        ],
      });
      const client = await connect();
      await expectCode(() => client.chat(CHAT), "MODEL_AMBIGUOUS");
    });

    it("at URLs only", async () => {
      await expectCode(() => connect({ nodes: ["nowhere"] }), "NODE_UNKNOWN");
    });
  });

  describe("tries another node", () => {
    it("if one cannot be reached", async () => {
      const client = await connect({ nodes: [NOWHERE, second.url] });
      const { receipt } = await client.chat(CHAT);
      expect(receipt.content.node).to.equal(fixture.otherOperator.address);
      const none = await connect({ nodes: [NOWHERE] });
      await expectCode(() => none.chat(CHAT), "NO_NODE_LEFT");
    });

    it("if one fails, after asking it once more for the same", async () => {
      first.state.lie = { instead: failing(500) };
      const client = await connect();
      const { receipt } = await client.chat(CHAT);
      expect(receipt.content.node).to.equal(fixture.otherOperator.address);
      expect(asked()).to.deep.equal([2, 1]);
      const [one, two] = first.state.asked.map(({ headers }) => headers.get("opengradient-nonce"));
      expect(one).to.equal(two);
    });

    it("if one is busy, at once; and waits if there is no other", async () => {
      const busyOnce = (count: number) => (count > 1 ? undefined : busy());
      const busy = failing(429, { "retry-after": "1" });
      first.state.lie = { instead: busyOnce };
      const client = await connect();
      const { receipt } = await client.chat(CHAT);
      expect(receipt.content.node).to.equal(fixture.otherOperator.address);
      first.state.asked.length = 0;
      const alone = await connect({ nodes: [first.url] });
      const before = performance.now();
      await alone.chat(CHAT);
      expect(performance.now() - before).to.be.within(990, 5_000);
      first.state.lie = { instead: busy };
      const hasty = await connect({ nodes: [first.url], limits: { patienceMs: 500 } });
      await expectCode(() => hasty.chat(CHAT), "NODE_BUSY");
    });

    it("if a receipt does not hold, and leaves that node alone from then on", async () => {
      const invalid: (readonly [string, string])[] = [];
      const client = await connect({
        onInvalidReceipt: ({ check }, url) => invalid.push([check, url]),
      });
      first.state.lie = { receipt: (receipt) => ({ ...receipt, fee: receipt.fee + 1n }) };
      for (let round = 1; round <= 2; round++) {
        const { receipt } = await client.chat(CHAT);
        expect(receipt.content.node).to.equal(fixture.otherOperator.address);
      }
      expect(asked()).to.deep.equal([1, 2]);
      expect(invalid).to.deep.equal([["fee", first.url]]);
      const alone = await connect({ nodes: [first.url] });
      await expectCode(() => alone.chat(CHAT), "RECEIPT_INVALID");
      const error = await expectCode(() => alone.chat(CHAT), "NODE_BUSY");
      expect(error.message).to.include("left alone");
    });

    it("and says why, if none is left", async () => {
      first.state.lie = { receipt: (receipt) => ({ ...receipt, fee: receipt.fee + 1n }) };
      second.state.lie = { instead: failing(503) };
      const client = await connect();
      const error = await expectCode(() => client.chat(CHAT), "NO_NODE_LEFT");
      if (!(error.cause instanceof AggregateError)) throw error;
      const [lied, failed] = error.cause.errors as unknown[];
      expect(lied).to.be.instanceOf(ReceiptError);
      expect(failed).to.be.instanceOf(NodeFailure);
    });
  });

  it("tries no other node for what is refused", async () => {
    first.state.lie = { instead: failing(400) };
    const client = await connect();
    const error = await expectCode(() => client.chat(CHAT), "NODE_REFUSED");
    expect(error.message).to.include("400, It fails");
    expect(asked()).to.deep.equal([1, 0]);
  });

  it("pays once for an answer whose connection breaks", async () => {
    let calls = 0;
    const broken: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      if (++calls > 1) return response;
      await response.text();
      throw new TypeError("the connection breaks");
    };
    const payment = { payer: ZeroAddress, fetchOf: () => Promise.resolve(broken) };
    const client = await connect({ payment });
    await client.chat({ ...CHAT, temperature: 1 });
    expect(asked()).to.deep.equal([2, 0]);
    expect(first.state.computed).to.equal(1);
  });

  it("follows no redirection: what pays is not to be shown elsewhere", async () => {
    const location = { location: `${second.url}/v1/chat/completions` };
    first.state.lie = { instead: () => new Response(null, { status: 307, headers: location }) };
    const client = await connect({ nodes: [first.url] });
    await expectCode(() => client.chat(CHAT), "NODE_UNREACHABLE");
    expect(asked()[1]).to.equal(0);
  });

  it("gives up when the app does", async () => {
    const client = await connect();
    const signal = AbortSignal.abort(new Error("enough"));
    const error: unknown = await client.chat({ ...CHAT, signal }).catch((e: unknown) => e);
    expect(error).to.have.property("message", "enough");
    expect(asked()).to.deep.equal([0, 0]);
  });

  describe("streams", () => {
    async function read(client: Awaited<ReturnType<typeof connect>>) {
      const stream = await client.chatStream(CHAT);
      let text = "";
      for await (const piece of stream) text += piece;
      return { text, stream };
    }

    it("text as it comes, and its receipt at the end", async () => {
      const { text, stream } = await read(await connect());
      expect(text).to.equal(TEXT);
      expect(stream.finishReason).to.equal("stop");
      expect(stream.receipt?.content.node).to.equal(fixture.operator.address);
    });

    it("on where a connection broke, and asks for the same again", async () => {
      first.state.lie = { breaksAfter: 4 };
      const { text } = await read(await connect());
      expect(text).to.equal(TEXT);
      expect(asked()).to.deep.equal([2, 0]);
      expect(first.state.computed).to.equal(1);
    });

    it("from another node if it fails before its text begins", async () => {
      first.state.lie = { instead: failing(502) };
      const { text, stream } = await read(await connect());
      expect(text).to.equal(TEXT);
      expect(stream.receipt?.content.node).to.equal(fixture.otherOperator.address);
    });

    const end = (chunk: Record<string, unknown>) => "usage" in chunk;

    const LIES: readonly (readonly [
      what: string,
      events: (events: readonly Record<string, unknown>[]) => readonly Record<string, unknown>[],
    ])[] = [
      [
        "that has another text",
        (events) => events.map((event) => altered(event, "fell. ", "rose. ")),
      ],
      ["that leaves a piece out", (events) => events.toSpliced(2, 1)],
      ["without a receipt", (events) => events.filter((event) => !end(event))],
      ["that goes on after its receipt", (events) => [...events, ...events.slice(1, 2)]],
      [
        "with a second choice",
        (events) => events.map((event) => altered(event, '"index":0', '"index":1')),
      ],
      [
        "with something beside its text",
        (events) => events.map((event) => altered(event, '"content"', '"tool_calls":[],"content"')),
      ],
      [
        "with another's receipt",
        (events) => events.map((event) => altered(event, /"seq":"\d+"/, '"seq":"77"')),
      ],
    ];
    for (const [what, events] of LIES)
      it(`no end to one ${what}`, async () => {
        first.state.lie = { events };
        const client = await connect({ nodes: [first.url] });
        let isStopped = false;
        const error = await expectCode(async () => {
          for await (const { choices } of await openAi(client).chat.completions.create({
            model: "tiny",
            messages: MESSAGES,
            stream: true,
          }))
            isStopped ||= choices.some(({ finish_reason: reason }) => reason !== null);
        }, "RECEIPT_INVALID").catch((failure: unknown) => failure);
        // What fails before the first piece, OpenAI's client tells as an answer that is an error.
        const isRefused = error instanceof APIError && error.code === "RECEIPT_INVALID";
        expect(isRefused || error instanceof ReceiptError, String(error)).to.be.true;
        expect(isStopped).to.be.false;
      });

    it("no other text when asked again", async () => {
      first.state.lie = { breaksAfter: 4 };
      const client = await connect({ nodes: [first.url] });
      const stream = await client.chatStream(CHAT);
      let text = "";
      const error = await expectCode(async () => {
        for await (const piece of stream) {
          text += piece;
          first.state.lie = {
            ...first.state.lie,
            events: (events) => events.map((event) => altered(event, "rose", "sank")),
          };
        }
      }, "RECEIPT_INVALID");
      expect(error).to.include({ check: "output" });
      expect(TEXT.startsWith(text)).to.be.true;
      expect(stream.receipt).to.be.undefined;
    });
  });

  const openAi = ({ baseURL, fetch }: Awaited<ReturnType<typeof connect>>) =>
    new OpenAI({ baseURL, fetch, apiKey: "a secret of the app" });

  describe("serves OpenAI's client", () => {
    it("with verified answers, and keeps its key from nodes", async () => {
      const receipts: string[] = [];
      const client = await connect({ onReceipt: ({ requestId }) => receipts.push(requestId) });
      const ai = openAi(client);
      const body = { model: "tiny", messages: MESSAGES };
      const answer = await ai.chat.completions.create(body);
      expect(answer.choices[0]?.message.content).to.equal(TEXT);
      let text = "";
      for await (const { choices } of await ai.chat.completions.create({ ...body, stream: true })) {
        expect(choices).to.have.length(1);
        text += choices[0]?.delta.content ?? "";
      }
      expect(text).to.equal(TEXT);
      expect(receipts).to.have.length(2);
      const models = await ai.models.list();
      expect(models.data.map(({ id: name }) => name)).to.deep.equal(["tiny"]);
      for (const { headers } of first.state.asked) expect(headers.get("authorization")).to.be.null;
    });

    it("with usage, if it asks for it", async () => {
      const stream = await openAi(await connect()).chat.completions.create({
        ...{ model: "tiny", messages: MESSAGES, stream: true },
        stream_options: { include_usage: true },
      });
      const usages = [];
      for await (const { usage } of stream) if (usage != null) usages.push(usage);
      expect(usages).to.have.length(1);
    });

    it("with errors that it does not try again", async () => {
      first.state.lie = { receipt: (receipt) => ({ ...receipt, fee: receipt.fee + 1n }) };
      const ai = openAi(await connect({ nodes: [first.url] }));
      const ask = (more: object = {}) =>
        ai.chat.completions.create({ model: "tiny", messages: MESSAGES, ...more }).then(
          () => undefined,
          (error: unknown) => error,
        );
      const error = await ask();
      expect(error)
        .to.be.instanceOf(APIError)
        .and.include({ code: "RECEIPT_INVALID", status: 502 });
      expect(asked()[0]).to.equal(1);
      expect(await ask({ model: "gpt" })).to.include({ code: "MODEL_NOT_OFFERED", status: 404 });
    });

    it("with what a node refuses, as it said it", async () => {
      const refusal = { error: { message: "No.", code: "parameter_invalid", param: "n" } };
      first.state.lie = { instead: () => Response.json(refusal, { status: 400 }) };
      const ai = openAi(await connect({ nodes: [first.url] }));
      const error: unknown = await ai.chat.completions
        .create({ model: "tiny", messages: MESSAGES })
        .catch((e: unknown) => e);
      expect(error).to.include({ status: 400, code: "parameter_invalid", param: "n" });
    });

    it("with nothing that has no receipt", async () => {
      const ai = openAi(await connect());
      const error: unknown = await ai.images
        .generate({ model: "tiny", prompt: "a rose" })
        .catch((e: unknown) => e);
      expect(error).to.include({ status: 404, code: "not_found" });
    });
  });
});

function altered(
  event: Record<string, unknown>,
  from: string | RegExp,
  to: string,
): Record<string, unknown> {
  return JSON.parse(JSON.stringify(event).replace(from, to)) as Record<string, unknown>;
}
