import { expect } from "chai";
import fc from "fast-check";
import { at, listOf } from "../../arrays.ts";
import { ZkmlError } from "../../errors.ts";
import type { IntegerGraph, IntegerLayer } from "../../integer/graph.ts";
import { encodeTensors, INTEGER_FORMATS, type IntegerType } from "../../integer/tensor-spec.ts";
import { runIntegerGraph } from "../../integer/run.ts";
import { Bench } from "../../testing/bench.ts";
import { witnessOf } from "../../testing/lies.ts";
import { search } from "../../testing/solver.ts";
import { compileCircuit } from "../compile.ts";
import { ConstraintSystem } from "../constraint-system.ts";
import { FIELD_ORDER, toField } from "../field.ts";
import { sum, term, type LinearCombination } from "../linear-combination.ts";
import { packWords } from "../packed-words.ts";
import { WitnessVector } from "../witness-vector.ts";
import { decompose } from "./bits.ts";
import { enforceBoolean } from "./boolean.ts";
import { inputInteger, type EncodedInteger } from "./input-integer.ts";
import { outputBytes } from "./output-integer.ts";
import { rectify } from "./rectifier.ts";

/** All witnesses of a system, found without a guess. */
function witnessesOf({ cs }: Bench): (readonly bigint[])[] {
  const found: (readonly bigint[])[] = [];
  const { isExhaustive } = search({
    rows: cs.constraints,
    wireCount: cs.wireCount,
    given: new Map([[0, 1n]]),
    guesses: () => [],
    accept: (values) => {
      found.push(values);
      return false;
    },
  });
  expect(isExhaustive).to.equal(true);
  return found;
}

const HALF = FIELD_ORDER / 2n;

/** Numbers of the field that are none of `0 … 2^count - 1`. */
function outside(count: number): bigint[] {
  const size = 2n ** BigInt(count);
  const powers = listOf(count + 1, (k) => FIELD_ORDER - 2n ** BigInt(k));
  return [size, size + 1n, 2n * size, 2n ** 253n, 2n ** 253n - 1n, HALF, HALF + 1n, ...powers];
}

describe("range proofs at the edges of the field", () => {
  for (const count of [1, 8, 31, 52, 53]) {
    it(`${count} bits hold no number outside, whatever the bits`, () => {
      for (const value of outside(count)) {
        const bench = new Bench();
        decompose(bench.cs, bench.fixed(value), count, () => 0);
        expect(witnessesOf(bench), String(value)).to.deep.equal([]);
      }
    });

    it(`${count} bits hold what is inside in one way only`, () => {
      for (const value of [0, 1, 2 ** (count - 1), 2 ** count - 1]) {
        const bench = new Bench();
        decompose(bench.cs, bench.fixed(value), count, () => 0);
        expect(witnessesOf(bench)).to.have.length(1);
      }
    });
  }

  it("254 bits would hold a number and the same number with the field's order added, so widths are limited", () => {
    const digitsOf = (value: bigint) => listOf(254, (t) => (value >> BigInt(t)) & 1n);
    const value = 5n;
    for (const [width, alias, isUnique] of [
      [254, value + FIELD_ORDER, false],
      [253, value + FIELD_ORDER, true],
    ] as const) {
      const cs = new ConstraintSystem(0);
      const first = cs.wires(width);
      for (let t = 0; t < width; t++) enforceBoolean(cs, term(first + t));
      cs.enforceZero(
        sum([
          [cs.constant(value), -1],
          ...listOf(width, (t) => [term(first + t), 2n ** BigInt(t)] as const),
        ]),
        "decomposition",
      );
      const witness = new WitnessVector(cs.wireCount);
      witness.set(0, 1);
      witness.set(cs.one, 1);
      listOf(width, (t) => {
        witness.set(first + t, at(digitsOf(alias), t));
      });
      expect(cs.firstUnsatisfied(witness) === -1).to.equal(!isUnique);
    }
    for (const width of [54, 253, 254, 255, 256]) {
      const bench = new Bench();
      expect(() => decompose(bench.cs, bench.fixed(5), width, () => 5)).to.throw(RangeError);
    }
  });

  it("a rectifier takes what its bits hold on either side, and nothing beyond", () => {
    const interval = { low: -(2 ** 51), high: 2 ** 51 };
    const rectified = (value: bigint) => {
      const bench = new Bench();
      rectify(bench.cs, { value: bench.fixed(value), interval, shift: 4, valueOf: () => 0 });
      return witnessesOf(bench);
    };
    for (const value of [-(2n ** 52n), -1n, 0n, 2n ** 52n - 1n])
      expect(rectified(toField(value))).to.have.length(1);
    for (const value of [-(2n ** 52n) - 1n, 2n ** 52n, HALF, HALF + 1n, HALF - 1n])
      expect(rectified(toField(value))).to.deep.equal([]);
  });
});

/** One layer of one row, `weight · x`, on an int32. */
function singleRow(kind: "rectifier" | "step" | "floor", weight: number): IntegerGraph {
  const row = (variable: number, factor: number) => ({
    starts: Uint32Array.of(0, 1),
    variables: Uint32Array.of(variable),
    weights: Int32Array.of(factor),
    bias: Float64Array.of(0),
  });
  const shift = { rectifier: 24, step: 0, floor: 24 }[kind];
  const layer: IntegerLayer = {
    kind,
    name: kind,
    rows: row(0, weight),
    shifts: Uint8Array.of(shift),
  };
  const spec = { shape: [1], type: "int32", scale: 1 } as const;
  return {
    inputs: [{ name: "x", ...spec }],
    layers: [layer],
    outputRows: row(1, 1),
    outputs: [{ name: "y", ...spec }],
  };
}

describe("sums at the edge of what bits can hold", () => {
  for (const kind of ["rectifier", "step", "floor"] as const) {
    it(`are proved by a ${kind} up to there, and refused by the compiler beyond`, () => {
      const { min, max } = INTEGER_FORMATS.int32;
      // A floor is lifted by a unit of its result more.
      const largest = kind === "floor" ? 2 ** 20 - 1 : 2 ** 20;
      const graph = singleRow(kind, largest);
      const circuit = compileCircuit(graph);
      for (const value of [min, min + 1, -1, 0, 1, max]) {
        const scene = { graph, circuit, input: [value] };
        const witness = witnessOf(scene, runIntegerGraph(graph, [value]));
        expect(circuit.firstUnsatisfied(witness)).to.equal(-1);
      }
      for (const weight of [2 ** 20 + 1, 2 ** 21, 2 ** 22, 2 ** 31 - 1]) {
        expect(() => compileCircuit(singleRow(kind, weight)))
          .to.throw(ZkmlError)
          .with.property("code", "RANGE_OVERFLOW");
      }
    });
  }
});

describe("canonical packing", () => {
  /** An input whose bytes are fixed, as the commitment fixes them, or whose value is. */
  function input(type: IntegerType): { bench: Bench; integer: EncodedInteger } {
    const bench = new Bench();
    return { bench, integer: inputInteger(bench.cs, type, () => 0) };
  }

  function pin({ cs }: Bench, combination: LinearCombination, value: bigint): void {
    cs.enforceZero(
      sum([
        [combination, 1],
        [cs.constant(value), -1],
      ]),
      "statement",
    );
  }

  for (const type of Object.keys(INTEGER_FORMATS) as IntegerType[]) {
    const { min, max } = INTEGER_FORMATS[type];
    const spec = { name: "x", shape: [], type, scale: 1 };

    it(`${type}: one witness for each encoding, at its ends and around zero`, () => {
      const values = [min, min + 1, -1, 0, 1, max - 1, max].filter((v) => v >= min && v <= max);
      for (const value of values) {
        const { bench, integer } = input(type);
        encodeTensors([spec], [value]).forEach((byte, i) => {
          pin(bench, at(integer.bytes, i), BigInt(byte));
        });
        const witnesses = witnessesOf(bench);
        expect(witnesses).to.have.length(1);
        const inside = at(at(witnesses, 0), at(integer.value.wires, 0));
        expect(inside).to.equal(toField(BigInt(value)));
      }
    });

    it(`${type}: no witness for a byte of 256 or more, or below 0`, () => {
      const { bytes } = INTEGER_FORMATS[type];
      for (let index = 0; index < bytes; index++) {
        for (const byte of [256n, 257n, 511n, -1n, -128n, 2n ** 248n, FIELD_ORDER - 256n]) {
          const { bench, integer } = input(type);
          integer.bytes.forEach((each, i) => {
            pin(bench, each, i === index ? byte : 0n);
          });
          expect(witnessesOf(bench), `byte ${index} is ${byte}`).to.deep.equal([]);
        }
      }
    });
  }

  it("has no second form of zero", () => {
    const { bench, integer } = input("int16");
    pin(bench, integer.value, 0n);
    pin(bench, at(integer.bytes, 0), 0x80n);
    expect(witnessesOf(bench)).to.deep.equal([]);
  });

  it("gives outputs at the ends of int32 one encoding each", () => {
    const { min, max } = INTEGER_FORMATS.int32;
    for (const value of [min, -1, 0, max]) {
      const bench = new Bench();
      outputBytes(bench.cs, {
        value: bench.fixed(value),
        interval: { low: min, high: max },
        type: "int32",
        valueOf: () => 0,
      });
      expect(witnessesOf(bench)).to.have.length(1);
    }
  });

  it("gives different bytes different words, all of them below 2^248", () => {
    const bytes = fc.uint8Array({ minLength: 1, maxLength: 70 });
    fc.assert(
      fc.property(bytes, fc.nat(), fc.integer({ min: 1, max: 255 }), (given, place, change) => {
        const index = place % given.length;
        const other = given.with(index, at(given, index) ^ change);
        expect(packWords(other)).to.not.deep.equal(packWords(given));
        for (const word of packWords(given)) expect(word < 2n ** 248n).to.equal(true);
      }),
    );
    const full = new Uint8Array(31).fill(255);
    expect(packWords(full)).to.deep.equal([2n ** 248n - 1n]);
    expect(packWords(Uint8Array.from([...full, 1]))).to.deep.equal([2n ** 248n - 1n, 2n ** 240n]);
    expect(packWords(Uint8Array.of(1))).to.deep.equal([2n ** 240n]);
    expect(2n ** 248n - 1n < FIELD_ORDER).to.equal(true);
  });
});
