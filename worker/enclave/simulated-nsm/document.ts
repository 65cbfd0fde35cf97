import { webcrypto } from "node:crypto";
import { encode } from "cborg";
import { createLeaf } from "./certificates.ts";
import type { Hierarchy } from "./hierarchy.ts";

/** What a document is to say. */
export interface DocumentContent {
  /** Registers from number 0 on, 48 bytes each; those that are not given are zero. */
  readonly pcrs: readonly Uint8Array[];
  readonly publicKey: Uint8Array;
  readonly userData: Uint8Array;
  readonly nonce: Uint8Array;
}

const REGISTERS = 16;
const REGISTER_SIZE = 48;

/** COSE: the algorithm (1) is ES384 (-35). */
const PROTECTED_HEADER = encode(new Map([[1, -35]]));
const NO_BYTES = new Uint8Array();

/** CBOR: a map whose length is not said ahead, as AWS writes it, and the end of one. */
const MAP_BEGINS = Uint8Array.of(0xbf);
const MAP_ENDS = Uint8Array.of(0xff);

/**
 * An attestation document as the security module of an AWS Nitro enclave makes it, byte for byte of the same form, under
 * the hierarchy of a simulated machine.
 *
 * @param enclaveId 8 bytes in hex.
 * @param now Unix time in milliseconds.
 */
export async function makeDocument(
  { authorities, instanceId }: Hierarchy,
  content: DocumentContent,
  { enclaveId, now }: { enclaveId: string; now: number },
): Promise<Uint8Array> {
  const leaf = await createLeaf(authorities[3], { instanceId, enclaveId, now });
  const payload = concatenated([
    MAP_BEGINS,
    ...entry("module_id", `${instanceId}-enc${enclaveId}`),
    ...entry("digest", "SHA384"),
    ...entry("timestamp", now),
    ...entry("pcrs", registers(content.pcrs)),
    ...entry("certificate", new Uint8Array(leaf.certificate.rawData)),
    ...entry(
      "cabundle",
      authorities.map(({ certificate }) => new Uint8Array(certificate.rawData)),
    ),
    ...entry("public_key", content.publicKey),
    ...entry("user_data", content.userData),
    ...entry("nonce", content.nonce),
    MAP_ENDS,
  ]);
  const signed = encode(["Signature1", PROTECTED_HEADER, NO_BYTES, payload]);
  const algorithm = { name: "ECDSA", hash: "SHA-384" };
  const signature = await webcrypto.subtle.sign(algorithm, leaf.keys.privateKey, signed);
  return encode([PROTECTED_HEADER, new Map(), payload, new Uint8Array(signature)]);
}

function entry(key: string, value: unknown): [Uint8Array, Uint8Array] {
  return [encode(key), encode(value)];
}

function registers(given: readonly Uint8Array[]): Map<number, Uint8Array> {
  const numbers = Array.from({ length: REGISTERS }, (_, index) => index);
  return new Map(numbers.map((index) => [index, given[index] ?? new Uint8Array(REGISTER_SIZE)]));
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
