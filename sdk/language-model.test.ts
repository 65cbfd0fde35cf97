import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { id } from "ethers";
import { OpenGradientError } from "./errors.ts";
import {
  encodeLanguageModel,
  ggufManifest,
  languageModelHash,
  languageModelId,
  manifestFile,
  parsePromptTemplate,
  readLanguageModel,
  serverManifest,
  type GgufManifest,
} from "./language-model.ts";
import { modelId } from "./model-id.ts";

const WEIGHTS = Buffer.from("what a model knows");
const SHA256 = createHash("sha256").update(WEIGHTS).digest("hex");

const PROMPT: GgufManifest["prompt"] = {
  start: [{ special: "<s>" }],
  withoutSystem: [],
  roles: {
    user: { before: ["Q: "], after: [] },
    assistant: { before: ["A: "], after: ["\n"] },
  },
  answer: ["A: "],
};

const MANIFEST: GgufManifest = {
  format: "opengradient.language-model.v1",
  runtime: "llama",
  name: "a model",
  contextLength: 64,
  weights: { file: "weights.gguf", sha256: SHA256, bytes: WEIGHTS.length },
  prompt: PROMPT,
  stop: ["\n"],
  trimStart: true,
};

const SERVER = serverManifest({ name: "served", model: "at-a-server", contextLength: 64 });

describe("language model's package", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "opg-language-model-"));
    await writeFile(path.join(folder, "weights.gguf"), WEIGHTS);
  });

  afterEach(() => rm(folder, { recursive: true }));

  const read = async (manifest: unknown) => {
    await writeFile(manifestFile(folder), JSON.stringify(manifest));
    return readLanguageModel(folder);
  };

  /** @param member What the message has to name. */
  async function expectInvalid(result: Promise<unknown>, member = ""): Promise<void> {
    const error = await result.then(
      () => undefined,
      (caught: unknown) => caught,
    );
    if (!(error instanceof OpenGradientError))
      throw new Error("it was not refused", { cause: error });
    expect(error.code).to.equal("LANGUAGE_MODEL_INVALID");
    expect(error.message).to.include(member);
  }

  const weights = (changed: object) => ({
    ...MANIFEST,
    weights: { ...MANIFEST.weights, ...changed },
  });
  const prompt = (changed: object) => ({ ...MANIFEST, prompt: { ...PROMPT, ...changed } });
  const roles = (changed: object) => prompt({ roles: { ...PROMPT.roles, ...changed } });

  it("is read, and known by the hash of its canonical form", async () => {
    const { manifest, contentHash, weightsFile } = await read(MANIFEST);
    expect(manifest).to.deep.equal(MANIFEST);
    expect(weightsFile).to.equal(path.join(folder, "weights.gguf"));
    expect(contentHash).to.equal(
      id(
        '{"contextLength":64,"format":"opengradient.language-model.v1","name":"a model","prompt":{"answer":["A: "],' +
          '"roles":{"assistant":{"after":["\\n"],"before":["A: "]},"user":{"after":[],"before":["Q: "]}},' +
          '"start":[{"special":"<s>"}],"withoutSystem":[]},"runtime":"llama","stop":["\\n"],"trimStart":true,' +
          `"weights":{"bytes":18,"file":"weights.gguf","sha256":"${SHA256}"}}`,
      ),
    );
  });

  it("is described by what is in the file", async () => {
    const { name, contextLength, stop, trimStart } = MANIFEST;
    const file = path.join(folder, "weights.gguf");
    const description = { name, contextLength, prompt: PROMPT, stop, trimStart };
    expect(await ggufManifest(file, description)).to.deep.equal(MANIFEST);
  });

  it("may have a name alone, at a server", async () => {
    const { manifest, contentHash, weightsFile } = await read(SERVER);
    expect(manifest).to.deep.equal(SERVER);
    expect(contentHash).to.equal(languageModelHash(SERVER));
    expect(weightsFile).to.equal(undefined);
    expect(JSON.parse(encodeLanguageModel(SERVER))).to.deep.equal(SERVER);
  });

  it("may be as large as it may", async () => {
    const system = { before: ["S: "], after: [] };
    for (const manifest of [
      { ...MANIFEST, name: "n".repeat(200) },
      { ...MANIFEST, contextLength: 2 ** 31 - 1 },
      { ...MANIFEST, stop: Array.from({ length: 16 }, () => "s".repeat(64)) },
      prompt({ start: Array.from({ length: 64 }, () => "piece") }),
      roles({ system }),
    ])
      expect((await read(manifest)).manifest).to.deep.equal(manifest);
  });

  const WRONG: Readonly<Record<string, readonly [manifest: object, member: string]>> = {
    "without a name": [{ ...MANIFEST, name: "" }, "name: "],
    "with a name that is too long": [{ ...MANIFEST, name: "n".repeat(201) }, "name: "],
    "with half a surrogate pair": [{ ...MANIFEST, name: "\ud800" }, "name: "],
    "of another format": [{ ...MANIFEST, format: "opengradient.language-model.v2" }, "format: "],
    "with a context of nothing": [{ ...MANIFEST, contextLength: 0 }, "contextLength: "],
    "with a context above 31 bits": [{ ...MANIFEST, contextLength: 2 ** 31 }, "contextLength: "],
    "with a member that is not known": [{ ...MANIFEST, temperature: 1 }, "temperature"],
    "with weights in another folder": [weights({ file: "../weights.gguf" }), "weights.file: "],
    "with weights in a folder of Windows": [weights({ file: "..\\w.gguf" }), "weights.file: "],
    "with weights of another format": [weights({ file: "weights.gguf.bin" }), "weights.file: "],
    "with a hash in capitals": [weights({ sha256: SHA256.toUpperCase() }), "weights.sha256: "],
    "with a hash that is cut short": [weights({ sha256: SHA256.slice(2) }), "weights.sha256: "],
    "with a hash that goes on": [weights({ sha256: `${SHA256}00` }), "weights.sha256: "],
    "with weights of no bytes": [weights({ bytes: 0 }), "weights.bytes: "],
    "with more about its weights": [weights({ revision: 1 }), "revision"],
    "with 17 stop texts": [{ ...MANIFEST, stop: Array<string>(17).fill("s") }, "stop: "],
    "with a stop text of 65 characters": [{ ...MANIFEST, stop: ["s".repeat(65)] }, "stop.0: "],
    "with 65 pieces": [prompt({ start: Array<string>(65).fill("piece") }), "prompt.start: "],
    "with an empty piece": [prompt({ start: [""] }), "prompt.start.0: "],
    "with a piece that is more than special": [
      prompt({ start: [{ special: "<s>", text: "s" }] }),
      "prompt.start.0: ",
    ],
    "with more around a message": [
      roles({ user: { before: [], after: [], between: [] } }),
      "prompt.roles.user: ",
    ],
    "with a role that no request has": [
      roles({ tool: { before: [], after: [] } }),
      "prompt.roles: ",
    ],
    "at a server, with a member that is not known": [{ ...SERVER, url: "http://x" }, "url"],
    "at a server, that hides what cannot be checked": [
      { ...SERVER, unchecked: SERVER.unchecked.slice(0, 4) },
      "unchecked",
    ],
  };
  for (const [how, [manifest, member]] of Object.entries(WRONG))
    it(`is refused ${how}`, () => expectInvalid(read(manifest), member));

  it("is refused with other weights, of the same length or with the same beginning", async () => {
    const file = path.join(folder, "weights.gguf");
    await writeFile(file, Buffer.from(WEIGHTS).with(0, 0));
    await expectInvalid(read(MANIFEST));
    await writeFile(file, Buffer.concat([WEIGHTS, WEIGHTS]));
    await expectInvalid(read(MANIFEST));
    await writeFile(file, WEIGHTS);
    await expectInvalid(read(weights({ bytes: WEIGHTS.length + 1 })));
  });

  it("is refused if its manifest is no JSON", async () => {
    await writeFile(manifestFile(folder), "{");
    await expectInvalid(readLanguageModel(folder));
  });

  it("is registered without a key, and without sizes", () => {
    const publisher = `0x${"11".repeat(20)}`;
    const contentHash = id("content");
    const key = `0x${"00".repeat(20)}`;
    expect(languageModelId(publisher, contentHash)).to.equal(
      modelId({ publisher, contentHash, key, inputSize: 0, outputSize: 0 }),
    );
  });

  it("has a template that can be given apart", () => {
    expect(parsePromptTemplate("prompt.json", JSON.stringify(PROMPT))).to.deep.equal(PROMPT);
    for (const content of ["{", "[]", JSON.stringify({ ...PROMPT, more: [] })])
      expect(() => parsePromptTemplate("prompt.json", content))
        .to.throw(OpenGradientError)
        .with.property("code", "LANGUAGE_MODEL_INVALID");
  });
});
