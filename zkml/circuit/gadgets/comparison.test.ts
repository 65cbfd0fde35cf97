import { expect } from "chai";
import fc from "fast-check";
import type { Interval } from "../../integer/intervals.ts";
import { Bench } from "../../testing/bench.ts";
import type { LinearCombination } from "../linear-combination.ts";
import { step } from "./step.ts";
import { thermometer } from "./thermometer.ts";

const INTERVALS = [
  { low: -1000, high: 1000 },
  { low: -1, high: 5 },
  { low: 0, high: 777 },
  { low: -900, high: 3 },
];

describe("step", () => {
  function build(value: number, interval: Interval): { bench: Bench; result: LinearCombination } {
    const bench = new Bench();
    const given = { value: bench.fixed(value), interval, valueOf: () => value };
    return { bench, result: step(bench.cs, given) };
  }

  for (const { low, high } of INTERVALS) {
    it(`is 1 above 0 and pinned everywhere, from ${low} to ${high}`, () => {
      const values = fc.oneof(
        fc.integer({ min: low, max: high }),
        fc.constantFrom(low, 0, 1, high),
      );
      fc.assert(
        fc.property(values, (value) => {
          const { bench, result } = build(value, { low, high });
          expect(bench.expectSound().evaluate(result)).to.equal(value > 0 ? 1 : 0);
        }),
        { numRuns: 30 },
      );
    });
  }

  it("costs a row per bit and one, and nothing where the interval tells", () => {
    // From -1001 to 999: eleven bits.
    expect(build(5, { low: -1000, high: 1000 }).bench.rows).to.equal(12);
    expect(build(-5, { low: -9, high: 0 }).bench.rows).to.equal(0);
    const { bench, result } = build(5, { low: 1, high: 9 });
    expect(bench.rows).to.equal(0);
    expect(bench.expectSound().evaluate(result)).to.equal(1);
  });

  it("has no witness for a value outside the bits of its interval", () => {
    for (const value of [1026, -1024]) {
      const { bench } = build(value, { low: -1000, high: 1000 });
      expect(bench.cs.firstUnsatisfied(bench.witness())).to.not.equal(-1);
    }
  });
});

describe("thermometer", () => {
  function build(
    value: number,
    interval: Interval,
    thresholds: readonly number[],
  ): { bench: Bench; marks: readonly LinearCombination[] } {
    const bench = new Bench();
    const given = { value: bench.fixed(value), interval, valueOf: () => value };
    return { bench, marks: thermometer(bench.cs, given, thresholds) };
  }

  const thresholdsIn = ({ low, high }: Interval) =>
    fc
      .uniqueArray(fc.integer({ min: low + 1, max: high }), { minLength: 1, maxLength: 6 })
      .map((list) => list.sort((a, b) => a - b));

  for (const interval of INTERVALS) {
    it(`marks what is reached, and pins it, from ${interval.low} to ${interval.high}`, () => {
      const cases = thresholdsIn(interval).chain((thresholds) =>
        fc.record({
          thresholds: fc.constant(thresholds),
          value: fc.oneof(
            fc.integer({ min: interval.low, max: interval.high }),
            fc.constantFrom(interval.low, interval.high, ...thresholds),
            fc.constantFrom(...thresholds).map((threshold) => threshold - 1),
          ),
        }),
      );
      fc.assert(
        fc.property(cases, ({ thresholds, value }) => {
          const { bench, marks } = build(value, interval, thresholds);
          const witness = bench.expectSound();
          const found = marks.map((mark) => witness.evaluate(mark));
          expect(found).to.deep.equal(thresholds.map((threshold) => (value >= threshold ? 1 : 0)));
        }),
        { numRuns: 25 },
      );
    });
  }

  it("tells every number apart where all are thresholds, at a row for each and two", () => {
    for (let value = 0; value <= 4; value++) {
      const { bench, marks } = build(value, { low: 0, high: 4 }, [1, 2, 3, 4]);
      expect(bench.rows).to.equal(6);
      const witness = bench.expectSound();
      const reached = marks.filter((mark) => witness.evaluate(mark) === 1);
      expect(reached).to.have.length(value);
    }
  });

  it("costs what its preamble says", () => {
    // Gaps of 10, 90 and 100: seven bits, twice, with a row for each sum.
    expect(build(5, { low: 0, high: 199 }, [10, 100]).bench.rows).to.equal(3 + 2 * 8);
  });

  it("has no witness for a mark too many or too few, whatever the other wires", () => {
    // Marks of a neighbouring gap leave a rest below 0 or beyond the gap, which no bits make up.
    const interval: Interval = { low: 0, high: 15 };
    for (let value = interval.low; value <= interval.high; value++) {
      for (let claimed = interval.low; claimed <= interval.high; claimed++) {
        const bench = new Bench();
        const given = {
          value: bench.fixed(value),
          interval,
          valueOf: () => claimed,
        };
        thermometer(bench.cs, given, [4, 8, 12]);
        const isSatisfied = bench.cs.firstUnsatisfied(bench.witness()) === -1;
        expect(isSatisfied).to.equal(claimed === value);
      }
    }
  });
});
