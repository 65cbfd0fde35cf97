import { verify, X509Certificate } from "node:crypto";
import { decode, encode } from "cborg";
import { readNitroPayload, type NitroPayload } from "../enclave/attestation/nitro-document.ts";

/** Certificates of a document, root first and the enclave's last. */
export function certificatesOf({ cabundle, certificate }: NitroPayload): X509Certificate[] {
  return [...cabundle, certificate].map((der) => new X509Certificate(der));
}

/** What a document says; fails if it is none. */
export function payloadOf(document: Uint8Array): NitroPayload {
  const payload = readNitroPayload(document);
  if (!payload) throw new Error("This is no attestation document.");
  return payload;
}

/**
 * What is wrong with a document, by Node's own cryptography; nothing if it is what AWS's rules want.
 *
 * @param root DER of the root that is trusted.
 * @param time Unix time in milliseconds at which it is checked.
 */
export function faultsOf(document: Uint8Array, root: Uint8Array, time: number): string[] {
  const chain = certificatesOf(payloadOf(document));
  const faults = chain.flatMap((certificate, index) => {
    const issuer = chain[index - 1];
    return certificateFaults(certificate, issuer, time);
  });
  const isRooted = chain[0] && Buffer.compare(chain[0].raw, root) === 0;
  if (!isRooted) faults.push("another root");
  if (!isSigned(document, chain.at(-1))) faults.push("signature of the document");
  return faults;
}

function certificateFaults(
  certificate: X509Certificate,
  issuer: X509Certificate | undefined,
  time: number,
): string[] {
  const { subject, validFromDate, validToDate } = certificate;
  const isValid = validFromDate.getTime() <= time && time <= validToDate.getTime();
  const parent = issuer ?? certificate;
  const isIssued = certificate.checkIssued(parent) && certificate.verify(parent.publicKey);
  return [
    ...(isValid ? [] : [`time of ${subject}`]),
    ...(isIssued ? [] : [`issuer of ${subject}`]),
  ];
}

function isSigned(document: Uint8Array, signer: X509Certificate | undefined): boolean {
  const [header, , payload, signature] = decode(document, { useMaps: true }) as Uint8Array[];
  if (!signer || !signature) return false;
  const signed = encode(["Signature1", header, new Uint8Array(), payload]);
  const key = { key: signer.publicKey, dsaEncoding: "ieee-p1363" } as const;
  return verify("sha384", signed, key, signature);
}
