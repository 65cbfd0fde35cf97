import { corrupted, readSections, readUint256, viewOf } from "./binary-reader.ts";
import { FIELD_BYTES, FIELD_ORDER } from "./field.ts";

/** One of the three matrices of a constraint system. */
export type Matrix = "a" | "b" | "c";

/** A coefficient of a matrix: where it stands, and where its 32 little-endian bytes do in `R1cs.rows`. */
export interface MatrixEntry {
  readonly matrix: Matrix;
  readonly row: number;
  readonly wire: number;
  readonly offset: number;
}

/** An `.r1cs` file as far as a key set-up needs it. */
export interface R1cs {
  readonly wireCount: number;
  /** Without the constant. */
  readonly publicCount: number;
  readonly rowCount: number;
  /** Content of the section of constraints. */
  readonly rows: Uint8Array;
}

const NAME = "constraint system";

const MATRICES: readonly Matrix[] = ["a", "b", "c"];

/** A wire and its coefficient. */
const ENTRY_BYTES = 4 + FIELD_BYTES;

/**
 * Reads the counts of an `.r1cs` file of version 1, and checks that its constraints are whole.
 *
 * @throws ZkmlError `FILE_CORRUPTED`.
 */
export function readR1cs(file: Uint8Array): R1cs {
  const sections = readSections(file, { magic: "r1cs", version: 1, name: NAME });
  const [header, rows] = [sections.get(1), sections.get(2)];
  if (header === undefined || rows === undefined) throw corrupted(NAME, "has no constraints");
  const isBn254 = header.length >= 64 && readUint256(header, 4) === FIELD_ORDER;
  if (!isBn254) throw corrupted(NAME, "is over another field");
  const view = viewOf(header);
  const count = (index: number): number => view.getUint32(4 + FIELD_BYTES + 4 * index, true);
  const [wireCount, outputs, inputs] = [count(0), count(1), count(2)];
  // Behind the private inputs stands the number of labels, of 64 bits.
  const r1cs = { wireCount, publicCount: outputs + inputs, rowCount: count(6), rows };
  requireWhole(r1cs);
  return r1cs;
}

/** All that `forEachEntry` relies on. */
function requireWhole({ wireCount, publicCount, rowCount, rows }: R1cs): void {
  if (publicCount >= wireCount) throw corrupted(NAME, "has more public wires than wires");
  const view = viewOf(rows);
  let offset = 0;
  for (let list = 0; list < rowCount * MATRICES.length; list++) {
    if (offset + 4 > rows.length) throw corrupted(NAME, "is cut short in its constraints");
    const end = offset + 4 + view.getUint32(offset, true) * ENTRY_BYTES;
    if (end > rows.length) throw corrupted(NAME, "is cut short in its constraints");
    for (offset += 4; offset < end; offset += ENTRY_BYTES) {
      const wire = view.getUint32(offset, true);
      if (wire >= wireCount) throw corrupted(NAME, `names wire ${wire} of ${wireCount}`);
    }
  }
  if (offset < rows.length) throw corrupted(NAME, "has bytes behind its constraints");
}

/** Visits every entry of the three matrices, row by row. */
export function forEachEntry({ rows, rowCount }: R1cs, visit: (entry: MatrixEntry) => void): void {
  const view = viewOf(rows);
  let offset = 0;
  for (let row = 0; row < rowCount; row++) {
    for (const matrix of MATRICES) {
      const count = view.getUint32(offset, true);
      offset += 4;
      for (let k = 0; k < count; k++) {
        visit({ matrix, row, wire: view.getUint32(offset, true), offset: offset + 4 });
        offset += ENTRY_BYTES;
      }
    }
  }
}
