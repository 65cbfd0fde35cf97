import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import type { Server } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { serve } from "@hono/node-server";
import { expect } from "chai";
import OpenAI, { APIError } from "openai";
import { createChatGateway } from "./chat-completions.ts";
import { parseChatRequest } from "../../sdk/chat-request.ts";
import { canonicalCompletion } from "../../sdk/completion-request.ts";
import {
  encodeLanguageModel,
  readLanguageModel,
  serverManifest,
} from "../../sdk/language-model.ts";
import { LlamaRuntime } from "../runtimes/llama.ts";
import { ServerRuntime } from "../runtimes/openai.ts";
import { failureOf } from "../testing/failure.ts";
import { ask, OPG_TINY } from "../testing/opg-tiny.ts";

const QUESTION = "The price was 80 and is now 99. Did it rise or fall?";
const STORY = "Write a story about Jack and a car.";

/** A server on a port of its own, and where it listens. */
async function listen(fetch: (request: Request) => Response | Promise<Response>) {
  return new Promise<{ server: Server; url: string }>((resolve) => {
    const server = serve({ fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => {
      resolve({ server: server as Server, url: `http://127.0.0.1:${port}/v1` });
    });
  });
}

/** The question of a chat, with the frame that the model's package has, as a text to continue. */
function continued() {
  const prompt = `User: ${QUESTION}\nAssistant:`;
  const request = { prompt, max_tokens: 20, seed: 0, temperature: 0, stop: ["\n"] };
  return { request, input: new TextDecoder().decode(canonicalCompletion(request)) };
}

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
      const { input, request } = continued();
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

describe("ServerRuntime", () => {
  let folder: string;
  let llama: LlamaRuntime;
  let gateway: { server: Server; url: string };
  /** What was asked last; the tests look at it. */
  let asked: Record<string, unknown> | undefined;
  /** What answers in place of the gateway, if anything. */
  let override: ((request: Request) => Response | Promise<Response> | undefined) | undefined;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "opg-server-"));
    const manifest = serverManifest({ name: "tiny", model: "opg-tiny", contextLength: 384 });
    await writeFile(path.join(folder, "model.json"), encodeLanguageModel(manifest));
    llama = await LlamaRuntime.open(OPG_TINY, { gpu: false, parallel: 2 });
    const app = createChatGateway([llama]);
    gateway = await listen(async (request) => {
      const instead = await override?.(request);
      if (instead !== undefined || request.method === "GET") return instead ?? app.fetch(request);
      const body = await request.text();
      asked = JSON.parse(body) as Record<string, unknown>;
      const { url, method, headers, signal } = request;
      return app.fetch(new Request(url, { method, headers, signal, body }));
    });
  });

  afterEach(() => {
    override = undefined;
  });

  after(async () => {
    gateway.server.close();
    await llama.close();
    await rm(folder, { recursive: true });
  });

  const open = (options: object = {}) =>
    ServerRuntime.open(folder, { url: gateway.url, retries: 0, ...options });

  it("gives what the server's model gives", async () => {
    const runtime = await open();
    for (const request of [
      ask(QUESTION),
      ask(STORY, { max_tokens: 30 }),
      ask(STORY, { temperature: 1, seed: 3, top_k: 20, top_p: 0.9, stop: ["car"] }),
      continued().request,
    ]) {
      const local = await llama.generate(request);
      expect(await runtime.generate(request)).to.deep.equal(local);
      const pieces: string[] = [];
      const onText = (piece: string) => pieces.push(piece);
      expect(await runtime.generate(request, { onText })).to.deep.equal(local);
      expect(pieces.join("")).to.equal(local.text);
    }
    await runtime.close();
  });

  it("says everything that the request says, and that the rest is off", async () => {
    const runtime = await open();
    await runtime.generate(ask("hi", { seed: 5 }));
    expect(asked).to.deep.equal({
      model: "opg-tiny",
      messages: [{ role: "user", content: "hi" }],
      max_tokens: 64,
      seed: 5,
      temperature: 0,
      top_p: 1,
      n: 1,
      stream: false,
    });
  });

  it("is known by its manifest, and says where it computes", async () => {
    const runtime = await open();
    const { contentHash, manifest } = await readLanguageModel(folder);
    expect(manifest).to.have.property("unchecked").that.includes("weights");
    expect(runtime.describe()).to.deep.equal({
      runtime: "openai",
      model: "tiny",
      contentHash,
      device: `server at ${new URL(gateway.url).host}`,
      contextLength: 384,
      parallel: 32,
    });
  });

  it("does not start without its model, or without a server", async () => {
    override = () => Response.json({ object: "list", data: [{ id: "other" }] });
    expect((await failureOf(open())).code).to.equal("RUNTIME_REFUSED");
    const nobody = await failureOf(open({ url: "http://127.0.0.1:9/v1" }));
    expect(nobody.code).to.equal("RUNTIME_UNREACHABLE");
    await cp(OPG_TINY, path.join(folder, "gguf"), { recursive: true });
    const local = ServerRuntime.open(path.join(folder, "gguf"), { url: gateway.url });
    expect((await failureOf(local)).code).to.equal("LANGUAGE_MODEL_INVALID");
    expect((await failureOf(LlamaRuntime.open(folder))).code).to.equal("LANGUAGE_MODEL_INVALID");
  });

  const usage = { prompt_tokens: 3, completion_tokens: 2 };
  const choice = (content: unknown, finish_reason = "stop") => ({
    index: 0,
    message: { role: "assistant", content },
    finish_reason,
  });

  const BROKEN: Readonly<Record<string, object>> = {
    "no usage": { choices: [choice("hi")] },
    "no text": { choices: [choice(null)], usage },
    "no choice": { choices: [], usage },
    "a tool's call": { choices: [choice("", "tool_calls")], usage },
    "a filtered answer": { choices: [choice("", "content_filter")], usage },
    "more tokens than asked for": {
      choices: [choice("hi")],
      usage: { ...usage, completion_tokens: 65 },
    },
    "more text than so many tokens": { choices: [choice("a".repeat(64 * 512 + 1))], usage },
    "something else": { hello: "world" },
  };
  for (const [what, body] of Object.entries(BROKEN))
    it(`does not believe an answer with ${what}`, async () => {
      const runtime = await open();
      override = () => Response.json(body);
      expect((await failureOf(runtime.generate(ask("hi")))).code).to.equal("RUNTIME_FAILED");
    });

  const sse = (...chunks: readonly unknown[]) =>
    new Response(chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join(""), {
      headers: { "content-type": "text/event-stream" },
    });
  const piece = (content: string, finish_reason: string | null = null) => ({
    choices: [{ index: 0, delta: { content }, finish_reason }],
  });

  const BROKEN_STREAMS: Readonly<Record<string, readonly unknown[]>> = {
    "breaks off": [piece("h")],
    "does not count": [piece("h"), piece("i", "stop")],
    "ends for no reason": [piece("h"), { choices: [], usage }],
    "reports an error": [piece("h"), { error: { message: "out of memory", code: "oom" } }],
    "never ends": Array.from({ length: 20 }, () => piece("a".repeat(4_096))),
  };
  for (const [how, chunks] of Object.entries(BROKEN_STREAMS))
    it(`does not believe a stream that ${how}`, async () => {
      const runtime = await open();
      override = () => sse(...chunks);
      const failure = await failureOf(runtime.generate(ask("hi"), { onText: () => undefined }));
      expect(failure.code).to.equal("RUNTIME_FAILED");
    });

  const STATUSES: Readonly<Record<number, string>> = {
    400: "RUNTIME_REFUSED",
    401: "RUNTIME_REFUSED",
    404: "RUNTIME_REFUSED",
    429: "RUNTIME_BUSY",
    500: "RUNTIME_FAILED",
    503: "RUNTIME_FAILED",
  };
  for (const [status, code] of Object.entries(STATUSES))
    it(`makes ${code} of status ${status}`, async () => {
      const runtime = await open();
      override = () => Response.json({ error: { message: "no" } }, { status: Number(status) });
      expect((await failureOf(runtime.generate(ask("hi")))).code).to.equal(code);
    });

  it("tries again so often where the server is busy or broken, and no more", async () => {
    const runtime = await open({ retries: 2 });
    let attempts = 0;
    const fail = (times: number) => () =>
      ++attempts > times
        ? undefined
        : Response.json({}, { status: 503, headers: { "retry-after-ms": "1" } });
    override = fail(2);
    expect((await runtime.generate(ask(QUESTION))).text).to.equal("It rose.");
    expect(attempts).to.equal(3);
    attempts = 0;
    override = fail(9);
    expect((await failureOf(runtime.generate(ask(QUESTION)))).code).to.equal("RUNTIME_FAILED");
    expect(attempts).to.equal(3);
  });

  it("does not wait for ever", async () => {
    const runtime = await open({ timeoutMs: 100 });
    override = () => new Promise<Response>(() => undefined);
    const failure = await failureOf(runtime.generate(ask("hi")));
    expect(failure.code).to.equal("RUNTIME_UNREACHABLE");
    expect(failure.retryable).to.equal(true);
  });

  it("gives up when told so, and when it is closed", async () => {
    const runtime = await open();
    override = () => new Promise<Response>(() => undefined);
    const controller = new AbortController();
    const run = runtime.generate(ask("hi"), { signal: controller.signal });
    setTimeout(() => {
      controller.abort();
    }, 50);
    expect(await run.catch((error: unknown) => error)).to.equal(controller.signal.reason);
    const last = runtime.generate(ask("hi"));
    await Promise.all([runtime.close(), runtime.close()]);
    expect((await failureOf(last)).code).to.equal("RUNTIME_CLOSED");
    expect((await failureOf(runtime.generate(ask("hi")))).code).to.equal("RUNTIME_CLOSED");
  });

  it("sends no key of the user's to the server", async () => {
    const before = process.env.OPENAI_API_KEY;
    process.env.OPENAI_API_KEY = "the user's own";
    let sent: string | null = null;
    override = (request) => {
      sent = request.headers.get("authorization");
      return undefined;
    };
    try {
      await open();
      expect(sent).to.equal("Bearer none");
      await open({ apiKey: "for this server" });
      expect(sent).to.equal("Bearer for this server");
    } finally {
      if (before === undefined) delete process.env.OPENAI_API_KEY;
      else process.env.OPENAI_API_KEY = before;
    }
  });
});
