import process from "node:process";
import type { Command } from "commander";
import { integerBetween } from "./arguments.ts";
import { OpenGradientError } from "../sdk/errors.ts";
import { readLanguageModel } from "../sdk/language-model.ts";
import type { Runtime } from "../worker/runtimes/runtime.ts";

/** How a language model is to be run. */
export interface RuntimeOptions {
  readonly gpu: boolean;
  readonly threads?: number;
  readonly parallel?: number;
  readonly server?: string;
}

export function withRuntimeOptions(command: Command): Command {
  return command
    .option("--no-gpu", "compute on the processor, also where there is an accelerator")
    .option("--threads <n>", "processor threads for one request", integerBetween(1, 1_024))
    .option("--parallel <n>", "requests at the same time", integerBetween(1, 1_024))
    .option(
      "--server <url>",
      "where a model without weights is served, such as http://127.0.0.1:8000/v1; its key is read from OPG_SERVER_KEY",
    );
}

/** Opens the model of a package, by the runtime that its manifest names. */
export async function openRuntime(folder: string, options: RuntimeOptions): Promise<Runtime> {
  const { gpu, threads, parallel, server } = options;
  const { manifest } = await readLanguageModel(folder);
  // The libraries take a moment to load; no other command is to wait for them.
  if (manifest.runtime === "llama") {
    const { LlamaRuntime } = await import("../worker/runtimes/llama.ts");
    return LlamaRuntime.open(folder, {
      gpu: gpu && "auto",
      ...(threads !== undefined && { threads }),
      ...(parallel !== undefined && { parallel }),
    });
  }
  if (server === undefined)
    throw new OpenGradientError(
      "CONFIG_INVALID",
      `The model in "${folder}" is at a server, and none is named.`,
      "Name it with --server.",
    );
  const { ServerRuntime } = await import("../worker/runtimes/openai.ts");
  const apiKey = process.env.OPG_SERVER_KEY;
  return ServerRuntime.open(folder, {
    url: server,
    ...(apiKey !== undefined && { apiKey }),
    ...(parallel !== undefined && { parallel }),
  });
}
