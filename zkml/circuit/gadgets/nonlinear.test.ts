import { expect } from "chai";
import fc from "fast-check";
import { at } from "../../arrays.ts";
import type { Interval } from "../../integer/intervals.ts";
import { argumentBits, lookUp, tabulate } from "../../integer/piecewise-table.ts";
import { SCALAR_FUNCTIONS } from "../../network/scalar-functions.ts";
import { Bench } from "../../testing/bench.ts";
import { toField } from "../field.ts";
import type { LinearCombination } from "../linear-combination.ts";
import type { BoundedValue } from "./bounded-value.ts";
import { clamp } from "./clamp.ts";
import { floorShift } from "./floor-shift.ts";
import { multiply } from "./product.ts";
import { selector } from "./selector.ts";
import { lookUpTable } from "./table.ts";

interface Built {
  readonly bench: Bench;
  readonly result: LinearCombination;
}

function bounded(bench: Bench, value: number, interval: Interval): BoundedValue {
  return { value: bench.fixed(value), interval, valueOf: () => value };
}

/** The result as a signed integer. */
function valueOf({ bench, result }: Built): bigint {
  const value = toField(bench.expectSound().evaluate(result));
  const negative = toField(-value);
  return negative < value ? -negative : value;
}

describe("floor shift", () => {
  function build(value: number, interval: Interval, shift: number): Built {
    const bench = new Bench();
    return { bench, result: floorShift(bench.cs, { ...bounded(bench, value, interval), shift }) };
  }

  for (const interval of [
    { low: -1000, high: 1000 },
    { low: -1, high: 5 },
    { low: 0, high: 777 },
    { low: -900, high: -3 },
    { low: 100, high: 140 },
  ]) {
    it(`is the floor, and pinned everywhere, from ${interval.low} to ${interval.high}`, () => {
      fc.assert(
        fc.property(
          fc.integer({ min: interval.low, max: interval.high }),
          fc.integer({ min: 1, max: 5 }),
          (value, shift) => {
            const expected = BigInt(Math.floor(value / 2 ** shift));
            expect(valueOf(build(value, interval, shift))).to.equal(expected);
          },
        ),
        { numRuns: 25 },
      );
    });
  }

  it("costs a row per bit of the lifted interval and one, and nothing without a shift", () => {
    // -1000 is lifted by 1008, to 2008: eleven bits.
    expect(build(0, { low: -1000, high: 1000 }, 4).bench.rows).to.equal(12);
    expect(build(7, { low: -1000, high: 1000 }, 0).bench.rows).to.equal(0);
    expect(valueOf(build(7, { low: -1000, high: 1000 }, 0))).to.equal(7n);
    expect(build(3, { low: 0, high: 7 }, 3).bench.rows).to.equal(0);
  });

  it("has no witness for a value outside the bits of its interval", () => {
    for (const value of [-1009, 1040, 100_000]) {
      const { bench } = build(value, { low: -1000, high: 1000 }, 4);
      expect(bench.cs.firstUnsatisfied(bench.witness())).to.not.equal(-1);
    }
  });
});

describe("product", () => {
  it("is exact for either sign, pinned, and costs one row", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -(2 ** 25), max: 2 ** 25 }),
        fc.integer({ min: -(2 ** 25), max: 2 ** 25 }),
        (left, right) => {
          const bench = new Bench();
          const result = multiply(bench.cs, {
            left: bench.fixed(left),
            right: bench.fixed(right),
            productOf: () => left * right,
          });
          expect(valueOf({ bench, result })).to.equal(BigInt(left) * BigInt(right));
          expect(bench.rows).to.equal(1);
        },
      ),
      { numRuns: 25 },
    );
  });

  it("has no witness for another number", () => {
    const bench = new Bench();
    multiply(bench.cs, { left: bench.fixed(6), right: bench.fixed(7), productOf: () => 41 });
    expect(bench.cs.firstUnsatisfied(bench.witness())).to.not.equal(-1);
  });
});

describe("clamp", () => {
  function build(value: number, interval: Interval, last: number): Built {
    const bench = new Bench();
    return { bench, result: clamp(bench.cs, bounded(bench, value, interval), last).value };
  }

  it("keeps what is inside and cuts what is outside, and is pinned everywhere", () => {
    const interval = { low: -300, high: 700 };
    for (const value of [-300, -1, 0, 1, 254, 255, 256, 700]) {
      const expected = BigInt(Math.min(255, Math.max(0, value)));
      expect(valueOf(build(value, interval, 255)), String(value)).to.equal(expected);
    }
  });

  it("cuts what can leave the range by one only", () => {
    expect(valueOf(build(256, { low: 0, high: 256 }, 255))).to.equal(255n);
    expect(valueOf(build(-1, { low: -1, high: 255 }, 255))).to.equal(0n);
  });

  it("costs nothing for what cannot leave the range, and half for what can leave one end", () => {
    expect(build(7, { low: 0, high: 255 }, 255).bench.rows).to.equal(0);
    const [low, high, both] = [
      build(7, { low: -300, high: 255 }, 255),
      build(7, { low: 0, high: 700 }, 255),
      build(7, { low: -300, high: 700 }, 255),
    ].map(({ bench }) => bench.rows) as [number, number, number];
    expect(low + high).to.be.within(both - 1, both + 1);
  });

  it("tells honest bounds to what comes behind", () => {
    const bench = new Bench();
    const { interval } = clamp(bench.cs, bounded(bench, 5, { low: -10, high: 400 }), 255);
    expect(interval).to.deep.equal({ low: 0, high: 255 });
  });
});

describe("selector", () => {
  function build(index: number, count: number, tables: readonly (readonly number[])[]) {
    const bench = new Bench();
    const bits = Array.from({ length: count }, (_, t) => bench.fixed((index >> t) & 1));
    const select = selector(bench.cs, bits);
    return { bench, results: tables.map(select) };
  }

  it("reads every entry of every table", () => {
    const tables = [
      [5, -7, 0, 1e9, 3, 3, -(2 ** 31), 11],
      [1, 1, 2, 3, 5, 8, 13, 21],
    ];
    for (let index = 0; index < 8; index++) {
      const { bench, results } = build(index, 3, tables);
      const witness = bench.expectSound();
      const read = results.map((result) => toField(witness.evaluate(result)));
      expect(read).to.deep.equal(tables.map((table) => toField(BigInt(at(table, index)))));
    }
  });

  it("costs its products once, for any number of tables", () => {
    for (const [count, rows] of [
      [1, 0],
      [2, 1],
      [3, 4],
      [5, 26],
    ] as const) {
      expect(build(0, count, [[1], [2], [3]]).bench.rows).to.equal(rows);
    }
  });
});

describe("table", () => {
  const { table } = tabulate(SCALAR_FUNCTIONS.sigmoid, {
    low: -8,
    unit: 16 / 2 ** 10,
    argumentBits: 10,
    outputBits: 10,
  });
  const interval = { low: -9_000, high: 9_000 };

  function build(value: number, shift: number, bounds: Interval = interval): Built {
    const bench = new Bench();
    const argument = bounded(bench, value, bounds);
    return { bench, result: lookUpTable(bench.cs, { table, argument, shift }) };
  }

  it("gives what the integer graph gives, and is pinned everywhere, also at and beyond its ends", () => {
    const shift = 3;
    const end = 2 ** (argumentBits(table) + shift);
    const values = [interval.low, -1, 0, 1, 7, 8, end / 2, end - 1, end, interval.high];
    fc.assert(
      fc.property(
        fc.oneof(fc.constantFrom(...values), fc.integer({ min: interval.low, max: interval.high })),
        (value) => {
          const expected = BigInt(lookUp(table, Math.floor(value / 2 ** shift)));
          expect(valueOf(build(value, shift))).to.equal(expected);
        },
      ),
      { numRuns: 12 },
    );
  }).timeout(600_000);

  it("needs no clamp and fewer bits where the argument stays inside", () => {
    const wide = build(5, 0).bench.rows;
    const inside = build(5, 0, { low: 0, high: 1023 }).bench.rows;
    const narrow = build(5, 0, { low: 0, high: 100 });
    expect(inside).to.be.below(wide - 25);
    expect(narrow.bench.rows).to.be.below(inside - 3);
    expect(valueOf(narrow)).to.equal(BigInt(lookUp(table, 5)));
  });

  it("has no witness for an argument outside the bits of its interval", () => {
    const { bench } = build(20_000, 0);
    expect(bench.cs.firstUnsatisfied(bench.witness())).to.not.equal(-1);
  });
});
