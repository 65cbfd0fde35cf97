import { webcrypto } from "node:crypto";
import { keccak256 } from "ethers";
import * as x509 from "./x509.ts";

/** Key and certificate with which an enclave ends TLS. Nobody vouches for the certificate: the attestation vouches for the key. */
export interface TlsIdentity {
  /** PEM. */
  readonly certificate: string;
  /** PEM, for the server alone. */
  readonly key: string;
  /** keccak256 of the public key as DER SubjectPublicKeyInfo: what clients pin. */
  readonly keyHash: string;
}

const KEY = { name: "ECDSA", namedCurve: "P-256" };
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" };
const YEAR_MS = 365 * 86_400_000;

/** A new identity, kept in memory alone. */
export async function createTlsIdentity(now = Date.now()): Promise<TlsIdentity> {
  const keys = await webcrypto.subtle.generateKey(KEY, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      name: "CN=opengradient-enclave",
      // A day back for clocks that differ; the end is of no use to anybody who pins the key.
      notBefore: new Date(now - YEAR_MS / 365),
      notAfter: new Date(now + 10 * YEAR_MS),
      signingAlgorithm: SIGNATURE,
      keys,
      extensions: [
        new x509.SubjectAlternativeNameExtension([{ type: "dns", value: "localhost" }]),
        new x509.BasicConstraintsExtension(false, undefined, true),
      ],
    },
    webcrypto,
  );
  const [publicKey, privateKey] = await Promise.all([
    webcrypto.subtle.exportKey("spki", keys.publicKey),
    webcrypto.subtle.exportKey("pkcs8", keys.privateKey),
  ]);
  return {
    certificate: certificate.toString("pem"),
    key: x509.PemConverter.encode(privateKey, x509.PemConverter.PrivateKeyTag),
    keyHash: keccak256(new Uint8Array(publicKey)),
  };
}
