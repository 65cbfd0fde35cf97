import { BinaryWriter, FILE_HEADER_BYTES, SECTION_HEADER_BYTES } from "./binary-writer.ts";
import type { ConstraintSystem } from "./constraint-system.ts";
import { FIELD_BYTES, FIELD_ORDER } from "./field.ts";

/*
 * iden3's binary R1CS format, version 1: https://github.com/iden3/r1csfile/blob/master/doc/r1cs_bin_format.md
 */

const HEADER_BYTES = 4 + FIELD_BYTES + 4 * 4 + 8 + 4;
const TERM_BYTES = 4 + FIELD_BYTES;
const LABEL_BYTES = 8;

/** Serialises the constraints as an `.r1cs` file. */
export function encodeR1cs(cs: ConstraintSystem): Uint8Array {
  const sides = cs.constraints.flatMap(({ a, b, c }) => [a, b, c]);
  const constraintBytes = sides.reduce(
    (size, { wires }) => size + 4 + TERM_BYTES * wires.length,
    0,
  );
  const labelBytes = cs.wireCount * LABEL_BYTES;
  const writer = new BinaryWriter(
    FILE_HEADER_BYTES + 3 * SECTION_HEADER_BYTES + HEADER_BYTES + constraintBytes + labelBytes,
  );
  writer.fileHeader("r1cs", 1, 3);

  writer.section(1, HEADER_BYTES);
  writer.u32(FIELD_BYTES);
  writer.u256(FIELD_ORDER);
  writer.u32(cs.wireCount);
  writer.u32(0); // public outputs
  writer.u32(cs.publicCount);
  writer.u32(0); // private inputs: an informational count that no reader uses
  writer.u64(cs.wireCount); // labels
  writer.u32(cs.constraints.length);

  writer.section(2, constraintBytes);
  for (const { wires, coefficients } of sides) {
    writer.u32(wires.length);
    wires.forEach((wire, k) => {
      writer.u32(wire);
      writer.field(coefficients[k] ?? 0);
    });
  }

  writer.section(3, labelBytes);
  for (let wire = 0; wire < cs.wireCount; wire++) writer.u64(wire);
  return writer.bytes;
}
