import type { BytesLike } from "ethers";
import { measurementId } from "../measurement-id.ts";
import { readChain, type NitroCertificate } from "./certificate.ts";
import { malformed } from "./malformed.ts";
import { parseDocument } from "./parse.ts";

/** What a certificate says, for people. */
export type CertificateDescription = Omit<NitroCertificate, "tbs" | "signature" | "key">;

/** What a document says, for people. Nothing is verified. */
export interface NitroDescription {
  readonly moduleId: string;
  /** By the clock of the security module. */
  readonly time: Date;
  /** Registers by number, 48 bytes each. */
  readonly pcrs: ReadonlyMap<number, string>;
  /** PCR0 ‖ PCR1 ‖ PCR2: what policies are about. */
  readonly registers: string;
  /** Identifier of the code, under the kind `Nitro`. */
  readonly measurementId: string;
  /** Whether the enclave was started in debug mode, in which anybody can look into it: its registers are zero. */
  readonly isDebug: boolean;
  readonly publicKey: string;
  readonly userData: string;
  readonly nonce: string;
  readonly payloadHash: string;
  /** From the root to the enclave's own. */
  readonly certificates: readonly CertificateDescription[];
}

/**
 * Describes an attestation document of AWS Nitro.
 *
 * @throws OpenGradientError `ATTESTATION_INVALID` if it is malformed.
 * @example
 * const { moduleId, registers, isDebug } = nitroDocument(await readFile("document.cose"));
 */
export function nitroDocument(document: BytesLike): NitroDescription {
  const { pcrs, timestampMs, chain, moduleId, publicKey, userData, nonce, payloadHash } =
    parseDocument(document);
  const registers = `0x${[0, 1, 2].map((index) => register(pcrs, index).slice(2)).join("")}`;
  return {
    moduleId,
    time: new Date(Number(timestampMs)),
    pcrs,
    registers,
    measurementId: measurementId("Nitro", registers),
    isDebug: BigInt(registers) === 0n,
    publicKey,
    userData,
    nonce,
    payloadHash,
    certificates: readChain(chain).map(described),
  };
}

function described(certificate: NitroCertificate): CertificateDescription {
  const { certificateId, subject, issuer, issuerHash, serial, notBefore, notAfter } = certificate;
  return { certificateId, subject, issuer, issuerHash, serial, notBefore, notAfter };
}

function register(pcrs: ReadonlyMap<number, string>, index: number): string {
  const value = pcrs.get(index);
  if (value === undefined) throw malformed(`PCR${index} is missing`);
  return value;
}
