/**
 * Measures what the gateway adds to a bare runtime, with signing, journalling and vouchers on, and whether its memory grows. The node
 * and who asks it are processes of their own.
 *
 * Run: npm run bench:gateway -- [--requests 10000] [--memory-requests 100000] [--write]
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import path from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { Command } from "commander";
import { Wallet } from "ethers";
import { z } from "zod";
import { ask, percentile, Vouchers, type Timings } from "./gateway-load.ts";
import { integerBetween } from "../../cli/arguments.ts";
import { LlamaRuntime } from "../../worker/runtimes/llama.ts";
import type { Runtime } from "../../worker/runtimes/runtime.ts";
import { EchoRuntime } from "../../worker/testing/echo-runtime.ts";
import { ask as requestOf, OPG_TINY } from "../../worker/testing/opg-tiny.ts";
import { asCommand } from "../as-command.ts";

const DOCS = path.resolve(import.meta.dirname, "../../docs/benchmarks.md");
const BEGIN = "<!-- table: npm run bench:gateway -- --write -->";
const END = "<!-- end of table -->";

const QUESTION = "The price was 80 and is now 99. Did it rise or fall?";
const CONNECTIONS = 32;
const WARM_UP = 500;

/** One at a time: what an answer takes if nobody else asks. */
const LONE_REQUESTS = 500;

/** In the run over memory, each voucher is shown so often; the operator's credit allows for it. */
const SHOWN = 10;
const MEMORY_STEPS = 5;

const MODELS = ["echo", "opg-tiny"] as const;

/** What the node says that it has used. */
const usageSchema = z.object({ rss: z.number(), heapUsed: z.number(), cpuMs: z.number() });

const HEAD = [
  "| model | bare, p50 | p99 | through the gateway, p50 | p99 | overhead, p50 | requests/s, 32 at a time | p50 | p99 | processor time of the node, each |",
  "| --- | --: | --: | --: | --: | --: | --: | --: | --: | --: |",
];

interface Options {
  readonly requests: number;
  readonly memoryRequests: number;
  readonly write: boolean;
}

const command = new Command("bench:gateway")
  .description("Measure requests in a second, what the gateway adds, and its memory")
  .option("--requests <n>", "for each model", integerBetween(100, 1_000_000), 10_000)
  .option(
    "--memory-requests <n>",
    "over which memory is watched; 0 for none",
    integerBetween(0, 10_000_000),
    100_000,
  )
  .option("--write", "write the tables into docs/benchmarks.md", false)
  .action(measure);

await asCommand(async () => {
  await command.parseAsync();
});

async function measure(options: Options): Promise<void> {
  const rows: string[] = [];
  for (const model of MODELS) rows.push(await measureModel(model, options));
  const memory = options.memoryRequests === 0 ? [] : await measureMemory(options.memoryRequests);
  const text = [...HEAD, ...rows, ...memory].join("\n");
  process.stdout.write(`${text}\n`);
  if (options.write) await writeSection(text);
}

async function measureModel(
  model: (typeof MODELS)[number],
  { requests }: Options,
): Promise<string> {
  const bare = await bareTimings(model);
  await using node = await startNode(model);
  const vouchers = new Vouchers(Wallet.createRandom());
  const run = (connections: number, count: number) =>
    ask({
      ...{ port: node.port, connections, requests: count, question: QUESTION },
      vouchers: vouchers.next(count),
    });
  await run(CONNECTIONS, WARM_UP);
  const lone = await run(1, LONE_REQUESTS);
  const before = await node.usage();
  const many = await run(CONNECTIONS, model === "echo" ? requests : Math.ceil(requests / 10));
  const { cpuMs } = await node.usage();
  const overhead = percentile(lone.sortedMs, 0.5) - percentile(bare, 0.5);
  const cells = [
    model,
    ...both(bare),
    ...both(lone.sortedMs),
    milliseconds(overhead),
    rateOf(many).toFixed(0),
    ...both(many.sortedMs),
    milliseconds((cpuMs - before.cpuMs) / many.sortedMs.length),
  ];
  return `| ${cells.join(" | ")} |`;
}

/** What the runtime takes without anything around it, in this process. */
async function bareTimings(model: (typeof MODELS)[number]): Promise<readonly number[]> {
  const runtime: Runtime =
    model === "echo" ? new EchoRuntime() : await LlamaRuntime.open(OPG_TINY, { gpu: false });
  const found: number[] = [];
  for (let i = 0; i < LONE_REQUESTS; i++) {
    const start = performance.now();
    await runtime.generate(requestOf(QUESTION, { max_tokens: 32 }));
    found.push(performance.now() - start);
  }
  await runtime.close();
  return found.sort((a, b) => a - b);
}

async function measureMemory(requests: number): Promise<readonly string[]> {
  await using node = await startNode("echo");
  const vouchers = new Vouchers(Wallet.createRandom());
  const step = Math.ceil(requests / MEMORY_STEPS);
  const lines = [
    "",
    "| requests so far | heap in use | all memory | requests/s |",
    "| --: | --: | --: | --: |",
  ];
  for (let done = step; done <= requests; done += step) {
    const signed = vouchers.next(Math.ceil(step / SHOWN));
    const timings = await ask({
      ...{ port: node.port, connections: CONNECTIONS, requests: step, question: QUESTION },
      vouchers: signed.flatMap((voucher) => Array<string>(SHOWN).fill(voucher)),
    });
    const { rss, heapUsed } = await node.usage();
    const cells = [done.toLocaleString("en"), megabytes(heapUsed), megabytes(rss)];
    lines.push(`| ${[...cells, rateOf(timings).toFixed(0)].join(" | ")} |`);
  }
  return lines;
}

interface BenchedNode extends AsyncDisposable {
  readonly port: number;
  readonly usage: () => Promise<z.output<typeof usageSchema>>;
}

async function startNode(model: string): Promise<BenchedNode> {
  const script = path.resolve(import.meta.dirname, "gateway-node.ts");
  const args = ["--expose-gc", "--import", "tsx", script, model];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const read = async () => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error("the node of the benchmark ended");
    return value;
  };
  const port = Number(await read());
  return {
    port,
    usage: async () => {
      child.stdin.write("usage\n");
      return usageSchema.parse(JSON.parse(await read()));
    },
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, "exit");
      child.stdin.end("stop\n");
      await ended;
    },
  };
}

async function writeSection(text: string): Promise<void> {
  const docs = await readFile(DOCS, "utf8");
  const start = docs.indexOf(BEGIN);
  const end = docs.indexOf(END, start);
  if (start === -1 || end === -1) throw new Error(`${DOCS} has no place for the tables`);
  const before = docs.slice(0, start + BEGIN.length);
  await writeFile(DOCS, `${before}\n\n${text}\n\n${machine()}\n\n${docs.slice(end)}`);
}

function machine(): string {
  return `On ${cpus().length} cores of ${cpus()[0]?.model ?? "an unknown processor"}, which the node shares with who asks.`;
}

function rateOf({ sortedMs, seconds }: Timings): number {
  return sortedMs.length / seconds;
}

function both(sortedMs: readonly number[]): readonly string[] {
  return [0.5, 0.99].map((share) => milliseconds(percentile(sortedMs, share)));
}

function milliseconds(value: number): string {
  return `${value.toFixed(2)} ms`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
