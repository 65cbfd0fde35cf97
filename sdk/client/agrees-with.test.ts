import { expect } from "chai";
import { canonicalRequest, type ChatRequest } from "../chat-request.ts";
import { canonicalCompletion } from "../completion-request.ts";
import { canonicalEmbedding } from "../embedding-request.ts";
import { agreesWith, disagreement } from "./agrees-with.ts";

const messages: ChatRequest["messages"] = [{ role: "user", content: "Why? é ☃" }];

const APPLIED: ChatRequest = { messages, max_tokens: 256, seed: 7, temperature: 1 };

const written = (changes: Partial<ChatRequest> = {}) =>
  new TextDecoder().decode(canonicalRequest({ ...APPLIED, ...changes }));

const chat = (body: Record<string, unknown>) =>
  ({ form: "chat", body: { model: "m", messages, ...body } }) as const;

describe("agreesWith", () => {
  const AGREED: readonly (readonly [Record<string, unknown>, Partial<ChatRequest>])[] = [
    [{}, {}],
    [{ stream: true, stream_options: { include_usage: true }, user: "me", n: 1 }, {}],
    [{ max_tokens: 9 }, { max_tokens: 9 }],
    [{ max_completion_tokens: 9, max_tokens: 9 }, { max_tokens: 9 }],
    [
      { seed: 0, temperature: 0.5 },
      { seed: 0, temperature: 0.5 },
    ],
    [{ seed: null, stop: null, top_p: null, tools: null }, { seed: 3 }],
    [
      { top_p: 0.5, top_k: 3 },
      { top_p: 0.5, top_k: 3 },
    ],
    [{ top_p: 0.5, top_k: 3, temperature: 0 }, { temperature: 0 }],
    [{ stop: "x" }, { stop: ["x"] }],
    [{ stop: ["x", "y"] }, { stop: ["x", "y"] }],
    [{ frequency_penalty: 0, logprobs: false, response_format: { type: "text" } }, {}],
  ];
  for (const [body, changes] of AGREED)
    it(`with ${JSON.stringify(body)}`, () => {
      expect(disagreement(chat(body), written(changes))).to.be.undefined;
    });

  const DIFFERENT: readonly (readonly [Record<string, unknown>, Partial<ChatRequest>])[] = [
    [{ messages: [{ role: "user", content: "Why? e ☃" }] }, {}],
    [{ messages: [{ role: "system", content: "Be brief." }, ...messages] }, {}],
    [{ messages: [{ ...messages[0], name: "Jo" }] }, {}],
    [{ messages: undefined }, {}],
    [{ max_tokens: 9 }, {}],
    [{ max_tokens: 9, max_completion_tokens: 8 }, { max_tokens: 9 }],
    [{ seed: 8 }, {}],
    [{ seed: "7" }, {}],
    [{ temperature: 0 }, {}],
    [{ top_p: 0.5 }, {}],
    [{ top_p: 0.5 }, { top_p: 0.4 }],
    [{ temperature: 1 }, { top_k: 1 }],
    [{}, { top_p: 0.1 }],
    [{}, { stop: ["."] }],
    [{ stop: "x" }, {}],
    [{ stop: ["x", "y"] }, { stop: ["y", "x"] }],
    [{ n: 2 }, {}],
    [{ tools: [] }, {}],
    [{ frequency_penalty: 0.1 }, {}],
    [{ logprobs: true }, {}],
    [{ response_format: { type: "json_object" } }, {}],
    [{ constructor: 1 }, {}],
  ];
  for (const [body, changes] of DIFFERENT)
    it(`not with ${JSON.stringify(body)} where ${JSON.stringify(changes)} was applied`, () => {
      expect(agreesWith(chat(body), written(changes))).to.be.false;
    });

  it("reads nothing but canonical requests", () => {
    expect(() => disagreement(chat({}), `${written()} `)).to.throw("canonical");
    expect(() => disagreement(chat({}), "{}")).to.throw("not valid");
  });

  it("with completions", () => {
    const draws = { max_tokens: 16, seed: 7, temperature: 1 };
    const applied = new TextDecoder().decode(canonicalCompletion({ prompt: "Once", ...draws }));
    const form = "completion";
    for (const prompt of ["Once", ["Once"]])
      expect(agreesWith({ form, body: { prompt, echo: false, best_of: 1 } }, applied)).to.be.true;
    for (const body of [
      { prompt: "Then" },
      { prompt: ["Once", "Then"] },
      { prompt: "Once", echo: true },
    ])
      expect(agreesWith({ form, body }, applied)).to.be.false;
    expect(() => agreesWith({ form, body: { prompt: "Once" } }, written())).to.throw("not valid");
  });

  it("with embeddings", () => {
    const form = "embedding";
    const applied = new TextDecoder().decode(canonicalEmbedding({ input: ["a"] }));
    for (const input of ["a", ["a"]])
      expect(agreesWith({ form, body: { input, encoding_format: "base64" } }, applied)).to.be.true;
    for (const body of [{ input: "b" }, { input: ["a", "a"] }, { input: "a", dimensions: 2 }, {}])
      expect(agreesWith({ form, body }, applied)).to.be.false;
  });
});
