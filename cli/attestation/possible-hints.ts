import { sha384 } from "@noble/hashes/sha2.js";
import { hexlify, type BytesLike } from "ethers";
import { OpenGradientError } from "../../sdk/errors.ts";
import { readChain } from "../../sdk/nitro/certificate.ts";
import { parseDocument } from "../../sdk/nitro/parse.ts";
import { p384Hints, type P384Statement } from "../../sdk/p384-hints.ts";
import { at, listOf } from "../../zkml/arrays.ts";

/** A document's certificates, and hints for every signature: none for one that does not hold, so that the contract says it. */
export interface HintedDocument {
  /** DER certificates from the root to the enclave's own. */
  readonly chain: readonly string[];
  /** Of every certificate but the root, and of the document. */
  readonly hints: readonly string[];
}

/** @throws OpenGradientError `ATTESTATION_INVALID` if the document is malformed. */
export function possibleHints(document: BytesLike): HintedDocument {
  const { chain, signed, signature } = parseDocument(document);
  const certificates = readChain(chain);
  const ofChain = listOf(chain.length - 1, (index) => {
    const { tbs, signature } = at(certificates, index + 1);
    const { key } = at(certificates, index);
    return hintsIfValid({ digest: hexlify(sha384(tbs)), signature, key });
  });
  const { key } = at(certificates, chain.length - 1);
  const last = hintsIfValid({ digest: hexlify(sha384(signed)), signature, key });
  return { chain: chain.map((der) => hexlify(der)), hints: [...ofChain, last] };
}

function hintsIfValid(statement: P384Statement): string {
  try {
    return p384Hints(statement);
  } catch (error) {
    if (error instanceof OpenGradientError && error.code === "SIGNATURE_INVALID") return "0x";
    throw error;
  }
}
