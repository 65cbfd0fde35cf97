import { expect } from "chai";
import fc from "fast-check";
import { at, listOf } from "../arrays.ts";
import { ZkmlError } from "../errors.ts";
import { randomGraph } from "../testing/random-graph.ts";
import { seededRandom, type Random } from "../random.ts";
import { STAGES } from "../testing/scenes.ts";
import { forEachEntry, type IntegerGraph } from "./graph.ts";
import { analyseIntervals, boundLayers, type Interval } from "./intervals.ts";
import { runIntegerGraph, type IntegerTrace } from "./run.ts";
import { INTEGER_FORMATS, specOfEach } from "./tensor-spec.ts";

/** A number of a run. */
type Reader = (trace: IntegerTrace) => number;

interface Bounded {
  readonly read: Reader;
  readonly interval: Interval;
}

/** Every number that has bounds: all rows of all layers, their results, and the outputs. */
function boundedNumbers(graph: IntegerGraph): Bounded[] {
  const { sums, factors, outputs } = analyseIntervals(graph);
  const { variables } = boundLayers(graph);
  const perLayer = (
    intervals: readonly (readonly Interval[])[],
    read: (trace: IntegerTrace) => readonly Float64Array[],
  ) =>
    intervals.flatMap((rows, layer) =>
      rows.map((interval, row) => ({
        interval,
        read: (trace: IntegerTrace) => at(at(read(trace), layer), row),
      })),
    );
  return [
    ...perLayer(sums, (trace) => trace.sums),
    ...perLayer(factors, (trace) => trace.factors),
    ...variables.map((interval, k) => ({
      interval,
      read: ({ variables: found }: IntegerTrace) => at(found, k),
    })),
    ...outputs.map((interval, k) => ({
      interval,
      read: ({ outputs: found }: IntegerTrace) => at(found, k),
    })),
  ];
}

function expectWithin(graph: IntegerGraph, numbers: readonly Bounded[], input: number[]): void {
  const trace = runIntegerGraph(graph, input);
  for (const { read, interval } of numbers) {
    const value = read(trace);
    expect(Number.isSafeInteger(value)).to.equal(true);
    expect(value).to.be.within(interval.low, interval.high);
  }
}

function ends(graph: IntegerGraph): Interval[] {
  return specOfEach(graph.inputs).map(({ type }) => {
    const { min, max } = INTEGER_FORMATS[type];
    return { low: min, high: max };
  });
}

function randomInput(graph: IntegerGraph, random: Random): number[] {
  return ends(graph).map(({ low, high }) => low + Math.floor(random() * (high - low + 1)));
}

function randomCorner(graph: IntegerGraph, random: Random): number[] {
  return ends(graph).map(({ low, high }) => (random() < 0.5 ? low : high));
}

/** The input that a row over inputs alone is greatest at, or least. */
function cornerFor(graph: IntegerGraph, row: number, direction: 1 | -1): number[] {
  const input = ends(graph).map(({ low }) => low);
  const [first] = graph.layers;
  if (first === undefined) throw new RangeError("there is no layer");
  forEachEntry(first.rows, row, (variable, weight) => {
    const { low, high } = at(ends(graph), variable);
    input[variable] = weight * direction > 0 ? high : low;
  });
  return input;
}

/** Climbs from an input to one at which a number is as large, or as small, as changing one element after the other makes it. */
function climb(
  graph: IntegerGraph,
  start: number[],
  { read, direction }: { read: Reader; direction: 1 | -1 },
): number[] {
  const valueAt = (input: number[]) => direction * read(runIntegerGraph(graph, input));
  let [best, value] = [start, valueAt(start)];
  for (let round = 0; round < 2; round++) {
    ends(graph).forEach(({ low, high }, i) => {
      const middle = Math.floor((low + high) / 2);
      const steps = [at(best, i) - 1, at(best, i) + 1].filter((x) => x >= low && x <= high);
      for (const element of [low, high, middle, 0, ...steps].filter((x) => x >= low)) {
        const candidate = best.with(i, element);
        const found = valueAt(candidate);
        if (found > value) [best, value] = [candidate, found];
      }
    });
  }
  return best;
}

/** Bounded graphs of this seed; few overflow. */
function boundedGraph(seed: number): { graph: IntegerGraph; numbers: Bounded[] } | undefined {
  const graph = randomGraph(seededRandom(seed));
  try {
    return { graph, numbers: boundedNumbers(graph) };
  } catch (error) {
    if (error instanceof ZkmlError && error.code === "RANGE_OVERFLOW") return undefined;
    throw error;
  }
}

const SEEDS = fc.integer({ min: 0, max: 2 ** 31 });

describe("intervals of random graphs", () => {
  it("are not left on random inputs and in corners", () => {
    fc.assert(
      fc.property(SEEDS, (seed) => {
        const given = boundedGraph(seed);
        fc.pre(given !== undefined);
        const { graph, numbers } = given;
        const random = seededRandom(seed + 1);
        listOf(15, () => {
          expectWithin(graph, numbers, randomInput(graph, random));
          expectWithin(graph, numbers, randomCorner(graph, random));
        });
      }),
      { numRuns: 300 },
    );
  });

  it("are not left where one climbs towards their ends through all layers", () => {
    fc.assert(
      fc.property(SEEDS, (seed) => {
        const given = boundedGraph(seed);
        fc.pre(given !== undefined);
        const { graph, numbers } = given;
        const random = seededRandom(seed + 2);
        for (const { read } of numbers) {
          for (const direction of [1, -1] as const) {
            const start = randomInput(graph, random);
            expectWithin(graph, numbers, climb(graph, start, { read, direction }));
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it("are reached at both ends by every row of the first layer, and by what it makes of it", () => {
    fc.assert(
      fc.property(SEEDS, (seed) => {
        const given = boundedGraph(seed);
        fc.pre(given !== undefined);
        const { graph } = given;
        const { sums, variables } = boundLayers(graph);
        const results = variables.slice(ends(graph).length);
        at(sums, 0).forEach((sum, row) => {
          for (const [end, direction] of [
            ["high", 1],
            ["low", -1],
          ] as const) {
            const trace = runIntegerGraph(graph, cornerFor(graph, row, direction));
            expect(at(at(trace.sums, 0), row)).to.equal(sum[end]);
            const { kind } = at(graph.layers, 0);
            if (kind === "product" || kind === "function") continue;
            const result = at(trace.variables, ends(graph).length + row);
            expect(result).to.equal(at(results, row)[end]);
          }
        });
      }),
      { numRuns: 300 },
    );
  });
});

describe("intervals of networks", () => {
  for (const [name, stage] of Object.entries(STAGES)) {
    it(`are not left, however one climbs: ${name}`, () => {
      const { graph } = stage();
      const numbers = boundedNumbers(graph);
      const random = seededRandom(51);
      const chosen = listOf(20, () => at(numbers, Math.floor(random() * numbers.length)));
      for (const { read } of chosen) {
        for (const direction of [1, -1] as const) {
          const start = randomCorner(graph, random);
          expectWithin(graph, numbers, climb(graph, start, { read, direction }));
        }
      }
    });
  }
});
