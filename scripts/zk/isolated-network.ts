import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { networkResultSchema, untried, type NetworkResult } from "../../zkml/corpus/result.ts";

/** What one network may use. */
interface Limits {
  readonly timeoutSeconds: number;
  readonly memoryMiB: number;
}

export interface CorpusOptions extends Limits {
  readonly prove: boolean;
  /** Folder that keeps Powers of Tau files. */
  readonly cache: string;
}

const CHECKER = path.join(import.meta.dirname, "corpus-network.ts");

/** Checks a network in a process of its own: neither time, memory nor a crash of one touches the others. */
export async function checkIsolated(
  folder: string,
  { prove, cache, ...limits }: CorpusOptions,
): Promise<NetworkResult> {
  const work = await mkdtemp(path.join(tmpdir(), "corpus-"));
  try {
    return await runChecker(folder, prove ? [work, cache] : [], limits);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function runChecker(
  folder: string,
  provingFolders: readonly string[],
  { timeoutSeconds, memoryMiB }: Limits,
): Promise<NetworkResult> {
  const child = spawn(
    process.execPath,
    [
      `--max-old-space-size=${memoryMiB}`,
      ...["--import", import.meta.resolve("tsx")],
      ...[CHECKER, folder, ...provingFolders],
    ],
    { stdio: ["ignore", "pipe", "pipe"], timeout: timeoutSeconds * 1000, killSignal: "SIGKILL" },
  );
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output.stderr += chunk.toString()));
  const start = performance.now();
  const [exitCode, signal] = (await once(child, "close")) as [number | null, string | null];

  const result = lastResult(output.stdout) ?? untried(path.basename(folder));
  if (exitCode === 0) return result;
  const isLate = signal === "SIGKILL" && performance.now() - start >= timeoutSeconds * 1000;
  const error = isLate
    ? `TIMEOUT: It was not done after ${timeoutSeconds} seconds.`
    : `CRASHED: The process ended with ${signal ?? `exit code ${exitCode ?? "?"}`}${reason(output.stderr)}.`;
  return { ...result, error };
}

function lastResult(stdout: string): NetworkResult | undefined {
  // A process that is killed may leave its last line unfinished.
  const line = stdout.split("\n").slice(0, -1).at(-1);
  return line === undefined ? undefined : networkResultSchema.parse(JSON.parse(line));
}

function reason(stderr: string): string {
  return /heap out of memory/i.test(stderr) ? ": out of memory" : "";
}
