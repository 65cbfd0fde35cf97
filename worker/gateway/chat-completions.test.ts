import type { Server } from "node:http";
import { expect } from "chai";
import OpenAI, { APIError } from "openai";
import { createChatGateway } from "./chat-completions.ts";
import { parseChatRequest } from "../../sdk/chat-request.ts";
import { canonicalCompletion } from "../../sdk/completion-request.ts";
import { LlamaRuntime } from "../runtimes/llama.ts";
import { listen } from "../testing/listen.ts";
import { ask, continued, OPG_TINY } from "../testing/opg-tiny.ts";

const QUESTION = "The price was 80 and is now 99. Did it rise or fall?";
const STORY = "Write a story about Jack and a car.";

describe("gateway", () => {
  let llama: LlamaRuntime;
  let server: Server;
  let url: string;
  let client: OpenAI;

  before(async () => {
    llama = await LlamaRuntime.open(OPG_TINY, { gpu: false, parallel: 2, maxWaiting: 4 });
    ({ server, url } = await listen(createChatGateway([llama]).fetch));
    client = new OpenAI({ baseURL: url, apiKey: "none", maxRetries: 0 });
  });

  after(async () => {
    server.close();
    await llama.close();
  });

  const post = (body: unknown, more: RequestInit = {}) =>
    fetch(`${url}/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: typeof body === "string" ? body : JSON.stringify(body),
      ...more,
    });

  const say = (content: string) => [{ role: "user" as const, content }];

  /** What the gateway refuses, as OpenAI's client reports it. */
  async function refusal(parameters: object): Promise<APIError> {
    const body = { model: "opg-tiny", messages: say("hi"), ...parameters };
    const error: unknown = await client.chat.completions.create(body).catch((e: unknown) => e);
    if (error instanceof APIError) return error;
    throw new Error("it was not refused");
  }

  describe("with OpenAI's client", () => {
    it("lists models", async () => {
      const { data } = await client.models.list();
      expect(data.map(({ id }) => id)).to.deep.equal(["opg-tiny"]);
      const model = await client.models.retrieve("opg-tiny");
      expect(model).to.include({ id: "opg-tiny", content_hash: llama.contentHash });
    });

    it("answers, and counts", async () => {
      const answer = await client.chat.completions.create({
        model: "opg-tiny",
        messages: say(QUESTION),
        temperature: 0,
      });
      expect(answer.choices[0]?.message).to.include({ role: "assistant", content: "It rose." });
      expect(answer.choices[0]?.finish_reason).to.equal("stop");
      expect(answer.usage).to.deep.equal({
        prompt_tokens: 26,
        completion_tokens: 6,
        total_tokens: 32,
      });
    });

    it("streams, and counts if asked", async () => {
      for (const isUsageWanted of [true, false]) {
        const stream = await client.chat.completions.create({
          model: "opg-tiny",
          messages: say(STORY),
          temperature: 0,
          max_completion_tokens: 40,
          stream: true,
          stream_options: { include_usage: isUsageWanted },
        });
        let text = "";
        const reasons: unknown[] = [];
        const usages: unknown[] = [];
        for await (const { choices, usage } of stream) {
          text += choices[0]?.delta.content ?? "";
          if (choices[0]?.finish_reason != null) reasons.push(choices[0].finish_reason);
          if (usage != null) usages.push(usage);
        }
        const { text: whole, inputTokens } = await llama.generate(ask(STORY, { max_tokens: 40 }));
        expect(text).to.equal(whole);
        expect(reasons).to.deep.equal(["length"]);
        expect(usages).to.deep.equal(
          isUsageWanted
            ? [
                {
                  prompt_tokens: inputTokens,
                  completion_tokens: 40,
                  total_tokens: inputTokens + 40,
                },
              ]
            : [],
        );
      }
    });

    it("continues a text as it is, without a frame", async () => {
      const request = continued(QUESTION);
      const input = new TextDecoder().decode(canonicalCompletion(request));
      const asked = { model: "opg-tiny", ...request };
      const answer = await client.completions.create(asked);
      const { text, inputTokens, outputTokens } = await llama.generate(request);
      // What the chat's frame makes of the question, the model answers in the same way; a blank stays.
      expect(text).to.equal(" It rose.");
      expect(answer.choices[0]).to.include({ text, finish_reason: "stop" });
      expect(answer).to.have.nested.property("opengradient.request", input);
      expect(answer.usage).to.include({
        prompt_tokens: inputTokens,
        completion_tokens: outputTokens,
      });
      let streamed = "";
      for await (const { choices } of await client.completions.create({ ...asked, stream: true }))
        streamed += choices[0]?.text ?? "";
      expect(streamed).to.equal(text);
      const short = await client.completions.create({ model: "opg-tiny", prompt: "Jack" });
      expect(short.usage?.completion_tokens).to.equal(16);
      expect(short.choices[0]?.finish_reason).to.equal("length");
    });

    it("ends streams when the client goes away", async () => {
      const stream = await client.chat.completions.create({
        model: "opg-tiny",
        messages: say(STORY),
        temperature: 0,
        stream: true,
      });
      for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
      // Both contexts are free again.
      const answers = [1, 2, 3, 4].map(() => llama.generate(ask(QUESTION)));
      for (const { text } of await Promise.all(answers)) expect(text).to.equal("It rose.");
    });
  });

  describe("says what it applied", () => {
    async function applied(parameters: object) {
      const body = { model: "opg-tiny", messages: say("hi"), ...parameters };
      const answer = (await (await post(body)).json()) as {
        choices: [{ message: { content: string } }];
        opengradient: { request: string; contentHash: string };
      };
      expect(answer.opengradient.contentHash).to.equal(llama.contentHash);
      const bytes = new TextEncoder().encode(answer.opengradient.request);
      return { request: parseChatRequest(bytes), text: answer.choices[0].message.content };
    }

    it("where the client leaves everything open, so that anybody can ask again for the same", async () => {
      const { request, text } = await applied({});
      expect(request).to.deep.include({ messages: say("hi"), max_tokens: 192, temperature: 1 });
      expect((await llama.generate(request)).text).to.equal(text);
      const again = await applied({});
      expect(again.request.seed).to.not.equal(request.seed);
    });

    it("where it says everything", async () => {
      const parameters = { max_tokens: 9, seed: 7, temperature: 0.5, top_p: 0.9, top_k: 3 };
      const { request } = await applied({ ...parameters, stop: "x", user: "me", n: 1 });
      expect(request).to.deep.equal({ messages: say("hi"), ...parameters, stop: ["x"] });
    });

    it("where nothing is drawn", async () => {
      const { request } = await applied({ temperature: 0, top_p: 1, top_k: 4, stop: null });
      expect(request).to.not.have.any.keys("top_p", "top_k", "stop");
    });

    it("at the beginning of a stream", async () => {
      const response = await post({ model: "opg-tiny", messages: say("hi"), stream: true });
      expect(response.headers.get("content-type")).to.include("text/event-stream");
      const text = await response.text();
      expect(text).to.match(/^data: \{.*"opengradient":\{"contentHash":"0x/);
      expect(text).to.match(/data: \[DONE\]\n\n$/);
    });
  });

  describe("refuses", () => {
    it("models that are not here", async () => {
      const { status, code } = await refusal({ model: "gpt-x" });
      expect({ status, code }).to.deep.equal({ status: 404, code: "model_not_found" });
    });

    const UNSUPPORTED: Readonly<Record<string, unknown>> = {
      tools: [],
      n: 2,
      logprobs: true,
      presence_penalty: 0.5,
      response_format: { type: "json_object" },
      max_tokens: "many",
    };
    for (const [parameter, value] of Object.entries(UNSUPPORTED))
      it(`${parameter}, instead of ignoring it`, async () => {
        const { status, code, param } = await refusal({ [parameter]: value });
        expect({ status, code, param }).to.deep.equal({
          status: 400,
          code: "parameter_invalid",
          param: parameter,
        });
      });

    const INVALID: readonly object[] = [
      { temperature: 3 },
      { max_tokens: 0 },
      { seed: 2 ** 31 },
      { stop: ["a", "b", "c", "d", "e"] },
      { messages: [] },
      { messages: [{ role: "assistant", content: "I speak first." }] },
      { messages: [{ role: "system", content: "" }, ...say("hi")] },
    ];
    for (const parameters of INVALID)
      it(JSON.stringify(parameters), async () => {
        for (const stream of [false, true]) {
          const { status, code } = await refusal({ ...parameters, stream });
          expect({ status, code }).to.deep.equal({ status: 400, code: "CHAT_REQUEST_INVALID" });
        }
      });

    it("lengths that contradict each other", async () => {
      const { status, param } = await refusal({ max_tokens: 1, max_completion_tokens: 2 });
      expect({ status, param }).to.deep.equal({ status: 400, param: "max_tokens" });
    });

    it("what does not fit into the context, also before a stream", async () => {
      for (const stream of [false, true]) {
        const { status, code } = await refusal({ max_tokens: 384, stream });
        expect({ status, code }).to.deep.equal({ status: 400, code: "context_length_exceeded" });
      }
    });

    it("more than it can take, and says that it passes", async () => {
      const requests = Array.from({ length: 12 }, () =>
        post({ model: "opg-tiny", messages: say(STORY), temperature: 0 }),
      );
      const statuses = (await Promise.all(requests)).map(({ status }) => status);
      expect(statuses.filter((status) => status === 200)).to.have.length(6);
      expect(statuses.filter((status) => status === 429)).to.have.length(6);
    });

    it("bodies that are no JSON, too large, or sent elsewhere", async () => {
      const codeOf = async (response: Response) => {
        const { error } = (await response.json()) as { error: { code: string; type: string } };
        return [response.status, error.code, error.type];
      };
      const type = "invalid_request_error";
      expect(await codeOf(await post("{"))).to.deep.equal([400, "body_invalid", type]);
      const form = { headers: { "content-type": "text/plain" } };
      const typed = await codeOf(await post("{}", form));
      expect(typed).to.deep.equal([415, "content_type_unsupported", type]);
      expect(await codeOf(await post("[]"))).to.deep.equal([400, "parameter_invalid", type]);
      const large = await post(JSON.stringify(" ".repeat(1_100_000)));
      expect(await codeOf(large)).to.deep.equal([413, "body_too_large", type]);
      const lost = await fetch(`${url}/embeddings`, { method: "POST" });
      expect(await codeOf(lost)).to.deep.equal([404, "not_found", type]);
    });
  });
});
