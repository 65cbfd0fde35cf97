import { hexlify } from "ethers";
import { measurementId, MEASUREMENT_KINDS } from "../../sdk/enclave.ts";
import { nitroDocument } from "../../sdk/nitro/describe.ts";
import { nitroHints, storedCertificates } from "../../sdk/nitro/hints.ts";
import { tdxQuote } from "../../sdk/tdx-quote.ts";
import {
  EnclaveRegistry__factory,
  ICertStore__factory,
  type EnclaveRegistry,
} from "../../typechain-types/index.js";
import type { EnclaveLedger } from "./enclave-ledger.ts";
import type { EnclaveIdentity } from "../enclave/protocol.ts";
import type { Enclave } from "./enclave.ts";

const REGISTRY = EnclaveRegistry__factory.createInterface();

/** Code that runs in an enclave, as its hardware measured it. */
export interface Measurement {
  readonly measurementId: string;
  /** What the hardware measured; see `measurementId` of the SDK. */
  readonly registers: string;
}

/** An enclave's word for its key and its code, signed by its hardware, and ready to be brought on chain. */
export interface Attestation extends Measurement {
  /** The call that registers the key with it, or renews it. */
  readonly callFor: (step: "attest" | "renew") => string;
  /** Most that checking it costs beside gas, in wei: sent along, and what is left of it comes back. */
  readonly value: bigint;
}

export interface AttestationSource {
  readonly chainId: bigint;
  readonly registry: EnclaveRegistry;
  readonly operator: string;
  readonly ledger: Pick<EnclaveLedger, "recentBlock">;
  /** Most that the DCAP contract may take for checking a quote, in wei. */
  readonly maxDcapFee: bigint;
  readonly signal?: AbortSignal;
}

/** Has an enclave attested, freshly. */
export async function attestationOf(
  { chainId, registry, operator, ledger, maxDcapFee, signal }: AttestationSource,
  enclave: Pick<Enclave, "attest">,
  identity: EnclaveIdentity,
): Promise<Attestation> {
  const block = await ledger.recentBlock();
  const request = {
    chainId,
    registry: await registry.getAddress(),
    operator,
    blockHash: block.hash,
  };
  const document = hexlify(await enclave.attest(request, signal));
  const measurement = measurementOf(identity.kind, document);
  const binding = { operator, tlsKeyHash: identity.tlsKeyHash, blockNumber: block.number };
  const call = await callOf({ registry, identity, binding, document });
  return { ...measurement, callFor: call, value: isTdx(identity.kind) ? maxDcapFee : 0n };
}

interface Evidence {
  readonly registry: EnclaveRegistry;
  readonly identity: EnclaveIdentity;
  readonly binding: { operator: string; tlsKeyHash: string; blockNumber: number };
  readonly document: string;
}

/** How evidence of each kind is brought to the registry. */
async function callOf({
  registry,
  identity: { kind, address: key },
  binding,
  document,
}: Evidence): Promise<Attestation["callFor"]> {
  const number = MEASUREMENT_KINDS[kind];
  if (isTdx(kind))
    return (step) =>
      step === "attest"
        ? REGISTRY.encodeFunctionData("attestTdx", [number, binding, key, document])
        : REGISTRY.encodeFunctionData("renewTdx", [number, binding, key, document]);
  const hints = [...(await hintsFor(registry, kind, document))];
  return (step) =>
    step === "attest"
      ? REGISTRY.encodeFunctionData("attestNitro", [number, binding, document, hints])
      : REGISTRY.encodeFunctionData("renewNitro", [number, binding, document, hints]);
}

/**
 * Reads from evidence what code it is about.
 *
 * @throws OpenGradientError `ATTESTATION_INVALID` if it is malformed.
 */
export function measurementOf(kind: EnclaveIdentity["kind"], document: string): Measurement {
  const { registers } = isTdx(kind) ? tdxQuote(document) : nitroDocument(document);
  return { measurementId: measurementId(kind, registers), registers };
}

function isTdx(kind: EnclaveIdentity["kind"]): kind is "Tdx" | "TdxSim" {
  return kind === "Tdx" || kind === "TdxSim";
}

/** Hints for all signatures that the verifier has not checked before. */
async function hintsFor(
  registry: EnclaveRegistry,
  kind: "Nitro" | "NitroSim",
  document: string,
): Promise<readonly string[]> {
  const verifier =
    kind === "Nitro" ? await registry.NITRO_VERIFIER() : await registry.NITRO_SIM_VERIFIER();
  const store = ICertStore__factory.connect(verifier, registry.runner);
  return nitroHints(document, { cached: await storedCertificates(store, document) });
}
