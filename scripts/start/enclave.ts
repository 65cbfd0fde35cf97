import { hexlify, keccak256, ZeroHash } from "ethers";
import { pino } from "pino";
import { approveMeasurement } from "../../sdk/actions/approve-measurement.ts";
import { measurementOf, type Measurement } from "../../worker/attested/attestation.ts";
import { EnclaveClient } from "../../worker/attested/enclave-client.ts";
import { startEnclaveProcess, type EnclaveProcess } from "../../worker/attested/enclave-process.ts";
import { openEnclaveRoot } from "../../worker/enclave/simulated-nsm/hierarchy.ts";
import type { World } from "./world.ts";

/** A simulated enclave in a process of its own, which outlives the node's worker, so that the story can ask it alone. */
export interface StoryEnclave {
  readonly process: EnclaveProcess;
  readonly client: EnclaveClient;
  readonly measurement: Measurement;
  readonly stop: () => Promise<void>;
}

/** keccak256 of the root under which simulated hardware attests, made at the first start. */
export async function simulatedRoot(folder: string): Promise<string> {
  return keccak256(await openEnclaveRoot(folder));
}

/** Where things are that an enclave is started with. */
export interface EnclaveFolders {
  /** Of the simulated hardware. */
  readonly hardware: string;
  /** Of the language model. */
  readonly model: string;
}

/** Starts an enclave with a language model in it, and has its hardware measure it. */
export async function startEnclave(
  { deployment, people }: World,
  { hardware, model }: EnclaveFolders,
): Promise<StoryEnclave> {
  await using resources = new AsyncDisposableStack();
  const device = { kind: "simulated", folder: hardware } as const;
  const started = await startEnclaveProcess({
    // So small a model is faster without an accelerator.
    config: { device, models: [{ folder: model, gpu: false }] },
    log: pino({ level: "silent" }),
  });
  resources.defer(started.stop);
  const client = resources.adopt(await EnclaveClient.connect(started), (it) => {
    it.close();
  });
  const document = await client.attest({
    chainId: deployment.chainId,
    registry: deployment.addresses.enclaveRegistry,
    operator: people.operator.address,
    blockHash: ZeroHash,
  });
  const measurement = measurementOf("NitroSim", hexlify(document));
  const opened = resources.move();
  return { process: started, client, measurement, stop: () => opened.disposeAsync() };
}

/** Governance lets the enclave's code answer for the model. */
export function trustEnclave(
  { deployment, people }: World,
  { measurement: { registers } }: StoryEnclave,
  modelId: string,
): Promise<void> {
  const proposal = { kind: "NitroSim", registers, models: [modelId] } as const;
  return approveMeasurement(deployment, people.governor, proposal);
}
