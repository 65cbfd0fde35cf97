import { Field, FpIsSquare } from "@noble/curves/abstract/modular.js";
import type { Constraint } from "../circuit/constraint-system.ts";
import { FIELD_ORDER, toField } from "../circuit/field.ts";
import type { LinearCombination, Wire } from "../circuit/linear-combination.ts";
import { at } from "../arrays.ts";

const FIELD = Field(FIELD_ORDER);

/** What a search starts from. */
export interface SearchOptions {
  readonly rows: readonly Constraint[];
  readonly wireCount: number;
  /** Wires whose values the rest of a circuit has fixed. */
  readonly given: ReadonlyMap<Wire, bigint>;
  /** Values to try for a wire that no row decides, the most promising first. */
  readonly guesses: (wire: Wire) => readonly bigint[];
  /** Wires to guess before any row that leaves two values is followed. */
  readonly suspects?: readonly Wire[];
  /** Called with each solution; the search ends where it says true. */
  readonly accept: (values: readonly bigint[]) => boolean;
}

/** How a search ended. */
export interface SearchResult {
  readonly found: readonly bigint[] | undefined;
  /** No wire was guessed: what was not found does not exist. */
  readonly isExhaustive: boolean;
}

/** Solutions of one row in its last unknown wire; "any" if the row holds whatever it is. */
type Roots = readonly bigint[] | "any";

/** Beyond this many steps a system is too large to be searched, and its test has to choose smaller numbers. */
const MAX_STEPS = 5_000_000;

/**
 * Searches the solutions of a small constraint system.
 *
 * A row with one unknown wire is a polynomial of degree two at the most in it: no root ends the branch, one root is the
 * wire's value, two are both followed. In a row that only adds up, where all unknown wires are bits, bits without which
 * the sum is out of reach are 1, and those with which it is are 0. Where none of this helps, a wire is guessed. So a
 * search that never guessed has seen every solution there is.
 */
export function search(options: SearchOptions): SearchResult {
  const searcher = new Searcher(options);
  const isFound = searcher.run();
  return {
    found: isFound ? searcher.solution() : undefined,
    isExhaustive: !searcher.hasGuessed,
  };
}

class Searcher {
  hasGuessed = false;
  readonly #options: SearchOptions;
  readonly #values: (bigint | undefined)[];
  /** Distinct wires of each row. */
  readonly #wires: readonly (readonly Wire[])[];
  readonly #unknown: number[];
  readonly #rowsOf: readonly number[][];
  /** Wires in the order in which they were decided, to be taken back. */
  readonly #trail: Wire[] = [];
  /** Rows that leave two values; some are decided by now. */
  readonly #forks: number[] = [];
  /** Wires that some row makes 0 or what the other wire is. */
  readonly #bits: ReadonlyMap<Wire, Wire>;
  #steps = 0;

  constructor(options: SearchOptions) {
    this.#options = options;
    this.#values = new Array<bigint | undefined>(options.wireCount).fill(undefined);
    this.#wires = options.rows.map(distinctWires);
    this.#unknown = this.#wires.map((wires) => wires.length);
    this.#bits = bitsOf(options.rows);
    const rowsOf = Array.from({ length: options.wireCount }, (): number[] => []);
    this.#wires.forEach((wires, row) => {
      for (const wire of wires) at(rowsOf, wire).push(row);
    });
    this.#rowsOf = rowsOf;
  }

  run(): boolean {
    const queue = this.#wires.map((_, row) => row);
    for (const [wire, value] of this.#options.given) this.#set(wire, value);
    return this.#settle(queue) && this.#branch();
  }

  solution(): readonly bigint[] {
    return this.#values.map((value) => value ?? 0n);
  }

  #set(wire: Wire, value: bigint): void {
    this.#values[wire] = value;
    this.#trail.push(wire);
    for (const row of at(this.#rowsOf, wire)) this.#unknown[row] = at(this.#unknown, row) - 1;
  }

  #undo(length: number): void {
    while (this.#trail.length > length) {
      const wire = this.#trail.pop() ?? 0;
      this.#values[wire] = undefined;
      for (const row of at(this.#rowsOf, wire)) this.#unknown[row] = at(this.#unknown, row) + 1;
    }
  }

  /** Decides whatever these rows decide, and what that decides; false if a row cannot hold. */
  #settle(queue: number[]): boolean {
    for (let row = queue.pop(); row !== undefined; row = queue.pop()) {
      if (at(this.#unknown, row) > 1) {
        if (!this.#settleBits(row, queue)) return false;
        continue;
      }
      if (++this.#steps > MAX_STEPS) throw new RangeError("the system is too large to search");
      const wire = at(this.#wires, row).find((each) => this.#values[each] === undefined);
      const roots = this.#rootsOf(at(this.#options.rows, row), wire);
      if (roots === "any" || wire === undefined) {
        if (roots !== "any") return false;
      } else if (roots.length === 0) {
        return false;
      } else if (roots.length === 2) {
        this.#forks.push(row);
      } else {
        this.#set(wire, at(roots, 0));
        queue.push(...at(this.#rowsOf, wire));
      }
    }
    return true;
  }

  /** Decides bits that a sum leaves no choice for; false if the sum is out of reach. */
  #settleBits(row: number, queue: number[]): boolean {
    const { a, b, c } = at(this.#options.rows, row);
    if (a.wires.length > 0 || b.wires.length > 0) return true;
    const unknown = c.wires.flatMap((wire, k) =>
      this.#values[wire] === undefined ? [{ wire, weight: at(c.coefficients, k) }] : [],
    );
    if (!unknown.every(({ wire }) => this.#values[this.#bits.get(wire) ?? -1] === 1n)) return true;
    const wanted = centred(-this.#lineOf(c, undefined)[0]);
    const weights = unknown.map(({ weight }) => centred(BigInt(weight)));
    if (mayWrap(weights)) return true;
    const reach = reachOf(weights, wanted);
    if (reach === undefined) return false;
    unknown.forEach(({ wire }, k) => {
      const forced = forcedBit(at(weights, k), reach);
      if (forced === undefined) return;
      this.#set(wire, forced);
      queue.push(...at(this.#rowsOf, wire));
    });
    return true;
  }

  #branch(): boolean {
    const suspect = this.#options.suspects?.find((wire) => this.#values[wire] === undefined);
    if (suspect !== undefined) return this.#guess(suspect);
    const fork = this.#nextFork();
    if (fork !== undefined) return this.#try(fork.wire, fork.roots);
    const wire = this.#values.indexOf(undefined);
    if (wire !== -1) return this.#guess(wire);
    return this.#options.accept(this.solution());
  }

  #guess(wire: Wire): boolean {
    this.hasGuessed = true;
    return this.#try(wire, this.#options.guesses(wire));
  }

  #try(wire: Wire, values: readonly bigint[]): boolean {
    const decided = this.#trail.length;
    const forks = this.#forks.length;
    for (const value of values) {
      this.#set(wire, value);
      if (this.#settle([...at(this.#rowsOf, wire)]) && this.#branch()) return true;
      this.#undo(decided);
      this.#forks.length = forks;
    }
    return false;
  }

  /** That of the first wire: what follows from a gadget's wires is found out before the next gadget's are tried. */
  #nextFork(): { wire: Wire; roots: readonly bigint[] } | undefined {
    let first: { wire: Wire; row: number } | undefined;
    for (const row of this.#forks) {
      const wire = at(this.#wires, row).find((each) => this.#values[each] === undefined);
      if (wire !== undefined && (first === undefined || wire < first.wire)) first = { wire, row };
    }
    if (first === undefined) return undefined;
    const { wire, row } = first;
    const roots = this.#rootsOf(at(this.#options.rows, row), wire);
    return roots === "any" ? undefined : { wire, roots };
  }

  /** Values of the wire, the only one unknown, for which the row holds; without one, "any" if it does. */
  #rootsOf({ a, b, c }: Constraint, wire: Wire | undefined): Roots {
    const [a0, a1] = this.#lineOf(a, wire);
    const [b0, b1] = isSame(a, b) ? [a0, a1] : this.#lineOf(b, wire);
    const [c0, c1] = this.#lineOf(c, wire);
    return rootsOf(toField(a0 * b0 - c0), toField(a0 * b1 + a1 * b0 - c1), toField(a1 * b1));
  }

  /** A combination as `constant + slope · wire`. */
  #lineOf({ wires, coefficients }: LinearCombination, unknown: Wire | undefined): [bigint, bigint] {
    let constant = 0n;
    let slope = 0n;
    for (let k = 0; k < wires.length; k++) {
      const wire = wires[k] ?? 0;
      const coefficient = BigInt(coefficients[k] ?? 0);
      if (wire === unknown) slope += coefficient;
      else constant += coefficient * (this.#values[wire] ?? 0n);
    }
    return [toField(constant), toField(slope)];
  }
}

const knownWires = new WeakMap<Constraint, readonly Wire[]>();

/** Each wire of a row once; the same rows are searched over and over. */
function distinctWires(row: Constraint): readonly Wire[] {
  const known = knownWires.get(row);
  if (known !== undefined) return known;
  const found = [...new Set([...row.a.wires, ...row.b.wires, ...row.c.wires])];
  knownWires.set(row, found);
  return found;
}

const knownBits = new WeakMap<readonly Constraint[], ReadonlyMap<Wire, Wire>>();

function bitsOf(rows: readonly Constraint[]): ReadonlyMap<Wire, Wire> {
  const known = knownBits.get(rows);
  if (known !== undefined) return known;
  const found = new Map(rows.flatMap(bitOf));
  knownBits.set(rows, found);
  return found;
}

/** The wire that a row `wire · (wire - one) = 0` is about, and the other one. */
function bitOf({ a, b, c }: Constraint): readonly (readonly [Wire, Wire])[] {
  const [wire] = a.wires;
  const [, one] = b.wires;
  const isBit =
    wire !== undefined &&
    one !== undefined &&
    a.wires.length === 1 &&
    c.wires.length === 0 &&
    b.wires.length === 2 &&
    b.wires[0] === wire &&
    b.coefficients[0] === 1 &&
    b.coefficients[1] === -1;
  return isBit ? [[wire, one]] : [];
}

/** Whether sums of these weights could be congruent in the field without being equal. */
function mayWrap(weights: readonly bigint[]): boolean {
  const span = weights.reduce((sum, weight) => sum + (weight < 0n ? -weight : weight), 0n);
  return 2n * span >= FIELD_ORDER;
}

/** The sums below and above the wanted one that weights of bits still have to make up or may not exceed. */
interface Reach {
  /** Wanted less the least sum. */
  readonly above: bigint;
  /** The greatest sum less what is wanted. */
  readonly below: bigint;
}

function reachOf(weights: readonly bigint[], wanted: bigint): Reach | undefined {
  let least = 0n;
  let greatest = 0n;
  for (const weight of weights) {
    if (weight < 0n) least += weight;
    else greatest += weight;
  }
  if (wanted < least || wanted > greatest) return undefined;
  return { above: wanted - least, below: greatest - wanted };
}

/** The only value of a bit that leaves the sum in reach, if it is the only one. */
function forcedBit(weight: bigint, { above, below }: Reach): bigint | undefined {
  const size = weight < 0n ? -weight : weight;
  if (size > above) return weight < 0n ? 1n : 0n;
  if (size > below) return weight < 0n ? 0n : 1n;
  return undefined;
}

/** The integer around zero that a field element stands for. */
function centred(value: bigint): bigint {
  const element = toField(value);
  return element > FIELD_ORDER / 2n ? element - FIELD_ORDER : element;
}

/** Squares, as in hashes, have one factor to be worked out. */
function isSame(a: LinearCombination, b: LinearCombination): boolean {
  return (
    a.wires.length === b.wires.length &&
    a.wires.every((wire, k) => wire === b.wires[k] && a.coefficients[k] === b.coefficients[k])
  );
}

/** Roots of `constant + linear · x + square · x²`. */
function rootsOf(constant: bigint, linear: bigint, square: bigint): Roots {
  if (square !== 0n) return quadraticRoots(constant, linear, square);
  if (linear !== 0n) return [toField(-constant * inverse(linear))];
  return constant === 0n ? "any" : [];
}

function quadraticRoots(constant: bigint, linear: bigint, square: bigint): readonly bigint[] {
  if (constant === 0n) {
    const other = toField(-linear * inverse(square));
    return other === 0n ? [0n] : [0n, other];
  }
  const discriminant = toField(linear * linear - 4n * constant * square);
  if (discriminant === 0n) return [toField(-linear * inverse(2n * square))];
  if (!FpIsSquare(FIELD, discriminant)) return [];
  const root = FIELD.sqrt(discriminant);
  const half = inverse(toField(2n * square));
  return [toField((-linear + root) * half), toField((-linear - root) * half)];
}

const inverses = new Map<bigint, bigint>();

/** Coefficients are few, and each is inverted often. */
function inverse(value: bigint): bigint {
  const known = inverses.get(value);
  if (known !== undefined) return known;
  const found = FIELD.inv(toField(value));
  inverses.set(value, found);
  return found;
}
