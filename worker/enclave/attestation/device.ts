import type { MeasurementKindName } from "../../../sdk/enclave.ts";

/** What a device is asked to vouch for, next to the code that it measured. */
export interface AttestedData {
  /** The enclave's key, x ‖ y: 64 bytes. */
  readonly publicKey: Uint8Array;
  /** Its address, 0x-prefixed. */
  readonly address: string;
  /** `bindingHash`, 32 bytes. */
  readonly userData: Uint8Array;
  /** `nonceOf`, 32 bytes. */
  readonly nonce: Uint8Array;
}

/** Hardware that measures the code that runs, and vouches for what the code says; or something that plays it. */
export interface AttestationDevice {
  readonly kind: MeasurementKindName;
  /**
   * A document that carries exactly this data.
   *
   * @throws OpenGradientError `ENCLAVE_DEVICE_FAILED` if there is none, or one that says something else.
   */
  attest(data: AttestedData, signal: AbortSignal): Promise<Uint8Array>;
}
