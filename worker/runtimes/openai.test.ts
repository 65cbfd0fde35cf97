import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import type { Server } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { LlamaRuntime } from "./llama.ts";
import { ServerRuntime } from "./openai.ts";
import {
  encodeLanguageModel,
  readLanguageModel,
  serverManifest,
} from "../../sdk/language-model.ts";
import { createChatGateway } from "../gateway/chat-completions.ts";
import { failureOf } from "../testing/failure.ts";
import { listen } from "../testing/listen.ts";
import { ask, continued, OPG_TINY } from "../testing/opg-tiny.ts";

const QUESTION = "The price was 80 and is now 99. Did it rise or fall?";
const STORY = "Write a story about Jack and a car.";

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
      continued(QUESTION),
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
