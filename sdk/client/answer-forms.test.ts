import { expect } from "chai";
import { hexlify } from "ethers";
import { readAnswer, readStep, withText } from "./answer-forms.ts";
import { ReceiptError } from "./receipt-fault.ts";

const refused = (read: () => unknown) => {
  expect(read).to.throw(ReceiptError).with.property("check", "output");
};

describe("readAnswer", () => {
  const message = { role: "assistant", content: "Né" };
  const choice = { index: 0, message, finish_reason: "stop" };

  it("reads chats", () => {
    const usage = { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 };
    const parts = readAnswer("chat", { id: "x", choices: [choice], usage, opengradient: 1 });
    expect(hexlify(parts.output)).to.equal("0x4ec3a9");
    expect(parts).to.deep.include({
      usage: { inputUnits: 3n, outputUnits: 2n },
      finishReason: "stop",
      envelope: 1,
    });
  });

  it("reads vectors, written in either way, and in their order only", () => {
    const [one, two] = [[1, -2], "AACAPwAAAMA="];
    const vector = (embedding: unknown, index: number) => ({
      object: "embedding",
      index,
      embedding,
    });
    const { output } = readAnswer("embedding", { data: [vector(one, 0), vector(two, 1)] });
    expect(hexlify(output)).to.equal("0x0000803f000000c00000803f000000c0");
    refused(() => readAnswer("embedding", { data: [vector(one, 1)] }));
  });

  it("reads completions and tensors", () => {
    const text = { index: 0, text: "a", finish_reason: "length" };
    expect(readAnswer("completion", { choices: [text] }).output).to.deep.equal(Uint8Array.of(97));
    expect(readAnswer("tensor", { output: "0x01" }).output).to.deep.equal(Uint8Array.of(1));
  });

  const WRONG: readonly unknown[] = [
    undefined,
    {},
    { choices: [] },
    { choices: [choice, choice] },
    { choices: [{ ...choice, index: 1 }] },
    { choices: [{ ...choice, message: { ...message, tool_calls: [] } }] },
    { choices: [{ ...choice, message: { ...message, refusal: "No." } }] },
    { choices: [{ ...choice, message: { ...message, role: "tool" } }] },
    { choices: [{ ...choice, message: { ...message, content: "\ud800" } }] },
    { choices: [{ ...choice, logprobs: {} }] },
  ];
  for (const body of WRONG)
    it(`refuses ${JSON.stringify(body)}`, () => {
      refused(() => readAnswer("chat", body));
    });
});

describe("readStep", () => {
  const step = (delta: object, more: object = {}) => ({
    ...more,
    choices: [{ index: 0, delta, finish_reason: null }],
  });

  it("reads text, ends and receipts", () => {
    expect(readStep("chat", step({ content: "a" }))).to.include({ text: "a", hasChoice: true });
    const end = { choices: [], opengradient: { a: 1 } };
    expect(readStep("chat", end)).to.deep.include({
      text: "",
      hasChoice: false,
      envelope: { a: 1 },
    });
  });

  it("takes no receipt from a chunk that has text", () => {
    const both = step({ content: "a" }, { opengradient: { a: 1 } });
    expect(readStep("chat", both).envelope).to.be.undefined;
  });

  it("refuses what no receipt covers", () => {
    refused(() => readStep("chat", step({ content: "a", reasoning: "b" })));
    refused(() => readStep("chat", step({ tool_calls: [] })));
    refused(() =>
      readStep("completion", { choices: [{ index: 1, text: "a", finish_reason: null }] }),
    );
  });

  it("gives a chunk another text", () => {
    const [chat, plain] = [step({ role: "assistant", content: "ab" }, { id: "x" }), { text: "ab" }];
    expect(readStep("chat", withText("chat", chat, "b")).text).to.equal("b");
    const completion = { choices: [{ index: 0, ...plain, finish_reason: null }] };
    expect(readStep("completion", withText("completion", completion, "b")).text).to.equal("b");
  });
});
