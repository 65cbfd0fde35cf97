import { hexlify, ZeroHash } from "ethers";
import type { Logger } from "pino";
import { readDeployment } from "../../sdk/deployment.ts";
import type { MeasurementKindName } from "../../sdk/enclave.ts";
import { OpenGradientError } from "../../sdk/errors.ts";
import { languageModelId, readLanguageModel } from "../../sdk/language-model.ts";
import type { WorkerConfig } from "../config.ts";
import { isLanguageModel } from "../models/served-models.ts";
import { measurementOf } from "./attestation.ts";
import { openEnclave } from "./open-enclave.ts";

/** What an enclave is, for governance to look at. */
export interface MeasuredEnclave {
  readonly kind: MeasurementKindName;
  readonly measurementId: string;
  /** What the hardware measured; see `measurementId` of the SDK. */
  readonly registers: string;
  readonly models: readonly MeasuredModel[];
}

/** A model that an enclave has loaded. */
interface MeasuredModel {
  readonly modelId: string;
  readonly name: string;
  readonly runtime: string;
  readonly device: string;
}

/**
 * Starts or reaches the enclave of a worker's configuration and has its hardware measure it. Nothing is asked of the chain:
 * neither enclave nor models have to be known there.
 *
 * @throws OpenGradientError `CONFIG_INVALID` without an enclave, and what keeps it from starting or answering.
 */
export async function measureEnclave(config: WorkerConfig, log: Logger): Promise<MeasuredEnclave> {
  if (config.enclave === undefined)
    throw new OpenGradientError(
      "CONFIG_INVALID",
      "The configuration names no enclave.",
      "Add the member enclave (see docs/serve-a-language-model.md).",
    );
  const { chainId, addresses } = await readDeployment(config.deployment);
  const sources = await languageModels(config);
  const enclave = await openEnclave(config.enclave, { models: sources, log });
  try {
    const { kind, models: loaded } = await enclave.identity();
    const owner = { chainId, registry: addresses.enclaveRegistry, operator: config.operator };
    const document = await enclave.attest({ ...owner, blockHash: ZeroHash });
    const models = sources.flatMap(({ contentHash, id }) =>
      loaded
        .filter((model) => model.contentHash === contentHash)
        .map(({ name, runtime, device }) => ({ modelId: id, name, runtime, device })),
    );
    return { kind, ...measurementOf(kind, hexlify(document)), models };
  } finally {
    await enclave.close();
  }
}

async function languageModels({ models }: WorkerConfig) {
  const found = [];
  for (const { folder, publisher } of models) {
    if (!(await isLanguageModel(folder))) continue;
    const { contentHash } = await readLanguageModel(folder);
    found.push({ folder, contentHash, id: languageModelId(publisher, contentHash) });
  }
  return found;
}
