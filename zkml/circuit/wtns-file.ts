import { BinaryWriter, FILE_HEADER_BYTES, SECTION_HEADER_BYTES } from "./binary-writer.ts";
import { FIELD_BYTES, FIELD_ORDER } from "./field.ts";
import type { WitnessVector } from "./witness-vector.ts";

const HEADER_BYTES = 4 + FIELD_BYTES + 4;

/** Serialises a witness as an iden3 `.wtns` file, version 2. */
export function encodeWitness(witness: WitnessVector): Uint8Array {
  const valueBytes = witness.length * FIELD_BYTES;
  const writer = new BinaryWriter(
    FILE_HEADER_BYTES + 2 * SECTION_HEADER_BYTES + HEADER_BYTES + valueBytes,
  );
  writer.fileHeader("wtns", 2, 2);

  writer.section(1, HEADER_BYTES);
  writer.u32(FIELD_BYTES);
  writer.u256(FIELD_ORDER);
  writer.u32(witness.length);

  writer.section(2, valueBytes);
  for (let wire = 0; wire < witness.length; wire++) writer.field(witness.get(wire));
  return writer.bytes;
}
