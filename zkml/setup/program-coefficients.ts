import { BinaryWriter } from "../circuit/binary-writer.ts";
import { readUint256 } from "../circuit/binary-reader.ts";
import { FIELD_BYTES, FIELD_ORDER } from "../circuit/field.ts";
import { forEachEntry, type R1cs } from "../circuit/r1cs-reader.ts";

/** Numbers of the matrices in a `.zkey` file; the third is not in it. */
const MATRIX_NUMBER = { a: 0, b: 1 } as const;

/** snarkjs multiplies a coefficient by its Montgomery factor twice, so that a product with a plain value has it once. */
const FACTOR = 2n ** 512n % FIELD_ORDER;

/** The section of a `.zkey` file with the matrices A and B, as snarkjs writes it. */
export function encodeCoefficients(r1cs: R1cs): Uint8Array {
  const writer = new BinaryWriter(4 + countEntries(r1cs) * (3 * 4 + FIELD_BYTES));
  const convert = montgomeryConverter(r1cs.rows);
  writer.u32(countEntries(r1cs));
  forEachEntry(r1cs, ({ matrix, row, wire, offset }) => {
    if (matrix === "c") return;
    writer.u32(MATRIX_NUMBER[matrix]);
    writer.u32(row);
    writer.u32(wire);
    writer.raw(convert(offset));
  });
  for (let wire = 0; wire <= r1cs.publicCount; wire++) {
    writer.u32(MATRIX_NUMBER.a);
    writer.u32(r1cs.rowCount + wire);
    writer.u32(wire);
    writer.u256(FACTOR);
  }
  return writer.bytes;
}

function countEntries(r1cs: R1cs): number {
  let count = r1cs.publicCount + 1;
  forEachEntry(r1cs, ({ matrix }) => {
    if (matrix !== "c") count++;
  });
  return count;
}

/** Few coefficients are different: each is converted once. */
function montgomeryConverter(rows: Uint8Array): (offset: number) => Uint8Array {
  const converted = new Map<string, Uint8Array>();
  const bytes = Buffer.from(rows.buffer, rows.byteOffset, rows.byteLength);
  return (offset) => {
    const key = bytes.toString("latin1", offset, offset + FIELD_BYTES);
    const known = converted.get(key);
    if (known !== undefined) return known;
    const writer = new BinaryWriter(FIELD_BYTES);
    writer.u256((readUint256(rows, offset) * FACTOR) % FIELD_ORDER);
    converted.set(key, writer.bytes);
    return writer.bytes;
  };
}
