import { FIELD_BYTES, writeField } from "../circuit/field.ts";

/** Scalars as the curve library takes them: 32 little-endian bytes each. */
export function encodeScalars(lists: readonly (readonly bigint[])[]): Uint8Array<ArrayBuffer> {
  const count = lists.reduce((total, { length }) => total + length, 0);
  const bytes = new Uint8Array(count * FIELD_BYTES);
  const view = new DataView(bytes.buffer);
  let offset = 0;
  for (const list of lists) {
    for (const scalar of list) {
      writeField(view, offset, scalar);
      offset += FIELD_BYTES;
    }
  }
  return bytes;
}
