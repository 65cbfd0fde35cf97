import { deviceFailed } from "./device-failure.ts";
import type { AttestationDevice, AttestedData } from "./device.ts";
import { isNitroDocumentOf } from "./nitro-document.ts";
import { readBody } from "../read-body.ts";

/** AWS's limit for a document is 16 KiB. */
const MAX_DOCUMENT_BYTES = 16_384;

const HINT =
  "Check that an attestation server runs inside the enclave at device.url; Marlin Oyster's and any other with its API will do.";

/**
 * The security module of an AWS Nitro enclave. A Node.js program cannot talk to its device file, so it asks an attestation
 * server that runs beside it in the same enclave, by the API of Marlin Oyster's:
 * `GET /attestation/raw?public_key=…&user_data=…&nonce=…`, in hex.
 */
export class NitroDevice implements AttestationDevice {
  readonly kind = "Nitro";
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  async attest(data: AttestedData, signal: AbortSignal): Promise<Uint8Array> {
    const document = await this.#fetch(data, signal);
    if (isNitroDocumentOf(document, data)) return document;
    throw deviceFailed(
      "The attestation server's answer is no document with the enclave's key, user data and nonce.",
      HINT,
    );
  }

  async #fetch(
    { publicKey, userData, nonce }: AttestedData,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const url = new URL("/attestation/raw", this.#url);
    url.search = new URLSearchParams({
      public_key: toHex(publicKey),
      user_data: toHex(userData),
      nonce: toHex(nonce),
    }).toString();
    try {
      const response = await fetch(url, { signal, redirect: "error" });
      if (!response.ok || !response.body) throw new Error(`HTTP status ${response.status}`);
      return await readBody(response.body, MAX_DOCUMENT_BYTES);
    } catch (cause) {
      throw deviceFailed(`The attestation server at ${this.#url} gave no document.`, HINT, cause);
    }
  }
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
