import { ZeroHash, type Provider, type Signer } from "ethers";
import { AccessManager__factory, EnclaveRegistry__factory } from "../../typechain-types/index.js";
import type { Deployment } from "../deployment.ts";
import { measurementId, MEASUREMENT_KINDS, type MeasurementKindName } from "../enclave.ts";
import { OpenGradientError } from "../errors.ts";
import { connectProtocol } from "../protocol.ts";
import { send, type StepListener } from "./send.ts";

/** Code that governance is to trust; hex strings are 0x-prefixed. */
export interface MeasurementProposal {
  readonly kind: MeasurementKindName;
  /** What the hardware measures; see `measurementId`. */
  readonly registers: string;
  /** Models that it may answer for, by their ids, or every one. */
  readonly models: readonly string[] | "any";
  /** Commit of the source that the image was built from, 32 bytes. */
  readonly sourceCommit?: string;
  /** Digest of the image, 32 bytes. */
  readonly imageDigest?: string;
  /** Unix time in seconds from which it is trusted; without it from now on. */
  readonly from?: number;
  /** Unix time in seconds from which it is not trusted any more; without it there is no end. */
  readonly until?: number;
}

/** A call for governance to make. */
export interface GovernanceCall {
  readonly what: string;
  readonly to: string;
  readonly data: string;
}

const REGISTRY = EnclaveRegistry__factory.createInterface();

/** Base, where simulated hardware is never trusted. */
const BASE_CHAIN_ID = 8453n;

/**
 * What governance has to call so that code is trusted: only what is not in force yet. It is what a proposal is made of.
 *
 * @throws OpenGradientError `MEASUREMENT_INVALID` for what cannot be approved on this chain.
 */
export async function approvalCalls(
  deployment: Deployment,
  provider: Provider,
  proposal: MeasurementProposal,
): Promise<readonly GovernanceCall[]> {
  const { kind, registers, models } = proposal;
  requireMeasurable(deployment, proposal);
  const id = measurementId(kind, registers);
  const { enclaveRegistry } = connectProtocol(deployment, provider);
  const to = deployment.addresses.enclaveRegistry;
  const isKnown = (await enclaveRegistry.measurementTrust(id)).from !== 0n;
  const calls = isKnown ? [] : [approvalCall(to, proposal)];
  for (const modelId of models === "any" ? [] : models) {
    if (await enclaveRegistry.isModelAllowed(id, modelId)) continue;
    const data = REGISTRY.encodeFunctionData("allowModel", [id, modelId, true]);
    calls.push({ what: `allow model ${modelId}`, to, data });
  }
  return calls;
}

/**
 * Makes the calls of `approvalCalls`, as an account that governs without delay: on a chain of one's own.
 *
 * @throws OpenGradientError `NOT_GOVERNANCE` before anything is sent, `MEASUREMENT_INVALID`, or `TRANSACTION_REVERTED`.
 */
export async function approveMeasurement(
  deployment: Deployment,
  governor: Signer,
  proposal: MeasurementProposal,
  onStep?: StepListener,
): Promise<void> {
  const { provider } = governor;
  if (provider === null) throw new Error("the governor has no provider");
  const calls = await approvalCalls(deployment, provider, proposal);
  for (const call of calls) await requireGovernor(deployment, governor, call);
  for (const { what, to, data } of calls)
    await send(what, () => governor.sendTransaction({ to, data }), onStep);
}

function requireMeasurable(
  { chainId }: Deployment,
  { kind, registers }: MeasurementProposal,
): void {
  const isSimulated = kind === "NitroSim" || kind === "TdxSim";
  if (chainId === BASE_CHAIN_ID && isSimulated)
    throw invalid(`${kind} is simulated hardware, which Base does not take`, "Use real hardware.");
  // Also of the wrong length: that throws of itself.
  measurementId(kind, registers);
  if (BigInt(registers) === 0n)
    throw invalid(
      "The registers are zero: an enclave in debug mode",
      "Start it without debugging.",
    );
}

function approvalCall(to: string, proposal: MeasurementProposal): GovernanceCall {
  const { kind, registers, models, from = 0, until = 0 } = proposal;
  const { sourceCommit = ZeroHash, imageDigest = ZeroHash } = proposal;
  const approval = {
    kind: MEASUREMENT_KINDS[kind],
    ...{ registers, sourceCommit, imageDigest, from, until },
    anyModel: models === "any",
  };
  const data = REGISTRY.encodeFunctionData("approveMeasurement", [approval]);
  return { what: `approve measurement ${measurementId(kind, registers)}`, to, data };
}

async function requireGovernor(
  deployment: Deployment,
  governor: Signer,
  { what, to, data }: GovernanceCall,
): Promise<void> {
  const { enclaveRegistry } = connectProtocol(deployment, governor);
  const manager = AccessManager__factory.connect(await enclaveRegistry.authority(), governor);
  const account = await governor.getAddress();
  const { immediate } = await manager.canCall(account, to, data.slice(0, 10));
  if (immediate) return;
  throw new OpenGradientError(
    "NOT_GOVERNANCE",
    `${account} may not ${what} at once.`,
    "Leave the key out to be shown the calls, and propose them to governance.",
  );
}

function invalid(message: string, hint: string): OpenGradientError {
  return new OpenGradientError("MEASUREMENT_INVALID", `${message}.`, hint);
}
