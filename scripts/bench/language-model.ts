/**
 * Measures what a language model's runtime does in a second, how soon an answer begins, and what the gateway adds to that.
 *
 * Run: npm run bench:llm -- [folder] [--tokens 128] [--rounds 15] [--no-gpu] [--threads n] [--parallel n] [--server url]
 */
import type { AddressInfo } from "node:net";
import path from "node:path";
import process from "node:process";
import { serve } from "@hono/node-server";
import { Command } from "commander";
import OpenAI from "openai";
import { integerBetween } from "../../cli/arguments.ts";
import { openRuntime, withRuntimeOptions, type RuntimeOptions } from "../../cli/runtime-options.ts";
import type { ChatRequest } from "../../sdk/chat-request.ts";
import { createChatGateway } from "../../worker/gateway/chat-completions.ts";
import type { Runtime } from "../../worker/runtimes/runtime.ts";
import { asCommand } from "../as-command.ts";

const OPG_TINY = path.resolve(import.meta.dirname, "../../worker/models/opg-tiny");

const HOST = "127.0.0.1";

const QUESTION = "Write a story about Jack and a car.";

interface Options extends RuntimeOptions {
  readonly tokens: number;
  readonly rounds: number;
}

/** One answer, timed. */
interface Sample {
  readonly tokens: number;
  readonly firstMs: number;
  readonly wholeMs: number;
}

const command = new Command("bench:llm")
  .description("Measure a language model's runtime, and the gateway over it")
  .argument("[folder]", "package", OPG_TINY)
  .option("--tokens <n>", "most tokens of an answer", integerBetween(2, 2 ** 20), 128)
  .option("--rounds <n>", "answers of each kind", integerBetween(1, 1_000), 15);

withRuntimeOptions(command).action(measure);

await asCommand(async () => {
  await command.parseAsync();
});

async function measure(folder: string, options: Options): Promise<void> {
  const start = performance.now();
  const runtime = await openRuntime(folder, options);
  const loadMs = performance.now() - start;
  const server = serve({ fetch: createChatGateway([runtime]).fetch, port: 0, hostname: HOST });
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  const client = new OpenAI({ baseURL: `http://${HOST}:${port}/v1`, apiKey: "none" });
  try {
    report(runtime, loadMs, await rounds(runtime, client, options));
  } finally {
    server.close();
    await runtime.close();
  }
}

/** What was measured, by what was asked. */
interface Found {
  readonly direct: readonly Sample[];
  readonly routed: readonly Sample[];
  /** Tokens in a second, of as many requests at the same time as the runtime computes. */
  readonly together: number;
}

/** By turns, so that both suffer alike from what else the machine does; the first of each is not counted. */
async function rounds(runtime: Runtime, client: OpenAI, options: Options): Promise<Found> {
  const direct: Sample[] = [];
  const routed: Sample[] = [];
  for (let round = 0; round <= options.rounds; round++) {
    // Other draws in each round, the same for both.
    const request = requestOf(round, options.tokens);
    const [one, other] = [await ask(runtime, request), await askRoute(client, runtime, request)];
    if (round === 0) continue;
    direct.push(one);
    routed.push(other);
  }
  const { parallel } = runtime.describe();
  const start = performance.now();
  const answers = await Promise.all(
    Array.from({ length: 4 * parallel }, (_, seed) =>
      runtime.generate(requestOf(seed, options.tokens)),
    ),
  );
  const seconds = (performance.now() - start) / 1_000;
  const tokens = answers.reduce((sum, { outputTokens }) => sum + outputTokens, 0);
  return { direct, routed, together: tokens / seconds };
}

/** What every request has to say, and no more. */
type PlainRequest = Pick<ChatRequest, "messages" | "max_tokens" | "seed" | "temperature">;

function requestOf(seed: number, maxTokens: number): PlainRequest {
  const messages: ChatRequest["messages"] = [{ role: "user", content: QUESTION }];
  return { messages, max_tokens: maxTokens, seed, temperature: 0.7 };
}

async function ask(runtime: Runtime, request: PlainRequest): Promise<Sample> {
  const start = performance.now();
  let firstMs: number | undefined;
  const onText = () => (firstMs ??= performance.now() - start);
  const { outputTokens: tokens } = await runtime.generate(request, { onText });
  const wholeMs = performance.now() - start;
  return { tokens, firstMs: firstMs ?? wholeMs, wholeMs };
}

async function askRoute(client: OpenAI, { name }: Runtime, request: PlainRequest): Promise<Sample> {
  const start = performance.now();
  let firstMs: number | undefined;
  let tokens = 0;
  const stream = await client.chat.completions.create({
    ...request,
    model: name,
    stream: true,
    stream_options: { include_usage: true },
  });
  for await (const { choices, usage } of stream) {
    const piece = choices[0]?.delta.content ?? "";
    if (piece !== "") firstMs ??= performance.now() - start;
    tokens = usage?.completion_tokens ?? tokens;
  }
  const wholeMs = performance.now() - start;
  return { tokens, firstMs: firstMs ?? wholeMs, wholeMs };
}

function report(runtime: Runtime, loadMs: number, { direct, routed, together }: Found): void {
  const { model, device, parallel } = runtime.describe();
  const row = (what: string, value: number, unit: string) => {
    process.stdout.write(`${what.padEnd(40)}${value.toFixed(1).padStart(10)} ${unit}\n`);
  };
  process.stdout.write(`${model} on ${device}, node ${process.version}; medians\n`);
  row("load", loadMs, "ms");
  for (const [how, samples] of [
    ["runtime", direct],
    ["through the gateway", routed],
  ] as const) {
    row(
      `${how}: first text after`,
      median(samples, ({ firstMs }) => firstMs),
      "ms",
    );
    row(`${how}: tokens per second`, median(samples, speed), "/s");
  }
  const added = (of: (sample: Sample) => number) => median(routed, of) - median(direct, of);
  row(
    "added to the first text",
    added(({ firstMs }) => firstMs),
    "ms",
  );
  row(
    "added to each token",
    added(({ wholeMs, tokens }) => wholeMs / tokens),
    "ms",
  );
  row(`${parallel} at the same time: tokens per second`, together, "/s");
}

function speed({ tokens, wholeMs }: Sample): number {
  return tokens / (wholeMs / 1_000);
}

function median(samples: readonly Sample[], of: (sample: Sample) => number): number {
  const sorted = samples.map(of).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}
