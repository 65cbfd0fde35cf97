import type { ConstraintSystem } from "../../zkml/circuit/constraint-system.ts";

/** Rows of a circuit that enforce something. */
export interface RowCounts {
  readonly all: number;
  /** Those of the statement: hash, fingerprint, and copies of public inputs. Others publish counts without such rows. */
  readonly statement?: number;
  /** Those that show a number to be a bit, where numbers are shown to be in range. */
  readonly bits?: number;
}

const STATEMENT_KINDS: ReadonlySet<string> = new Set(["statement", "hash", "fingerprint"]);
const BIT_KINDS: ReadonlySet<string> = new Set(["boolean", "input byte"]);

export function groupedRows({ constraints }: ConstraintSystem): Required<RowCounts> {
  const count = (isCounted: (kind: string) => boolean): number =>
    constraints.filter(({ kind }) => isCounted(kind)).length;
  return {
    all: count((kind) => kind !== "padding"),
    statement: count((kind) => STATEMENT_KINDS.has(kind)),
    bits: count((kind) => BIT_KINDS.has(kind)),
  };
}
