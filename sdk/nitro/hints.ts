import { sha384 } from "@noble/hashes/sha2.js";
import { hexlify, type BytesLike } from "ethers";
import type { ICertStore } from "../../typechain-types/index.js";
import { p384Hints } from "../p384-hints.ts";
import { readChain, type NitroCertificate } from "./certificate.ts";
import { malformed } from "./malformed.ts";
import { parseDocument } from "./parse.ts";

export interface NitroHintOptions {
  /** Identifiers of certificates that the contract knows, of `storedCertificates`: their hints are left empty. */
  readonly cached?: ReadonlySet<string>;
}

/**
 * What `verify` of `NitroVerifier` takes beside the document: hints for each signature of the chain, and for that of the document.
 * Anybody can make them.
 *
 * @throws OpenGradientError `ATTESTATION_INVALID` if the document is malformed, `SIGNATURE_INVALID` if a signature in it is.
 * @example
 * const cached = await storedCertificates(verifier, document);
 * await verifier.verify(document, nitroHints(document, { cached }));
 */
export function nitroHints(document: BytesLike, options: NitroHintOptions = {}): string[] {
  const { chain, signed, signature } = parseDocument(document);
  const certificates = readChain(chain);
  const key = certificates.at(-1)?.key;
  if (key === undefined) throw malformed("it has no certificate");
  const last = p384Hints({ digest: hexlify(sha384(signed)), signature, key });
  return [...hintsOfChain(certificates, options), last];
}

/**
 * What `addCertificates` takes: the document's chain, and hints for every certificate but the root. With `authoritiesOnly` the
 * enclave's own, which lives for three hours, is left out.
 *
 * @throws OpenGradientError like `nitroHints`.
 */
export function nitroChain(
  document: BytesLike,
  { authoritiesOnly = false, ...options }: NitroHintOptions & { authoritiesOnly?: boolean } = {},
): { readonly chain: string[]; readonly hints: string[] } {
  const { chain } = parseDocument(document);
  const wanted = authoritiesOnly ? chain.slice(0, -1) : chain;
  return {
    chain: wanted.map((der) => hexlify(der)),
    hints: hintsOfChain(readChain(wanted), options),
  };
}

/** Which certificates of the document the contract need not check again. */
export async function storedCertificates(
  store: Pick<ICertStore, "isStored">,
  document: BytesLike,
): Promise<ReadonlySet<string>> {
  const ids = readChain(parseDocument(document).chain).map(({ certificateId }) => certificateId);
  const known = await Promise.all(ids.map((id) => store.isStored(id)));
  return new Set(ids.filter((_, index) => known[index]));
}

/** Of every certificate but the root, under the one before it. */
function hintsOfChain(
  certificates: readonly NitroCertificate[],
  { cached }: NitroHintOptions,
): string[] {
  const hints: string[] = [];
  let parent: NitroCertificate | undefined;
  for (const certificate of certificates) {
    if (parent !== undefined) {
      const isKnown = cached?.has(certificate.certificateId) ?? false;
      hints.push(isKnown ? "0x" : hintsOf(certificate, parent.key));
    }
    parent = certificate;
  }
  return hints;
}

function hintsOf({ tbs, signature }: NitroCertificate, key: string): string {
  return p384Hints({ digest: hexlify(sha384(tbs)), signature, key });
}
