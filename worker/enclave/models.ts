import type { EnclaveConfig } from "./config.ts";
import { LlamaRuntime } from "../runtimes/llama.ts";
import { ServerRuntime } from "../runtimes/openai.ts";
import type { Runtime } from "../runtimes/runtime.ts";
import { OpenGradientError } from "../../sdk/errors.ts";
import { readLanguageModel } from "../../sdk/language-model.ts";

type ModelOptions = EnclaveConfig["models"][number];

/**
 * Loads models one after the other, since each may take much of the memory.
 *
 * @throws OpenGradientError `ENCLAVE_CONFIG_INVALID` for options that do not fit a model, and whatever keeps one from
 * loading. None is loaded then.
 */
export async function loadModels(options: EnclaveConfig["models"]): Promise<Runtime[]> {
  const runtimes: Runtime[] = [];
  try {
    for (const model of options) {
      const runtime = await loadModel(model);
      runtimes.push(runtime);
      requireOther(runtimes, model.folder);
    }
    return runtimes;
  } catch (error) {
    await closeModels(runtimes);
    throw error;
  }
}

export async function closeModels(runtimes: readonly Runtime[]): Promise<void> {
  await Promise.all(runtimes.map((runtime) => runtime.close()));
}

async function loadModel({ folder, url, ...options }: ModelOptions): Promise<Runtime> {
  const { manifest } = await readLanguageModel(folder);
  if (manifest.runtime === "llama") {
    if (url !== undefined) throw misfit(folder, "runs in this process", "Leave url out.");
    return await LlamaRuntime.open(folder, options);
  }
  if (url === undefined) throw misfit(folder, "runs at a server", "Name its url.");
  const { parallel } = options;
  return await ServerRuntime.open(folder, { url, ...(parallel !== undefined && { parallel }) });
}

function requireOther(runtimes: readonly Runtime[], folder: string): void {
  const hashes = runtimes.map(({ contentHash }) => contentHash);
  if (new Set(hashes).size === hashes.length) return;
  throw misfit(folder, "is named twice", "Name each model once; parallel makes it answer more.");
}

function misfit(folder: string, what: string, hint: string): OpenGradientError {
  return new OpenGradientError("ENCLAVE_CONFIG_INVALID", `The model in "${folder}" ${what}.`, hint);
}
