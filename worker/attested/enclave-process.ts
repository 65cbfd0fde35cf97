import { spawn, type ChildProcessByStdio } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import path from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { Logger } from "pino";
import { z } from "zod";
import type { EnclaveConfigFile } from "../enclave/config.ts";
import { readySchema, type Ready } from "../enclave/protocol.ts";
import { ERROR_CODES, OpenGradientError, type ErrorCode } from "../../sdk/errors.ts";

/** How a process ended: by itself with a code, or by a signal. */
export interface EnclaveEnd {
  readonly code: number | null;
  readonly signal: string | null;
}

/** An enclave in a process of its own. */
export interface EnclaveProcess {
  readonly pid: number | undefined;
  readonly url: string;
  readonly tlsKeyHash: string;
  /** What it asks its host for. */
  readonly accessToken: string;
  /** Settles when the process ends, whyever. It is not started again: its key is gone, and a new one must be attested. */
  readonly ended: Promise<EnclaveEnd>;
  /** Asks it to stop, and makes it if it does not. */
  readonly stop: () => Promise<void>;
}

/** What the host decides; the rest is between it and the process. */
export type EnclaveProcessConfig = Omit<EnclaveConfigFile, "listen" | "accessTokenHash">;

export interface EnclaveProcessOptions {
  readonly config: EnclaveProcessConfig;
  readonly log: Logger;
  /** How long models may take to load. */
  readonly startMs?: number;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

const PROGRAM = path.resolve(import.meta.dirname, "../enclave/main.ts");
const DEFAULT_START_MS = 300_000;
const STOP_MS = 15_000;
const MAX_LOG_LINE = 2_000;

/** All that the process gets of the host's environment: where programs, caches and the accelerator's libraries are. */
const ENVIRONMENT = ["PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES"];

/**
 * Starts an enclave as a process, which shares nothing with its host but a pipe and a port: no keys, no passwords, no
 * environment. It ends when the host ends, however that is, because the pipe closes then; and Ctrl+C in a terminal does not
 * reach it, so that the host can finish what it needs it for.
 *
 * @throws OpenGradientError what kept the enclave from starting.
 */
export async function startEnclaveProcess({
  config,
  log,
  startMs = DEFAULT_START_MS,
}: EnclaveProcessOptions): Promise<EnclaveProcess> {
  const accessToken = randomBytes(32).toString("hex");
  const child = spawnProgram();
  const ended = endOf(child);
  const stop = () => stopChild(child, ended);
  const failure = relayLog(child, log);
  try {
    const accessTokenHash = createHash("sha256").update(accessToken).digest("hex");
    child.stdin.write(`${JSON.stringify({ ...config, accessTokenHash })}\n`);
    const { port, tlsKeyHash } = await ready(child, { ended, failure, startMs });
    const url = `https://127.0.0.1:${port}`;
    return { pid: child.pid, url, tlsKeyHash, accessToken, ended, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function spawnProgram(): Child {
  const given = ENVIRONMENT.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value]];
  });
  const child = spawn(process.execPath, ["--import", import.meta.resolve("tsx"), PROGRAM, "-"], {
    stdio: ["pipe", "pipe", "pipe"],
    env: Object.fromEntries(given) as NodeJS.ProcessEnv,
    // A process group of its own: a terminal's Ctrl+C is for the host.
    detached: true,
  });
  // What happens to the process shows in how it ends; a pipe that breaks says nothing more.
  child.stdin.on("error", () => undefined);
  return child;
}

/** Once its output is read to the end, too. */
function endOf(child: Child): Promise<EnclaveEnd> {
  return new Promise((resolve) => {
    child.once("close", (code, signal) => {
      resolve({ code, signal });
    });
  });
}

/** The process's first line, or why there is none. */
async function ready(
  child: Child,
  { ended, failure, startMs }: { ended: Promise<EnclaveEnd>; failure: Failure; startMs: number },
): Promise<Ready> {
  const timeout = AbortSignal.timeout(startMs);
  const lines = createInterface({ input: child.stdout });
  const line = once(lines, "line", { signal: timeout }).then(([text]) => String(text));
  const first = await Promise.race([
    line.catch(() => undefined),
    ended.then(() => undefined),
    once(child, "error").then(() => undefined),
  ]);
  if (first !== undefined) return readySchema.parse(JSON.parse(first));
  if (timeout.aborted) throw notStarted(`It did not serve within ${startMs} ms.`);
  await ended;
  const { code, message, hint } = failure.latest ?? {};
  if (code === undefined) throw notStarted(message ?? "The log says why.");
  throw new OpenGradientError(
    code,
    message ?? "The enclave did not start.",
    hint ?? "See the log.",
  );
}

/** What the process last said that it cannot go on for. */
interface Failure {
  latest?: { code: ErrorCode | undefined; message: string; hint: string | undefined };
}

const lineSchema = z.looseObject({
  level: z.number(),
  msg: z.string(),
  code: z.string().optional(),
  hint: z.string().optional(),
});

const FATAL = 60;
const WARNING = 40;

/** Hands the process's log on to the host's. */
function relayLog(child: Child, log: Logger): Failure {
  const failure: Failure = {};
  createInterface({ input: child.stderr }).on("line", (line) => {
    const parsed = lineSchema.safeParse(parseLine(line));
    if (!parsed.success) {
      // Libraries write what they like.
      log.debug({ line: line.slice(0, MAX_LOG_LINE) }, "Enclave wrote.");
      return;
    }
    const { level, msg, code, hint, err } = parsed.data;
    if (level >= FATAL) failure.latest = { code: errorCode(code), message: msg, hint };
    if (level >= WARNING) log.warn({ enclave: msg, code, hint, err }, "Enclave warned.");
    else log.info({ enclave: msg }, "Enclave said.");
  });
  return failure;
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function errorCode(code: string | undefined): ErrorCode | undefined {
  return Object.keys(ERROR_CODES).find((known): known is ErrorCode => known === code);
}

async function stopChild(child: Child, ended: Promise<EnclaveEnd>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
  const deadline = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
  await ended;
  clearTimeout(deadline);
}

function notStarted(why: string): OpenGradientError {
  const message = `The simulated enclave did not start. ${why}`;
  return new OpenGradientError("ENCLAVE_FAILED", message, "Correct what it names, and try again.");
}
