import { writeFile } from "node:fs/promises";
import { expect } from "chai";
import { describeGguf } from "./describe-gguf.ts";
import { LlamaRuntime } from "./llama.ts";
import { packVectors } from "./vectors.ts";
import {
  encodeLanguageModel,
  manifestFile,
  readLanguageModel,
  type LanguageModelManifest,
} from "../../sdk/language-model.ts";
import { embeddingPackage, floatsOf } from "../testing/embedding-package.ts";
import { failureOf } from "../testing/failure.ts";
import { removeFolders } from "../testing/folders.ts";
import { ask, continued, OPG_TINY } from "../testing/opg-tiny.ts";

const RISE = "The price was 80 and is now 99.";
const FALL = "The price was 80 and is now 49.";
const STORY = "Write a story about Jack and a car.";

/** Of the model. */
const DIMENSIONS = 64;
const BYTES = 4 * DIMENSIONS;

describe("LlamaRuntime, of a package that embeds", () => {
  let folder: string;
  let runtime: LlamaRuntime;

  before(async () => {
    folder = await embeddingPackage();
    runtime = await LlamaRuntime.open(folder, { gpu: false, parallel: 2, maxWaiting: 8 });
  });

  after(async () => {
    await runtime.close();
    await removeFolders();
  });

  const bytesOf = async (...input: string[]) => (await runtime.embed({ input })).vectors;
  const codeOf = async (result: Promise<unknown>) => (await failureOf(result)).code;

  it("gives a vector of length 1 for each text, nearer to that of a text that is alike", async () => {
    const floats = floatsOf(await bytesOf(RISE, FALL, STORY));
    expect(floats).to.have.length(3 * DIMENSIONS);
    const vector = (place: number) => floats.slice(place * DIMENSIONS, (place + 1) * DIMENSIONS);
    const product = (a: number, b: number) =>
      vector(a).reduce((sum, value, place) => sum + value * (vector(b)[place] ?? NaN), 0);
    // Hardhat's matchers, which other tests of this run bring along, compare no fractions.
    for (const place of [0, 1, 2])
      expect(Math.abs(product(place, place) - 1) < 1e-6, `length of ${place}`).to.equal(true);
    expect(product(0, 1) > product(0, 2) + 0.1, "likeness").to.equal(true);
  });

  it("gives the same bytes for the same text, whatever is asked before, beside and meanwhile", async () => {
    const alone = await bytesOf(RISE);
    expect(alone).to.have.length(BYTES);
    expect(await bytesOf(STORY)).to.not.deep.equal(alone);
    expect(await bytesOf(RISE)).to.deep.equal(alone);
    const beside = await bytesOf(STORY, RISE, FALL);
    expect(beside.slice(BYTES, 2 * BYTES)).to.deep.equal(alone);
    const meanwhile = await Promise.all([
      bytesOf(RISE),
      bytesOf(STORY, FALL),
      bytesOf(RISE),
      bytesOf("a".repeat(200)),
      bytesOf(RISE),
    ]);
    for (const place of [0, 2, 4]) expect(meanwhile[place]).to.deep.equal(alone);
    const other = await LlamaRuntime.open(folder, { gpu: false });
    expect((await other.embed({ input: [RISE] })).vectors).to.deep.equal(alone);
    await other.close();
  });

  it("counts tokens of all texts, and says as many before", async () => {
    const [one, two] = [{ input: [RISE] }, { input: [RISE, RISE] }];
    const { inputTokens } = await runtime.embed(one);
    expect(inputTokens).to.be.within(10, RISE.length);
    expect((await runtime.embed(two)).inputTokens).to.equal(2 * inputTokens);
    for (const request of [one, two]) {
      const { inputTokens: counted } = await runtime.embed(request);
      const bound = await runtime.check(request);
      expect(bound).to.deep.equal({ inputTokens: counted, outputTokens: 0 });
    }
  });

  it("takes texts that fill its context, and refuses longer ones before it computes anything", async () => {
    const tokens = async (digits: number) =>
      (await runtime.check({ input: ["1".repeat(digits)] })).inputTokens;
    const most = 384 - (await tokens(100)) + 100;
    const full = { input: ["1".repeat(most)] };
    expect((await runtime.embed(full)).inputTokens).to.equal(384);
    const long = { input: [RISE, "1".repeat(most + 1)] };
    const failure = await failureOf(runtime.embed(long));
    expect(failure.code).to.equal("CONTEXT_EXCEEDED");
    expect(failure.message).to.include("Text 1 has 385 tokens");
    expect(await codeOf(runtime.check(long))).to.equal("CONTEXT_EXCEEDED");
  });

  it("takes what users write as text, never as a special token", async () => {
    const count = async (text: string) => (await runtime.check({ input: [text] })).inputTokens;
    expect(await count("Say</s> now")).to.be.greaterThan((await count("Say now")) + 2);
  });

  it("writes no text, and the same weights without embeds give no vectors", async () => {
    for (const request of [ask("hi"), continued("hi")]) {
      expect(await codeOf(runtime.generate(request))).to.equal("CHAT_REQUEST_INVALID");
      expect(await codeOf(runtime.check(request))).to.equal("CHAT_REQUEST_INVALID");
    }
    const writer = await LlamaRuntime.open(OPG_TINY, { gpu: false });
    expect(await codeOf(writer.embed({ input: ["hi"] }))).to.equal("CHAT_REQUEST_INVALID");
    expect(await codeOf(writer.check({ input: ["hi"] }))).to.equal("CHAT_REQUEST_INVALID");
    await writer.close();
  });

  it("gives up when told so, and ends when it closes", async () => {
    const reason = new Error("no longer wanted");
    const early = runtime.embed({ input: [RISE] }, { signal: AbortSignal.abort(reason) });
    expect(await early.catch((error: unknown) => error)).to.equal(reason);
    const controller = new AbortController();
    const midway = runtime.embed(
      { input: Array.from({ length: 500 }, () => RISE) },
      { signal: controller.signal },
    );
    setTimeout(() => {
      controller.abort(reason);
    }, 20);
    expect(await midway.catch((error: unknown) => error)).to.equal(reason);
    const other = await LlamaRuntime.open(folder, { gpu: false });
    const running = other.embed({ input: Array.from({ length: 500 }, () => STORY) });
    await Promise.all([other.close(), codeOf(running)]);
    expect(await codeOf(running)).to.equal("RUNTIME_CLOSED");
  });
});

describe("a manifest that says that its model embeds", () => {
  let folder: string;
  let manifest: LanguageModelManifest;

  before(async () => {
    folder = await embeddingPackage();
    ({ manifest } = await readLanguageModel(folder));
  });

  after(removeFolders);

  const rewrite = (changed: object) =>
    writeFile(manifestFile(folder), JSON.stringify({ ...manifest, ...changed }));

  it("is another model's than one that does not", async () => {
    const { contentHash } = await readLanguageModel(folder);
    const { embeds, ...rest } = manifest;
    expect(embeds).to.equal(true);
    await writeFile(manifestFile(folder), JSON.stringify(rest));
    expect((await readLanguageModel(folder)).contentHash).to.not.equal(contentHash);
    await writeFile(manifestFile(folder), encodeLanguageModel(manifest));
    expect((await readLanguageModel(folder)).contentHash).to.equal(contentHash);
  });

  it("is refused if it says false, or what would have no effect", async () => {
    const { manifest: chat } = await readLanguageModel(OPG_TINY);
    if (chat.runtime !== "llama") throw new Error("opg-tiny has no weights");
    const { prompt } = chat;
    for (const changed of [{ embeds: false }, { stop: ["x"] }, { trimStart: true }, { prompt }]) {
      await rewrite(changed);
      expect((await failureOf(readLanguageModel(folder))).code).to.equal("LANGUAGE_MODEL_INVALID");
    }
    const file = `${folder}/opg-tiny.gguf`;
    const stopped = await failureOf(describeGguf(file, { embeds: true, stop: ["x"] }));
    expect(stopped.message).to.include("stop: has no effect");
  });
});

describe("packed vectors", () => {
  it("are 32-bit floats, little-endian, one vector after the other", () => {
    const packed = packVectors([
      [1, -2],
      [0.5, 0.1],
    ]);
    expect(Buffer.from(packed).toString("hex")).to.equal("0000803f000000c00000003fcdcccc3d");
  });

  const UNUSABLE: Readonly<Record<string, readonly (readonly number[])[]>> = {
    "no numbers": [[]],
    "other lengths": [[1, 2], [1]],
    "what is no number": [[NaN]],
    infinity: [[-Infinity]],
    "more than 32 bits can hold": [[1e39]],
  };
  for (const [what, vectors] of Object.entries(UNUSABLE))
    it(`are refused with ${what}`, async () => {
      const failure = await failureOf(Promise.resolve().then(() => packVectors(vectors)));
      expect(failure.code).to.equal("RUNTIME_FAILED");
    });

  it("are refused if an answer cannot carry them", async () => {
    const zeros = Array.from({ length: 768 }, () => 0);
    const many = (count: number) => packVectors(Array.from({ length: count }, () => zeros));
    expect(many(2_048)).to.have.length(6_291_456);
    const failure = await failureOf(Promise.resolve().then(() => many(2_049)));
    expect(failure.code).to.equal("CHAT_REQUEST_INVALID");
  });
});
