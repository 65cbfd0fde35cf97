import { expect } from "chai";
import fc from "fast-check";
import { at } from "../../arrays.ts";
import { INTEGER_FORMATS, type IntegerType } from "../../integer/tensor-spec.ts";
import { Bench } from "../../testing/bench.ts";
import { FIELD_ORDER, toField, type FieldValue } from "../field.ts";
import type { ConstraintSystem } from "../constraint-system.ts";
import type { LinearCombination, Wire } from "../linear-combination.ts";
import { commit } from "../poseidon.ts";
import { evaluate } from "../statement.ts";
import { bitLength, decompose } from "./bits.ts";
import { enforceBoolean } from "./boolean.ts";
import type { BoundedValue } from "./bounded-value.ts";
import { fingerprint } from "./fingerprint.ts";
import { floorShift } from "./floor-shift.ts";
import { inputInteger } from "./input-integer.ts";
import { outputBytes } from "./output-integer.ts";
import { commitment } from "./poseidon.ts";
import { rectify } from "./rectifier.ts";
import { step } from "./step.ts";

/** Two's complement, big-endian. */
function encodedBytes(type: IntegerType, value: number): number[] {
  const { bytes } = INTEGER_FORMATS[type];
  return Array.from({ length: bytes }, (_, i) =>
    Number((BigInt(value) >> BigInt(8 * (bytes - 1 - i))) & 0xffn),
  );
}

describe("boolean", () => {
  function satisfied(value: FieldValue): boolean {
    const bench = new Bench();
    enforceBoolean(bench.cs, bench.fixed(value));
    return bench.cs.firstUnsatisfied(bench.witness()) === -1;
  }

  it("accepts 0 and 1 and nothing else", () => {
    expect(satisfied(0)).to.equal(true);
    expect(satisfied(1)).to.equal(true);
    for (const value of [2, -1, 255, FIELD_ORDER - 1n, (FIELD_ORDER + 1n) / 2n])
      expect(satisfied(value)).to.equal(false);
  });
});

describe("decompose", () => {
  it("pins every bit of random values", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 53 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (count, share) => {
          const value = Math.floor(share * 2 ** count);
          const bench = new Bench();
          const bits = decompose(bench.cs, bench.fixed(value), count, () => value);
          const witness = bench.expectSound();
          const digits = Array.from({ length: count }, (_, t) =>
            String(witness.get(bits.first + t)),
          ).reverse();
          expect(BigInt(`0b${digits.join("")}`)).to.equal(BigInt(value));
          expect(bench.rows).to.equal(count + 1);
        },
      ),
      { numRuns: 30 },
    );
  });

  it("has no witness for a value one too large, negative, or wrapped around the field", () => {
    for (const value of [256, -1, FIELD_ORDER - 1n, FIELD_ORDER / 2n]) {
      const bench = new Bench();
      decompose(bench.cs, bench.fixed(value), 8, () => Number(toField(value) & 0xffn));
      expect(bench.cs.firstUnsatisfied(bench.witness())).to.not.equal(-1);
    }
  });

  it("refuses widths beyond exact doubles", () => {
    const bench = new Bench();
    expect(() => decompose(bench.cs, bench.fixed(0), 54, () => 0)).to.throw(RangeError);
    expect(() => decompose(bench.cs, bench.fixed(0), 0, () => 0)).to.throw(RangeError);
  });

  it("knows the length of numbers at powers of two", () => {
    expect([0, 1, 2, 3, 4, 2 ** 52 - 1, 2 ** 52, 2 ** 53 - 1].map(bitLength)).to.deep.equal([
      0, 1, 2, 2, 3, 52, 53, 53,
    ]);
  });
});

describe("rectifier", () => {
  interface Case {
    readonly value: number;
    readonly interval: { readonly low: number; readonly high: number };
    readonly shift: number;
  }

  function build({ value, interval, shift }: Case): { bench: Bench; result: LinearCombination } {
    const bench = new Bench();
    const result = rectify(bench.cs, {
      value: bench.fixed(value),
      interval,
      shift,
      valueOf: () => value,
    });
    return { bench, result };
  }

  const intervals = [
    { low: -1000, high: 1000 },
    { low: -1024, high: 5 },
    { low: -1, high: 1023 },
    { low: 0, high: 777 },
    { low: 3, high: 1024 },
  ];
  for (const interval of intervals) {
    it(`is exact and pinned everywhere from ${interval.low} to ${interval.high}`, () => {
      fc.assert(
        fc.property(
          fc.integer({ min: interval.low, max: interval.high }),
          fc.integer({ min: 0, max: 4 }),
          (value, shift) => {
            const { bench, result } = build({ value, interval, shift });
            const witness = bench.expectSound();
            expect(witness.evaluate(result)).to.equal(Math.floor(Math.max(0, value) / 2 ** shift));
          },
        ),
        { numRuns: 25 },
      );
      for (const value of [interval.low, interval.high])
        build({ value, interval, shift: 2 }).bench.expectSound();
    });
  }

  it("costs nothing where the result can only be zero", () => {
    expect(build({ value: -5, interval: { low: -9, high: 0 }, shift: 0 }).bench.rows).to.equal(0);
    expect(build({ value: 5, interval: { low: -9, high: 7 }, shift: 3 }).bench.rows).to.equal(0);
  });

  it("costs what its preamble says", () => {
    // m = 10: eleven bits, one row for the sum, one product.
    expect(build({ value: 5, interval: { low: -1000, high: 1000 }, shift: 1 }).bench.rows).to.equal(
      13,
    );
    // Ten bits, one row for the sum, one for the result.
    expect(build({ value: 5, interval: { low: 0, high: 1000 }, shift: 1 }).bench.rows).to.equal(12);
  });

  it("has no witness for a sum outside the bits of its interval", () => {
    for (const value of [1024, -1025]) {
      const { bench } = build({ value, interval: { low: -1000, high: 1000 }, shift: 0 });
      expect(bench.cs.firstUnsatisfied(bench.witness())).to.not.equal(-1);
    }
  });

  it("lets nobody pass a positive sum off as negative", () => {
    const { bench, result } = build({ value: 100, interval: { low: -1000, high: 1000 }, shift: 0 });
    const witness = bench.witness();
    const resultWire = at(result.wires, 0);
    // The forger clears the sign bit and the result, and hides the sign's weight in every other bit in turn.
    const signBit = resultWire - 1;
    witness.set(signBit, 0);
    witness.set(resultWire, 0);
    for (let bit = signBit - 10; bit < signBit; bit++) {
      const honest = witness.get(bit);
      witness.set(bit, BigInt(honest) + 1024n / 2n ** BigInt(bit - (signBit - 10)));
      expect(bench.cs.firstUnsatisfied(witness)).to.not.equal(-1);
      witness.set(bit, honest);
    }
  });
});

describe("input integer", () => {
  for (const type of Object.keys(INTEGER_FORMATS) as IntegerType[]) {
    const { bytes, min, max } = INTEGER_FORMATS[type];

    function build(value: number): {
      bench: Bench;
      encoding: readonly LinearCombination[];
      valueWire: Wire;
    } {
      const bench = new Bench();
      const integer = inputInteger(bench.cs, type, () => value);
      // The rest of the circuit fixes the bytes through the commitment.
      integer.bytes.forEach((byte, i) => {
        const pinned = bench.fixed(at(encodedBytes(type, value), i));
        bench.cs.enforceZero(
          { wires: [...byte.wires, ...pinned.wires], coefficients: [...byte.coefficients, -1] },
          "statement",
        );
      });
      return { bench, encoding: integer.bytes, valueWire: at(integer.value.wires, 0) };
    }

    it(`encodes ${type} canonically and pins it`, () => {
      const values = [min, min + 1, -1, 0, 1, 127, 128, max - 1, max].filter(
        (value) => value >= min && value <= max,
      );
      for (const value of values) {
        const { bench, encoding, valueWire } = build(value);
        const witness = bench.expectSound();
        expect(witness.get(valueWire)).to.equal(value);
        const encoded = encoding.map((byte) => Number(toField(witness.evaluate(byte))));
        expect(encoded).to.deep.equal(encodedBytes(type, value));
      }
    });

    const rows = type === "bool" ? 1 : 8 * bytes;
    it(`costs ${rows} rows for ${type}`, () => {
      const bench = new Bench();
      inputInteger(bench.cs, type, () => 0);
      expect(bench.rows).to.equal(rows);
    });

    it(`has no witness for a value outside ${type}`, () => {
      for (const value of [min - 1, max + 1, max + 2 ** (8 * bytes)]) {
        const bench = new Bench();
        inputInteger(bench.cs, type, () => value);
        expect(bench.cs.firstUnsatisfied(bench.witness())).to.not.equal(-1);
      }
    });
  }
});

describe("output bytes", () => {
  const interval = { low: -70_000, high: 50_000 };

  function build(value: number): { bench: Bench; encoding: LinearCombination[] } {
    const bench = new Bench();
    const encoding = outputBytes(bench.cs, {
      value: bench.fixed(value),
      interval,
      type: "int32",
      valueOf: () => value,
    });
    return { bench, encoding };
  }

  it("are the two's complement of any value in the interval, and pinned", () => {
    fc.assert(
      fc.property(fc.integer({ min: interval.low, max: interval.high }), (value) => {
        const { bench, encoding } = build(value);
        const witness = bench.expectSound();
        const encoded = encoding.map((byte) => Number(toField(witness.evaluate(byte))));
        expect(encoded).to.deep.equal(encodedBytes("int32", value));
      }),
      { numRuns: 30 },
    );
    for (const value of [interval.low, -1, 0, 1, interval.high]) build(value).bench.expectSound();
  });

  it("cost one row per bit and one for the sum", () => {
    // 70,000 needs 17 bits, and one for the sign.
    expect(build(0).bench.rows).to.equal(19);
  });

  it("have no witness for a value beyond the interval's bits", () => {
    for (const value of [2 ** 17, -(2 ** 17) - 1]) {
      const { bench } = build(value);
      expect(bench.cs.firstUnsatisfied(bench.witness())).to.not.equal(-1);
    }
  });

  it("reach the ends of int32", () => {
    const { min, max } = INTEGER_FORMATS.int32;
    for (const value of [min, max]) {
      const bench = new Bench();
      const encoding = outputBytes(bench.cs, {
        value: bench.fixed(value),
        interval: { low: min, high: max },
        type: "int32",
        valueOf: () => value,
      });
      const witness = bench.expectSound();
      expect(encoding.map((byte) => Number(toField(witness.evaluate(byte))))).to.deep.equal(
        encodedBytes("int32", value),
      );
    }
  });
});

describe("Poseidon commitment", () => {
  function build(elements: readonly FieldValue[]): { bench: Bench; result: LinearCombination } {
    const bench = new Bench();
    return {
      bench,
      result: commitment(
        bench.cs,
        elements.map((element) => bench.fixed(element)),
      ),
    };
  }

  for (const count of [1, 2, 15, 16, 17, 27, 33]) {
    it(`equals the sponge outside the circuit for ${count} elements`, () => {
      const elements = Array.from({ length: count }, (_, i) => toField(BigInt(i + 1) ** 40n));
      const { bench, result } = build(elements);
      const witness = bench.witness();
      expect(bench.cs.firstUnsatisfied(witness)).to.equal(-1);
      expect(toField(witness.evaluate(result))).to.equal(commit(elements));
      expect(bench.rows).to.equal(612 * Math.ceil(count / 16) - 3 - unusedRateRows(count));
    });
  }

  /** Rate elements of a first block that stay zero are constants, and their first S-box is free. */
  function unusedRateRows(count: number): number {
    return 3 * Math.max(0, 16 - count);
  }

  it("pins every wire", () => {
    build([1, FIELD_ORDER - 1n, 12345678901234567890n]).bench.expectSound();
  });
});

describe("fingerprint", () => {
  it("is the polynomial's value, and pinned", () => {
    for (const count of [1, 2, 5]) {
      const bench = new Bench();
      const elements = Array.from({ length: count }, (_, i) => BigInt(i + 3) ** 50n);
      const point = FIELD_ORDER - 987654321n;
      const pointWire = at(bench.fixed(point).wires, 0);
      const result = fingerprint(
        bench.cs,
        elements.map((element) => bench.fixed(element)),
        pointWire,
      );
      const witness = bench.expectSound();
      expect(toField(witness.evaluate(result))).to.equal(evaluate(elements.map(toField), point));
      expect(bench.rows).to.equal(count - 1);
    }
  });
});

describe("intervals that decide alone", () => {
  /** Rows that a gadget adds for a value far beyond the interval that it is given, and its result. */
  function trusting(
    low: number,
    high: number,
    gadget: (cs: ConstraintSystem, given: BoundedValue) => LinearCombination,
  ) {
    const bench = new Bench();
    const value = bench.fixed(1000);
    const result = gadget(bench.cs, { value, interval: { low, high }, valueOf: () => 1000 });
    return { rows: bench.rows, result: bench.witness().evaluate(result) };
  }

  it("leave no row that would find them wrong", () => {
    expect(trusting(-9, 0, (cs, given) => rectify(cs, { ...given, shift: 0 }))).to.deep.equal({
      rows: 0,
      result: 0,
    });
    expect(trusting(-9, 0, step)).to.deep.equal({ rows: 0, result: 0 });
    expect(trusting(1, 9, step)).to.deep.equal({ rows: 0, result: 1 });
    expect(trusting(-4, -1, (cs, given) => floorShift(cs, { ...given, shift: 2 }))).to.deep.equal({
      rows: 0,
      result: -1,
    });
  });

  it("otherwise leave no witness where they are wrong", () => {
    const wrong = [
      (cs: ConstraintSystem, given: BoundedValue) => rectify(cs, { ...given, shift: 0 }),
      (cs: ConstraintSystem, given: BoundedValue) => floorShift(cs, { ...given, shift: 2 }),
      step,
    ];
    for (const gadget of wrong) {
      const bench = new Bench();
      const value = bench.fixed(1000);
      gadget(bench.cs, { value, interval: { low: -9, high: 9 }, valueOf: () => 1000 });
      expect(bench.cs.firstUnsatisfied(bench.witness())).to.not.equal(-1);
    }
  });
});
