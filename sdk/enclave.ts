import { AbiCoder, concat, id, keccak256, zeroPadBytes } from "ethers";

export { MEASUREMENT_KINDS, measurementId, type MeasurementKindName } from "./measurement-id.ts";

const BINDING_DOMAIN = id("opengradient.enclave.v1");

const abi = AbiCoder.defaultAbiCoder();

/** Whom an enclave works for, and where it is to be registered. */
export interface EnclaveTerms {
  readonly chainId: bigint;
  /** Address of `EnclaveRegistry`. */
  readonly registry: string;
  readonly operator: string;
  /** keccak256 of the public key, as DER SubjectPublicKeyInfo, with which the enclave ends TLS; the zero hash for none. */
  readonly tlsKeyHash: string;
}

/** What an enclave puts into `user_data`: `EnclaveRegistry.bindingHash`. */
export function bindingHash({ chainId, registry, operator, tlsKeyHash }: EnclaveTerms): string {
  return keccak256(
    abi.encode(
      ["bytes32", "uint256", "address", "address", "bytes32"],
      [BINDING_DOMAIN, chainId, registry, operator, tlsKeyHash],
    ),
  );
}

/** What it puts into `nonce`: `EnclaveRegistry.nonceOf`. */
export function nonceOf(blockHash: string, binding: string): string {
  return keccak256(abi.encode(["bytes32", "bytes32"], [blockHash, binding]));
}

/** What a TDX enclave puts into `report_data`: 64 bytes. */
export function tdxReportData(key: string, nonce: string): string {
  return concat([zeroPadBytes(key, 32), nonce]);
}
