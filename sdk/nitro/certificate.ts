import { ECDSASigValue } from "@peculiar/asn1-ecc";
import { AsnConvert } from "@peculiar/asn1-schema";
import { Certificate, type Name } from "@peculiar/asn1-x509";
import { AbiCoder, hexlify, keccak256, toBeHex } from "ethers";
import { numberOf } from "../p384-format.ts";
import { malformed } from "./malformed.ts";

/** Behind the 04 of an uncompressed point. */
const POINT_LENGTH = 97;

/** How attributes of a name are written; others by their identifier. */
const ATTRIBUTES: Readonly<Record<string, string>> = {
  "2.5.4.3": "CN",
  "2.5.4.6": "C",
  "2.5.4.7": "L",
  "2.5.4.8": "ST",
  "2.5.4.10": "O",
  "2.5.4.11": "OU",
};

/** A certificate, as far as people and hints need it. Nothing is verified. */
export interface NitroCertificate {
  /** Its place on chain: the root's is keccak256 of the certificate, others' include their parent's. See `ICertStore`. */
  readonly certificateId: string;
  readonly subject: string;
  readonly issuer: string;
  /** What `revoke` of the contract is called with: keccak256 of the issuer's name, and the number. */
  readonly issuerHash: string;
  readonly serial: bigint;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** What the issuer signed. */
  readonly tbs: Uint8Array;
  /** r ‖ s, 48 bytes each. */
  readonly signature: string;
  /** x ‖ y, 48 bytes each. */
  readonly key: string;
}

/**
 * Reads a chain of DER certificates, from the root downwards.
 *
 * @throws OpenGradientError `ATTESTATION_INVALID` if one is malformed.
 */
export function readChain(chain: readonly Uint8Array[]): readonly NitroCertificate[] {
  const certificates: NitroCertificate[] = [];
  for (const [index, der] of chain.entries()) {
    const parentId = certificates.at(-1)?.certificateId;
    certificates.push(readCertificate(der, index, parentId));
  }
  return certificates;
}

function readCertificate(
  der: Uint8Array,
  index: number,
  parentId: string | undefined,
): NitroCertificate {
  try {
    const certificate = AsnConvert.parse(der, Certificate);
    const { tbsCertificate: contents, tbsCertificateRaw } = certificate;
    if (tbsCertificateRaw === undefined) throw malformed("nothing in it is signed");
    const tbs = new Uint8Array(tbsCertificateRaw);
    return {
      certificateId: parentId === undefined ? keccak256(der) : certificateId(parentId, tbs),
      subject: nameOf(contents.subject),
      issuer: nameOf(contents.issuer),
      issuerHash: keccak256(new Uint8Array(AsnConvert.serialize(contents.issuer))),
      serial: numberOf(new Uint8Array(contents.serialNumber)),
      notBefore: contents.validity.notBefore.getTime(),
      notAfter: contents.validity.notAfter.getTime(),
      tbs,
      signature: signatureOf(certificate.signatureValue),
      key: keyOf(contents.subjectPublicKeyInfo.subjectPublicKey),
    };
  } catch (cause) {
    throw malformed(`certificate ${index} cannot be read`, { cause });
  }
}

/** Identifier of a certificate below another; see `CertificateId.sol`. */
function certificateId(parentId: string, tbs: Uint8Array): string {
  const parts = [parentId, keccak256(tbs)];
  return keccak256(AbiCoder.defaultAbiCoder().encode(["bytes32", "bytes32"], parts));
}

function nameOf(name: Name): string {
  return name
    .flatMap((attributes) => [...attributes])
    .map(({ type, value }) => `${ATTRIBUTES[type] ?? type}=${value.toString()}`)
    .join(", ");
}

function signatureOf(value: ArrayBuffer): string {
  const { r, s } = AsnConvert.parse(value, ECDSASigValue);
  const numbers = [r, s].map((number) => toBeHex(numberOf(new Uint8Array(number)), 48).slice(2));
  return `0x${numbers.join("")}`;
}

function keyOf(point: ArrayBuffer): string {
  const all = new Uint8Array(point);
  if (all.length !== POINT_LENGTH || all[0] !== 4) throw malformed("its key is not on P-384");
  return hexlify(all.subarray(1));
}
