import { expect } from "chai";
import { ZkmlError } from "../errors.ts";
import { readSections, viewOf } from "./binary-reader.ts";
import { BinaryWriter, FILE_HEADER_BYTES, SECTION_HEADER_BYTES } from "./binary-writer.ts";
import { ConstraintSystem } from "./constraint-system.ts";
import { FIELD_BYTES } from "./field.ts";
import { encodeR1cs } from "./r1cs-file.ts";
import { forEachEntry, readR1cs, type MatrixEntry } from "./r1cs-reader.ts";

/** Where a count stands in the header, behind the size of the field and its order. */
function countAt(index: number): number {
  return 4 + FIELD_BYTES + 4 * index;
}

const [WIRES, INPUTS, ROWS] = [countAt(0), countAt(2), countAt(6)];

/** One public wire, and one row `wire 1 - wire 2 = 0`. */
function small(): ConstraintSystem {
  const cs = new ConstraintSystem(1);
  cs.enforceZero({ wires: [1, 2], coefficients: [1, -1] }, "statement");
  cs.finish();
  return cs;
}

const file = encodeR1cs(small());
const sections = readSections(file, { magic: "r1cs", version: 1, name: "file" });

/** The file with another header or other rows. */
function changed(change: {
  readonly header?: (view: DataView) => void;
  readonly rows?: (rows: Uint8Array) => Uint8Array;
}): Uint8Array {
  const header = Uint8Array.from(sections.get(1) ?? []);
  change.header?.(viewOf(header));
  const given = Uint8Array.from(sections.get(2) ?? []);
  const rows = change.rows?.(given) ?? given;
  const size = FILE_HEADER_BYTES + 2 * SECTION_HEADER_BYTES + header.length + rows.length;
  const writer = new BinaryWriter(size);
  writer.fileHeader("r1cs", 1, 2);
  for (const [id, content] of [header, rows].entries()) {
    writer.section(id + 1, content.length);
    writer.raw(content);
  }
  return writer.bytes;
}

function failure(bytes: Uint8Array): ZkmlError {
  try {
    readR1cs(bytes);
  } catch (error) {
    if (error instanceof ZkmlError) return error;
    throw error;
  }
  throw new Error("the file was accepted");
}

describe("constraint system files", () => {
  it("are read as they were written", () => {
    const r1cs = readR1cs(changed({}));
    expect(r1cs).to.deep.include({ wireCount: small().wireCount, publicCount: 1 });
    const entries: Omit<MatrixEntry, "offset">[] = [];
    forEachEntry(r1cs, ({ matrix, row, wire }) => entries.push({ matrix, row, wire }));
    const expected = small().constraints.flatMap((constraint, row) =>
      (["a", "b", "c"] as const).flatMap((matrix) =>
        constraint[matrix].wires.map((wire) => ({ matrix, row, wire })),
      ),
    );
    expect(entries).to.deep.equal(expected);
  });

  it("are refused wherever their constraints are cut", () => {
    const length = sections.get(2)?.length ?? 0;
    expect(length).to.be.greaterThan(2 * FIELD_BYTES);
    for (let kept = 0; kept < length; kept++) {
      const { code, message } = failure(changed({ rows: (rows) => rows.slice(0, kept) }));
      expect(code, `${kept} bytes`).to.equal("FILE_CORRUPTED");
      expect(message).to.contain("cut short in its constraints");
    }
  });

  it("are refused where counts and constraints contradict each other", () => {
    const cases: Readonly<Record<string, Uint8Array>> = {
      "cut short in its constraints": changed({
        header: (view) => {
          view.setUint32(ROWS, view.getUint32(ROWS, true) + 1, true);
        },
      }),
      "has bytes behind its constraints": changed({
        header: (view) => {
          view.setUint32(ROWS, view.getUint32(ROWS, true) - 1, true);
        },
      }),
      "names wire": changed({
        header: (view) => {
          view.setUint32(WIRES, 2, true);
        },
      }),
      "has more public wires than wires": changed({
        header: (view) => {
          view.setUint32(INPUTS, view.getUint32(WIRES, true), true);
        },
      }),
    };
    for (const [sentence, bytes] of Object.entries(cases)) {
      const { code, message, hint } = failure(bytes);
      expect(code).to.equal("FILE_CORRUPTED");
      expect(message).to.contain(sentence);
      expect(hint).to.equal("Compile the model again.");
    }
  });
});
