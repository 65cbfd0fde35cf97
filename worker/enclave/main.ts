/**
 * The program that runs inside an enclave.
 *
 * Run: tsx main.ts <configuration file>
 *      tsx main.ts -                      reads the configuration from the first line of standard input, and ends with it
 *
 * Writes one line of JSON to standard output once it serves, and its log to standard error.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import pino from "pino";
import { parseEnclaveConfig, readEnclaveConfig, type EnclaveConfig } from "./config.ts";
import { runEnclave, type RunningEnclave } from "./run-enclave.ts";
import { OpenGradientError } from "../../sdk/errors.ts";

const STOP_MS = 10_000;

const log = pino({ name: "enclave" }, pino.destination({ fd: 2, sync: true }));
const stopping = new AbortController();
const { signal } = stopping;

function stop(reason: string): void {
  if (signal.aborted) return;
  log.info({ reason }, "The enclave stops.");
  stopping.abort();
  // What hangs must not keep the key in memory.
  setTimeout(() => process.exit(1), STOP_MS).unref();
}

process.on("SIGTERM", stop);
process.on("SIGINT", stop);

/** The parent's end of the pipe closes however the parent ends; the enclave ends with it. */
async function readFromParent(): Promise<EnclaveConfig> {
  const lines = createInterface({ input: process.stdin });
  const first = new Promise<string>((resolve) => {
    lines.once("line", resolve);
    lines.once("close", () => {
      resolve("");
      stop("parent");
    });
  });
  return parseEnclaveConfig(await first, process.cwd());
}

async function start(source: string | undefined): Promise<RunningEnclave> {
  if (source === undefined) {
    throw new OpenGradientError(
      "ENCLAVE_CONFIG_INVALID",
      "No configuration is named.",
      "Name a file, or - for standard input.",
    );
  }
  return runEnclave(source === "-" ? await readFromParent() : await readEnclaveConfig(source), log);
}

try {
  const { port, tlsKeyHash, stop: close } = await start(process.argv[2]);
  process.stdout.write(`${JSON.stringify({ port, tlsKeyHash })}\n`);
  if (!signal.aborted) {
    await new Promise((resolve) => {
      signal.addEventListener("abort", resolve);
    });
  }
  await close();
  process.exitCode = 0;
} catch (error) {
  const { code, hint } = error instanceof OpenGradientError ? error : {};
  log.fatal(
    { code, hint, err: error },
    error instanceof Error ? error.message : "The enclave failed.",
  );
  process.exitCode = 1;
}
// Standard input would keep the process alive.
process.stdin.destroy();
