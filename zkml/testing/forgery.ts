import { at, listOf } from "../arrays.ts";
import type { Constraint, ConstraintSystem } from "../circuit/constraint-system.ts";
import {
  addField,
  FIELD_ORDER,
  multiplyField,
  toField,
  type FieldValue,
} from "../circuit/field.ts";
import type { Wire } from "../circuit/linear-combination.ts";
import type { WitnessVector } from "../circuit/witness-vector.ts";
import type { Random } from "../random.ts";

/** Wires that a forger changes together, and what to. */
export type Tampering = ReadonlyMap<Wire, FieldValue>;

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
 * is pinned.
 */
export function singleWireForgeries(cs: ConstraintSystem, witness: WitnessVector): Forgery[] {
  const wires = listOf(cs.wireCount, (wire) => wire);
  const { accepted } = attempt(cs, witness, singleTamperings(witness, wires));
  return accepted.flatMap((tampering) =>
    Array.from(tampering, ([wire, value]) => ({ wire, value })),
  );
}

export interface Attempts {
  readonly tried: number;
  /** Those that satisfy the system. */
  readonly accepted: readonly Tampering[];
}

/** Tries changes of an honest witness, one after the other. Only the rows that name a changed wire are checked again. */
export function attempt(
  cs: ConstraintSystem,
  witness: WitnessVector,
  tamperings: Iterable<Tampering>,
): Attempts {
  const rows = rowsByWire(cs);
  const accepted: Tampering[] = [];
  let tried = 0;
  for (const tampering of tamperings) {
    tried++;
    const honest = Array.from(tampering.keys(), (wire) => [wire, witness.get(wire)] as const);
    for (const [wire, value] of tampering) witness.set(wire, value);
    const touched = Array.from(tampering.keys(), (wire) => at(rows, wire));
    if (touched.every((each) => each.every((row) => cs.isSatisfied(row, witness))))
      accepted.push(tampering);
    for (const [wire, value] of honest) witness.set(wire, value);
  }
  return { tried, accepted };
}

function rowsByWire(cs: ConstraintSystem): readonly (readonly number[])[] {
  const rows = listOf(cs.wireCount, (): number[] => []);
  cs.constraints.forEach(({ a, b, c }, row) => {
    for (const wire of new Set([...a.wires, ...b.wires, ...c.wires])) at(rows, wire).push(row);
  });
  return rows;
}

export function* singleTamperings(
  witness: WitnessVector,
  wires: Iterable<Wire>,
): Generator<Tampering> {
  for (const wire of wires) {
    for (const value of alternatives(witness.get(wire))) yield new Map([[wire, value]]);
  }
}

/**
 * Pairs of wires of one row that change so that the sum on its right stays what it is, as in 2 carried from one bit to the
 * next: rows that only add up do not notice.
 */
export function* balancedTamperings(
  { constraints }: ConstraintSystem,
  witness: WitnessVector,
  { count, random }: { readonly count: number; readonly random: Random },
): Generator<Tampering> {
  const sums = constraints.filter(({ c }) => c.wires.length > 1).map(({ c }) => c);
  for (let i = 0; i < count; i++) {
    const { wires, coefficients } = at(sums, Math.floor(random() * sums.length));
    const first = Math.floor(random() * wires.length);
    const second = (first + 1 + Math.floor(random() * (wires.length - 1))) % wires.length;
    const sign = random() < 0.5 ? 1 : -1;
    const moved = (place: number, other: number, factor: number): [Wire, FieldValue] => {
      const wire = at(wires, place);
      const change = multiplyField(at(coefficients, other), factor);
      return [wire, toField(addField(witness.get(wire), change))];
    };
    yield new Map([moved(first, second, sign), moved(second, first, -sign)]);
  }
}

/** Bits with what they decompose: the row that adds them up. */
interface Decomposition {
  readonly row: Constraint;
  /** Least significant first. */
  readonly bits: readonly Wire[];
}

/**
 * Whole decompositions that are made anew for another number: one more or less, a power of two away, its negative, or the
 * digits of what is congruent to it in the field. A wire of the row is then moved to make the sum fit, if one can be.
 */
export function* aliasTamperings(
  cs: ConstraintSystem,
  witness: WitnessVector,
  { count, random }: { readonly count: number; readonly random: Random },
): Generator<Tampering> {
  const all = decompositionsOf(cs);
  for (let i = 0; i < count && all.length > 0; i++) {
    const { row, bits } = at(all, Math.floor(random() * all.length));
    const value = bits.reduce((sum, bit, t) => sum + (toField(witness.get(bit)) << BigInt(t)), 0n);
    const power = 1n << BigInt(Math.floor(random() * bits.length));
    const others = [
      value + 1n,
      value - 1n,
      value + power,
      value - power,
      -value,
      value + FIELD_ORDER,
    ];
    const chosen = at(others, Math.floor(random() * others.length));
    const alias = BigInt.asUintN(bits.length, chosen);
    if (alias === value) continue;
    const digits = new Map<Wire, FieldValue>(
      bits.map((bit, t) => [bit, Number((alias >> BigInt(t)) & 1n)]),
    );
    yield digits;
    const fitting = fitted(row, witness, digits, random);
    if (fitting !== undefined) yield fitting;
  }
}

function decompositionsOf({ constraints }: ConstraintSystem): Decomposition[] {
  const booleans = new Set(
    constraints.flatMap(({ kind, a }) =>
      kind === "boolean" && a.wires.length === 1 ? a.wires : [],
    ),
  );
  return constraints
    .filter(({ kind }) => kind === "decomposition")
    .map((row) => ({ row, bits: lastRun(row.c.wires.filter((wire) => booleans.has(wire))) }));
}

/** A gadget's bits are the row's newest wires, one behind the other. */
function lastRun(wires: readonly Wire[]): Wire[] {
  const sorted = wires.toSorted((a, b) => a - b);
  const start = sorted.findLastIndex((wire, k) => k > 0 && at(sorted, k - 1) !== wire - 1);
  return sorted.slice(Math.max(0, start));
}

/** The change with another wire of the row moved so that the row holds. */
function fitted(
  { c }: Constraint,
  witness: WitnessVector,
  digits: Tampering,
  random: Random,
): Tampering | undefined {
  const unit = c.wires.filter(
    (wire, k) => !digits.has(wire) && [1, -1].includes(Number(at(c.coefficients, k))),
  );
  if (unit.length === 0) return undefined;
  const wire = at(unit, Math.floor(random() * unit.length));
  const missing = c.wires.reduce((sum, each, k) => {
    const change = toField(digits.get(each) ?? witness.get(each)) - toField(witness.get(each));
    return sum + change * BigInt(at(c.coefficients, k));
  }, 0n);
  const sign = BigInt(at(c.coefficients, c.wires.indexOf(wire)));
  return new Map([...digits, [wire, toField(toField(witness.get(wire)) - sign * missing)]]);
}
