import { AbiCoder, dataLength, keccak256 } from "ethers";
import { OpenGradientError } from "./errors.ts";

/** Hardware that measures code; the simulated kinds show nothing. */
export const MEASUREMENT_KINDS = { Nitro: 0, Tdx: 1, NitroSim: 2, TdxSim: 3 } as const;

export type MeasurementKindName = keyof typeof MEASUREMENT_KINDS;

/** Bytes of the registers: three of Nitro, five of TDX, 48 each. */
const REGISTERS_LENGTH: Readonly<Record<MeasurementKindName, number>> = {
  Nitro: 144,
  Tdx: 240,
  NitroSim: 144,
  TdxSim: 240,
};

/**
 * Identifier of code that runs in an enclave.
 *
 * @param registers Nitro: PCR0 ‖ PCR1 ‖ PCR2. TDX: MRTD ‖ RTMR0 ‖ RTMR1 ‖ RTMR2 ‖ RTMR3.
 * @throws OpenGradientError `ATTESTATION_INVALID` if these are not as many bytes as the hardware measures.
 * @example
 * const id = measurementId("Nitro", nitroDocument(document).registers);
 */
export function measurementId(kind: MeasurementKindName, registers: string): string {
  const wanted = REGISTERS_LENGTH[kind];
  if (dataLength(registers) !== wanted) {
    throw new OpenGradientError(
      "ATTESTATION_INVALID",
      `registers of ${kind} have ${wanted} bytes, these ${dataLength(registers)}`,
      "Pass all registers, 48 bytes each, in order.",
    );
  }
  const values = [MEASUREMENT_KINDS[kind], registers];
  return keccak256(AbiCoder.defaultAbiCoder().encode(["uint8", "bytes"], values));
}
