import { decode } from "cborg";
import { z } from "zod";
import type { AttestedData } from "./device.ts";

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);
const map = z.custom<Map<unknown, unknown>>((value) => value instanceof Map);

/** COSE_Sign1: protected header, unprotected header, payload, signature. */
const envelope = z.tuple([bytes, map, bytes, bytes]);

const payload = z.object({
  module_id: z.string(),
  digest: z.literal("SHA384"),
  timestamp: z.int(),
  pcrs: z.map(z.int().min(0).max(31), bytes),
  certificate: bytes,
  cabundle: z.array(bytes).min(1),
  public_key: bytes.nullish(),
  user_data: bytes.nullish(),
  nonce: bytes.nullish(),
});

/** What a Nitro document says. Nothing of it was checked: that is the chain's task. */
export type NitroPayload = z.output<typeof payload>;

/** Reads a document; undefined if it is none. */
export function readNitroPayload(document: Uint8Array): NitroPayload | undefined {
  try {
    const [, , content] = envelope.parse(decode(document, { useMaps: true }));
    const members: unknown = decode(content, { useMaps: true, rejectDuplicateMapKeys: true });
    return payload.parse(Object.fromEntries(map.parse(members)));
  } catch {
    return undefined;
  }
}

/** Whether a document carries this data, and would so be taken for it on chain. */
export function isNitroDocumentOf(
  document: Uint8Array,
  { publicKey, userData, nonce }: Omit<AttestedData, "address">,
): boolean {
  const found = readNitroPayload(document);
  if (!found) return false;
  return (
    areEqual(found.public_key, publicKey) &&
    areEqual(found.user_data, userData) &&
    areEqual(found.nonce, nonce)
  );
}

function areEqual(found: Uint8Array | null | undefined, wanted: Uint8Array): boolean {
  return found instanceof Uint8Array && Buffer.compare(found, wanted) === 0;
}
