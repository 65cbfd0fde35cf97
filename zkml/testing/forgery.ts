import type { ConstraintSystem } from "../circuit/constraint-system.ts";
import { addField, FIELD_ORDER, toField, type FieldValue } from "../circuit/field.ts";
import type { Wire } from "../circuit/linear-combination.ts";
import type { WitnessVector } from "../circuit/witness-vector.ts";

/** Values a forger would try instead of an honest one: neighbours, the other bit, field extremes, wrap-arounds. */
function alternatives(honest: FieldValue): FieldValue[] {
  const value = toField(honest);
  return [
    addField(honest, 1),
    toField(value - 1n),
    toField(1n - value),
    toField(-value),
    toField(value + 256n),
    toField(value + (FIELD_ORDER - 1n) / 2n),
    0,
    FIELD_ORDER - 1n,
  ].filter((candidate) => toField(candidate) !== value);
}

/** A single changed wire that the system does not notice. */
export interface Forgery {
  readonly wire: Wire;
  readonly value: FieldValue;
}

/**
 * Changes every wire in turn, in several ways, and returns the changes that still satisfy the system: none, if each wire
 * is pinned. Only the rows that name the wire are checked again.
 */
export function singleWireForgeries(cs: ConstraintSystem, witness: WitnessVector): Forgery[] {
  const rows = rowsByWire(cs);
  const forgeries: Forgery[] = [];
  for (let wire = 0; wire < cs.wireCount; wire++) {
    const honest = witness.get(wire);
    for (const value of alternatives(honest)) {
      witness.set(wire, value);
      if ((rows.get(wire) ?? []).every((row) => cs.isSatisfied(row, witness)))
        forgeries.push({ wire, value });
    }
    witness.set(wire, honest);
  }
  return forgeries;
}

function rowsByWire(cs: ConstraintSystem): Map<Wire, number[]> {
  const rows = new Map<Wire, number[]>();
  cs.constraints.forEach(({ a, b, c }, row) => {
    for (const wire of new Set([...a.wires, ...b.wires, ...c.wires])) {
      rows.set(wire, [...(rows.get(wire) ?? []), row]);
    }
  });
  return rows;
}
