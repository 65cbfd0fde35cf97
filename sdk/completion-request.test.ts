import { expect } from "chai";
import { canonicalRequest, parseChatRequest } from "./chat-request.ts";
import { canonicalCompletion, parseCompletion, parseTextRequest } from "./completion-request.ts";
import { canonicalEmbedding, parseEmbedding } from "./embedding-request.ts";

const REQUEST = { prompt: "Once", max_tokens: 5, seed: 1, temperature: 0 };

const bytesOf = (text: string) => new TextEncoder().encode(text);

describe("completion requests", () => {
  it("have one form, which is read as it was written", () => {
    const bytes = canonicalCompletion({ ...REQUEST, stop: ["a"] });
    const text = '{"max_tokens":5,"prompt":"Once","seed":1,"stop":["a"],"temperature":0}';
    expect(new TextDecoder().decode(bytes)).to.equal(text);
    expect(parseCompletion(bytes)).to.deep.equal({ ...REQUEST, stop: ["a"] });
    expect(() => parseCompletion(bytesOf(text.replace(",", ", ")))).to.throw("canonical form");
  });

  it("are told from chat requests by their bytes", () => {
    const chat = { max_tokens: 5, seed: 1, temperature: 0 };
    // Whatever is said in it, a chat is a chat.
    const content = '{"max_tokens":5,"prompt":"a"';
    const request = { ...chat, messages: [{ role: "user" as const, content }] };
    expect(parseTextRequest(canonicalRequest(request))).to.deep.equal(request);
    expect(parseTextRequest(canonicalCompletion(REQUEST))).to.deep.equal(REQUEST);
    expect(() => parseTextRequest(bytesOf("{}"))).to.throw("chat request");
  });

  it("are no chat requests", () => {
    expect(() => parseChatRequest(canonicalCompletion(REQUEST))).to.throw("messages");
  });

  for (const wrong of [
    { prompt: "" },
    { prompt: "\ud800" },
    { prompt: "a".repeat(262_144) },
    { top_p: 0.5 },
    { echo: true },
    { max_tokens: 0 },
  ])
    it(`are refused with ${JSON.stringify(wrong).slice(0, 40)}`, () => {
      expect(() => canonicalCompletion({ ...REQUEST, ...wrong })).to.throw("completion request");
    });
});

describe("embedding requests", () => {
  it("have one form, which is read as it was written", () => {
    const bytes = canonicalEmbedding({ input: ["a", "b"] });
    expect(new TextDecoder().decode(bytes)).to.equal('{"input":["a","b"]}');
    expect(parseEmbedding(bytes)).to.deep.equal({ input: ["a", "b"] });
  });

  for (const input of [[], [""], ["\ud800"], Array<string>(2_049).fill("a")])
    it(`are refused with ${JSON.stringify(input).slice(0, 40)}`, () => {
      expect(() => canonicalEmbedding({ input })).to.throw("embedding request");
    });
});
