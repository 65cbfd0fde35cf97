import { readFile } from "node:fs/promises";
import path from "node:path";
import type { Logger } from "pino";
import { createApi } from "./api.ts";
import type { AttestationDevice } from "./attestation/device.ts";
import { DstackDevice } from "./attestation/dstack.ts";
import { NitroDevice } from "./attestation/nitro.ts";
import { SimulatedDevice } from "./attestation/simulated.ts";
import type { EnclaveConfig } from "./config.ts";
import { Enclave } from "./enclave.ts";
import { closeModels, loadModels } from "./models.ts";
import type { Ready } from "./protocol.ts";
import { serve } from "./server.ts";
import { openEnclaveRoot } from "./simulated-nsm/hierarchy.ts";
import { measure } from "./simulated-nsm/measurement.ts";
import { createTlsIdentity } from "./tls-identity.ts";
import type { Runtime } from "../runtimes/runtime.ts";
import { OpenGradientError } from "../../sdk/errors.ts";

/** An enclave that serves. */
export interface RunningEnclave extends Ready {
  readonly stop: () => Promise<void>;
}

const PROGRAM = path.join(import.meta.dirname, "main.ts");

/**
 * Builds every part of an enclave and serves its interface. The only place that knows all of them.
 *
 * @throws OpenGradientError for everything that would keep it from serving; nothing runs then.
 */
export async function runEnclave(config: EnclaveConfig, log: Logger): Promise<RunningEnclave> {
  // Closed last to first, here if something fails, by `stop` otherwise.
  await using resources = new AsyncDisposableStack();
  const runtimes = resources.adopt(await loadModels(config.models), closeModels);
  const identity = await createTlsIdentity();
  const enclave = new Enclave({
    device: await openDevice(config, runtimes),
    runtimes,
    tlsKeyHash: identity.keyHash,
    gpuEvidence: await readEvidence(config.device.gpuEvidence),
    limits: answerLimits(config),
  });
  resources.defer(() => {
    enclave.close();
  });
  const { accessTokenHash, listen, limits } = config;
  const api = createApi({ enclave, bodyBytes: limits.bodyBytes, accessTokenHash, log });
  const server = resources.adopt(await serve(api, { ...listen, identity }), (it) => it.stop());
  const { address, kind, models } = enclave.identity;
  log.info({ address, kind, models, port: server.port }, "The enclave serves.");
  const opened = resources.move();
  return {
    port: server.port,
    tlsKeyHash: identity.keyHash,
    stop: () => opened.disposeAsync(),
  };
}

async function openDevice(
  { device, ...started }: EnclaveConfig,
  runtimes: readonly Runtime[],
): Promise<AttestationDevice> {
  switch (device.kind) {
    case "nitro":
      return new NitroDevice(device.url);
    case "dstack":
      return new DstackDevice(device.socket, device.simulator);
    case "simulated":
      // A folder that cannot be used is better found now than at the first attestation.
      await openEnclaveRoot(device.folder);
      return new SimulatedDevice(
        device.folder,
        await measure(PROGRAM, measuredStart(started, runtimes)),
      );
  }
}

/** What decides on answers: models by their content, their options and the limits; not where files and ports are. */
function measuredStart(
  { models, limits }: Pick<EnclaveConfig, "models" | "limits">,
  runtimes: readonly Runtime[],
): string {
  const measured = models.map(({ gpu, threads, parallel, url }, index) => ({
    contentHash: runtimes[index]?.contentHash,
    options: { gpu, threads, parallel, url },
  }));
  return JSON.stringify({ models: measured, limits });
}

async function readEvidence(file: string | undefined): Promise<Uint8Array | undefined> {
  if (file === undefined) return undefined;
  try {
    return new Uint8Array(await readFile(file));
  } catch (cause) {
    throw new OpenGradientError(
      "ENCLAVE_CONFIG_INVALID",
      `The evidence about GPUs in "${file}" cannot be read.`,
      "Have it made before the enclave starts, or leave device.gpuEvidence out.",
      { cause },
    );
  }
}

function answerLimits({ limits }: EnclaveConfig) {
  const { pending, answerSeconds, rememberedAnswers: answers, rememberedBytes: bytes } = limits;
  return { pending, answerMs: answerSeconds * 1_000, remembered: { answers, bytes } };
}
