import { expect } from "chai";
import { getBytes, hexlify, id, toUtf8Bytes, toUtf8String, ZeroAddress } from "ethers";
import { parseChatRequest } from "../../sdk/chat-request.ts";
import { readLanguageModel } from "../../sdk/language-model.ts";
import { modelId } from "../../sdk/model-id.ts";
import { termsOf } from "../../sdk/request.ts";
import { TIERS, tierSet } from "../../sdk/tiers.ts";
import { LlamaRuntime } from "../../worker/runtimes/llama.ts";
import { OPG_TINY } from "../../worker/testing/opg-tiny.ts";
import { openMarket } from "../fixtures/market.ts";
import { ethers, loadFixture, networkHelpers } from "../fixtures/network.ts";
import { fundedProtocol, opg } from "../fixtures/protocol.ts";
import { signedAnswer } from "../fixtures/signed.ts";

/** Members of `Trend`. */
const ASKED = 1n;
const ROSE = 2n;
const FELL = 3n;
const SAME = 4n;
const UNCLEAR = 5n;

describe("TrendReader", () => {
  let runtime: LlamaRuntime;

  before(async () => {
    runtime = await LlamaRuntime.open(OPG_TINY, { gpu: false });
  });

  after(() => runtime.close());

  async function fixture() {
    const context = await fundedProtocol();
    await openMarket(context);
    const { inferenceMarket: market, modelRegistry, publisher, feeEscrow, payer } = context;
    const { contentHash } = await readLanguageModel(OPG_TINY);
    const identity = { contentHash, key: ZeroAddress, inputSize: 0, outputSize: 0 };
    await modelRegistry.connect(publisher).register({
      ...identity,
      uri: "https://models.example/opg-tiny",
      inferences: 0,
      tiers: tierSet("Signed", "Attested"),
      computeUnits: 1,
      royalty: 0,
    });
    const published = modelId({ ...identity, publisher: publisher.address });
    const reader = await ethers.deployContract("TrendReader", [market, published, TIERS.Signed]);
    await feeEscrow.connect(payer).deposit(reader, opg(100));
    return { ...context, market, reader, published };
  }

  async function asked(before: number, current: number) {
    const context = await loadFixture(fixture);
    const { market, reader, stranger } = context;
    await reader.connect(stranger).ask(before, current, opg(5), opg(20));
    const [event] = await market.queryFilter(market.filters.InferenceRequested());
    if (event === undefined) throw new Error("nothing was asked");
    const { requestId, request, input } = event.args;
    return { ...context, requestId, terms: termsOf(request), input: getBytes(input) };
  }

  /** Answers with a text, as the node that the first operator runs, and brings it to the market. */
  async function answered(context: Awaited<ReturnType<typeof asked>>, text: string) {
    const output = hexlify(toUtf8Bytes(text));
    const { evidence, node } = await signedAnswer(context, context, { output });
    return context.market.fulfil(context.terms, node, output, evidence);
  }

  for (const [before, current, trend] of [
    [80, 99, ROSE],
    [80, 49, FELL],
    [27, 27, SAME],
  ] as const)
    it(`asks a language model about ${before} and ${current}, and reads what it says`, async () => {
      const context = await asked(before, current);
      const { reader, requestId, published } = context;
      expect(context.terms.modelId).to.equal(published);
      expect(await reader.trends(requestId)).to.equal(ASKED);
      // What the contract wrote is what nodes take, and what the model was asked.
      const { text } = await runtime.generate(parseChatRequest(context.input));
      await expect(answered(context, text)).to.emit(reader, "TrendRead").withArgs(requestId, trend);
      expect(await reader.trends(requestId)).to.equal(trend);
    });

  it("says what it asks", async () => {
    const { reader } = await loadFixture(fixture);
    expect(toUtf8String(await reader.question(80, 99))).to.equal(
      '{"max_tokens":16,"messages":[{"content":"The price was 80 and is now 99. Did it rise or fall?","role":"user"}],"seed":0,"temperature":0}',
    );
  });

  it("takes every other answer for none", async () => {
    for (const text of ["", "it rose.", "It rose", "It rose. Buy!", "It fell.\n", "\u0000"]) {
      const context = await asked(80, 99);
      await answered(context, text);
      expect(await context.reader.trends(context.requestId)).to.equal(UNCLEAR);
    }
  });

  it("asks for the tier that it was made for", async () => {
    const { market, published } = await loadFixture(fixture);
    const reader = await ethers.deployContract("TrendReader", [market, published, TIERS.Attested]);
    expect(await reader.TIER()).to.equal(TIERS.Attested);
    expect((await asked(1, 2)).terms.tier).to.equal(BigInt(TIERS.Signed));
  });

  it("takes answers from the market alone, and to its own questions alone", async () => {
    const context = await asked(80, 99);
    const { market, reader, stranger, requestId } = context;
    await expect(reader.connect(stranger).onInference(requestId, "0x"))
      .to.be.revertedWithCustomError(reader, "InferenceConsumerNotMarket")
      .withArgs(stranger, market);
    await networkHelpers.impersonateAccount(await market.getAddress());
    await networkHelpers.setBalance(await market.getAddress(), 10n ** 18n);
    const asMarket = reader.connect(await ethers.getSigner(await market.getAddress()));
    await expect(asMarket.onInference(id("unknown"), "0x"))
      .to.be.revertedWithCustomError(reader, "TrendReaderUnknownRequest")
      .withArgs(id("unknown"));
    await answered(context, "It rose.");
    await expect(asMarket.onInference(requestId, "0x"))
      .to.be.revertedWithCustomError(reader, "TrendReaderUnknownRequest")
      .withArgs(requestId);
  });
});
