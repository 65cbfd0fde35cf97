import { isUtf8 } from "node:buffer";
import { expect } from "chai";
import { AbiCoder, concat, hexlify } from "ethers";
import fc from "fast-check";
import { canonicalRequest, CHAT_ROLES, type ChatRequest } from "../../sdk/chat-request.ts";
import { ethers, loadFixture } from "../fixtures/network.ts";

/** `ChatOptions` of the contracts. */
interface Options {
  readonly maxTokens: number;
  readonly seed: number;
  readonly temperature: number;
  readonly topP: number;
  readonly topK: number;
  readonly stop: string[];
}

const GREEDY: Options = { maxTokens: 16, seed: 0, temperature: 0, topP: 0, topK: 0, stop: [] };

const USER = CHAT_ROLES.indexOf("user");

/** The request that contracts and TypeScript are to write alike. */
function requestOf(messages: ChatRequest["messages"], options: Options): ChatRequest {
  const { maxTokens, seed, temperature, topP, topK, stop } = options;
  return {
    messages,
    max_tokens: maxTokens,
    seed,
    temperature: temperature / 1_000,
    ...(topP !== 0 && { top_p: topP / 1_000 }),
    ...(topK !== 0 && { top_k: topK }),
    ...(stop.length > 0 && { stop }),
  };
}

/** With everything that has to be escaped, and characters of every length in UTF-8. */
const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme" }),
  fc.string({
    unit: fc.constantFrom('"', "\\", "/", "\n", "\u0000", "\u001f", "\u007f", "é", "\u2028"),
  }),
);

const anyStop = fc
  .string({ unit: "grapheme", minLength: 1, maxLength: 8 })
  .filter((text) => Buffer.byteLength(text) <= 64);

const anyOptions: fc.Arbitrary<Options> = fc
  .record({
    maxTokens: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
    seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
    temperature: fc.integer({ min: 0, max: 2_000 }),
    topP: fc.integer({ min: 0, max: 1_000 }),
    topK: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2 ** 32 - 1 })),
    stop: fc.array(anyStop, { maxLength: 4 }),
  })
  .map((options) => (options.temperature === 0 ? { ...options, topP: 0, topK: 0 } : options));

const anyMessages = fc
  .record({
    system: fc.option(anyText, { nil: undefined }),
    history: fc.array(fc.record({ isUser: fc.boolean(), content: anyText }), { maxLength: 3 }),
    last: anyText,
  })
  .map(({ system, history, last }): ChatRequest["messages"] => [
    ...(system === undefined ? [] : [{ role: "system" as const, content: system }]),
    ...history.map(({ isUser, content }) => ({
      role: isUser ? ("user" as const) : ("assistant" as const),
      content,
    })),
    { role: "user", content: last },
  ]);

/** How many bytes are text: all before the first that belong to no character. */
function validLength(bytes: Uint8Array): number {
  let valid = 0;
  for (let end = 1; end <= bytes.length; end++) if (isUtf8(bytes.subarray(0, end))) valid = end;
  return valid;
}

describe("ChatRequest", () => {
  async function fixture() {
    return { writer: await ethers.deployContract("ChatRequestWriter") };
  }

  const numbered = (messages: ChatRequest["messages"]) =>
    messages.map(({ role, content }) => ({ role: CHAT_ROLES.indexOf(role), content }));

  const refused = async (options: Partial<Options>, name: string, ...values: unknown[]) => {
    const { writer } = await loadFixture(fixture);
    await expect(writer.encodeQuestion("hi", { ...GREEDY, ...options }))
      .to.be.revertedWithCustomError(writer, name)
      .withArgs(...values);
  };

  it("writes what the SDK writes", async () => {
    const { writer } = await loadFixture(fixture);
    await fc.assert(
      fc.asyncProperty(anyMessages, anyOptions, async (messages, options) => {
        const wanted = hexlify(canonicalRequest(requestOf(messages, options)));
        expect(await writer.encode(numbered(messages), options)).to.equal(wanted);
      }),
      { numRuns: 200 },
    );
  });

  it("writes a question as a conversation of one message", async () => {
    const { writer } = await loadFixture(fixture);
    await fc.assert(
      fc.asyncProperty(anyText, async (question) => {
        const messages = [{ role: "user" as const, content: question }];
        const wanted = hexlify(canonicalRequest(requestOf(messages, GREEDY)));
        expect(await writer.encodeQuestion(question, GREEDY)).to.equal(wanted);
      }),
      { numRuns: 50 },
    );
  });

  it("writes every thousandth as JavaScript does", async () => {
    const { writer } = await loadFixture(fixture);
    for (const temperature of [
      1, 9, 10, 50, 100, 101, 110, 999, 1_000, 1_001, 1_010, 1_500, 2_000,
    ]) {
      const options = { ...GREEDY, temperature, topP: Math.min(temperature, 1_000) };
      const wanted = canonicalRequest(requestOf([{ role: "user", content: "" }], options));
      expect(await writer.encodeQuestion("", options)).to.equal(hexlify(wanted));
    }
  });

  it("writes the least and the most of everything as the SDK does", async () => {
    const { writer } = await loadFixture(fixture);
    const most = { maxTokens: 2 ** 32 - 1, seed: 2 ** 31 - 1, temperature: 2_000, topP: 1_000 };
    const stop = Array.from({ length: 4 }, () => "é".repeat(32));
    for (const options of [
      { ...GREEDY, maxTokens: 1, temperature: 1, topP: 1, topK: 1, stop: ["a"] },
      { ...most, topK: 2 ** 32 - 1, stop },
    ]) {
      const wanted = canonicalRequest(requestOf([{ role: "user", content: "" }], options));
      expect(await writer.encodeQuestion("", options)).to.equal(hexlify(wanted));
    }
  });

  it("tells text from other bytes as Node does", async () => {
    const { writer } = await loadFixture(fixture);
    // Around every border of the format, with few bytes that are no border.
    const edges = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf];
    const leads = [0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff];
    const anyBytes = fc
      .array(fc.constantFrom(...edges, ...leads), { maxLength: 6 })
      .map((bytes) => Uint8Array.from(bytes));
    await fc.assert(
      fc.asyncProperty(anyBytes, async (bytes) => {
        const valid = Number(await writer.validLength(bytes));
        expect(valid === bytes.length).to.equal(isUtf8(bytes));
        expect(isUtf8(bytes.subarray(0, valid))).to.equal(true);
      }),
      { numRuns: 500 },
    );
    // Every border of the first two bytes; then every border of the bytes behind.
    const borders = [...edges, ...leads];
    const texts = [
      ...borders.flatMap((lead) => borders.map((second) => [lead, second, 0xbf, 0x80])),
      ...borders.flatMap((last) => [
        [0xe2, 0x82, last],
        [0xf1, 0x80, last, 0x80],
        [0xf1, 0x80, 0x80, last],
      ]),
    ].map((bytes) => Uint8Array.from(bytes));
    for (const bytes of texts)
      expect(Number(await writer.validLength(bytes)), hexlify(bytes)).to.equal(validLength(bytes));
    for (const text of ["\u0080\u07ff\u0800\uffff", "\u{10000}\u{10ffff}", "\ud7ff\ue000"])
      expect(await writer.validLength(Buffer.from(text))).to.equal(Buffer.byteLength(text));
    for (const bytes of ["0xeda080", "0xf4908080", "0xc080", "0xe08080", "0xf0808080", "0xe282"])
      expect(await writer.validLength(concat(["0x6869", bytes]))).to.equal(2);
  });

  it("refuses text that is none, and says where", async () => {
    const { writer } = await loadFixture(fixture);
    const options = "tuple(uint32,uint32,uint16,uint16,uint32,bytes[])";
    const encode = (question: string, stop: readonly string[]) =>
      concat([
        writer.interface.getFunction("encodeQuestion").selector,
        AbiCoder.defaultAbiCoder().encode(["bytes", options], [question, [16, 0, 0, 0, 0, stop]]),
      ]);
    const call = (data: string) => ethers.provider.call({ to: writer, data });
    await expect(call(encode("0x61ff62", [])))
      .to.be.revertedWithCustomError(writer, "ChatRequestInvalidUtf8")
      .withArgs(1);
    await expect(call(encode("0x61", ["0x6162c3"])))
      .to.be.revertedWithCustomError(writer, "ChatRequestInvalidUtf8")
      .withArgs(2);
    expect(await call(encode("0x61c3a9", []))).to.include("61c3a9");
  });

  it("refuses what no node would answer", async () => {
    await refused({ maxTokens: 0 }, "ChatRequestNoTokens");
    await refused({ seed: 2 ** 31 }, "ChatRequestBadSeed", 2 ** 31, 2 ** 31 - 1);
    await refused({ temperature: 2_001 }, "ChatRequestTooHot", 2_001, 2_000);
    await refused({ temperature: 1, topP: 1_001 }, "ChatRequestImpossibleTopP", 1_001, 1_000);
    await refused({ topP: 1_000 }, "ChatRequestNothingDrawn", 1_000, 0);
    await refused({ topK: 1 }, "ChatRequestNothingDrawn", 0, 1);
    await refused({ stop: Array<string>(5).fill("a") }, "ChatRequestTooManyStops", 5, 4);
    await refused({ stop: ["a", ""] }, "ChatRequestBadStop", 1, 0, 64);
    await refused({ stop: ["a".repeat(65)] }, "ChatRequestBadStop", 0, 65, 64);
  });

  it("refuses conversations without beginning or end", async () => {
    const { writer } = await loadFixture(fixture);
    const say = (...roles: readonly number[]) => roles.map((role) => ({ role, content: "" }));
    const [system, assistant] = [CHAT_ROLES.indexOf("system"), CHAT_ROLES.indexOf("assistant")];
    await expect(writer.encode([], GREEDY)).to.be.revertedWithCustomError(
      writer,
      "ChatRequestNoMessages",
    );
    for (const [roles, index] of [
      [[system], 0],
      [[USER, assistant], 1],
      [[USER, system, USER], 1],
      [[system, system, USER], 1],
    ] as const)
      await expect(writer.encode(say(...roles), GREEDY))
        .to.be.revertedWithCustomError(writer, "ChatRequestMisplacedRole")
        .withArgs(index, roles[index]);
    await writer.encode(say(system, USER, assistant, USER), GREEDY);
  });
});
