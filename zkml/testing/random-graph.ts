import { at, listOf } from "../arrays.ts";
import type { IntegerGraph, IntegerLayer, SparseRows } from "../integer/graph.ts";
import type { PiecewiseTable } from "../integer/piecewise-table.ts";
import type { IntegerType } from "../integer/tensor-spec.ts";
import type { Random } from "../random.ts";

const INPUT_TYPES: readonly IntegerType[] = ["bool", "uint8", "int8", "int16"];

/** A small integer graph of layers of any kind, which read whatever was computed before. Its sums may overflow. */
export function randomGraph(random: Random): IntegerGraph {
  const inputs = listOf(between(random, 1, 3), (k) => ({
    name: `x${k}`,
    shape: [between(random, 1, 3)],
    type: pick(random, INPUT_TYPES),
    scale: 1,
  }));
  let variables = inputs.reduce((sum, { shape }) => sum + at(shape, 0), 0);
  const layers = listOf(between(random, 1, 4), (k) => {
    const layer = randomLayer(`layer ${k}`, variables, random);
    variables += layer.rows.bias.length;
    return layer;
  });
  const outputRows = randomRows(between(random, 1, 3), variables, random);
  const shape = [outputRows.bias.length];
  return { inputs, layers, outputRows, outputs: [{ name: "y", shape, type: "int32", scale: 1 }] };
}

const KINDS = ["rectifier", "step", "floor", "product", "function"] as const;

function randomLayer(name: string, variables: number, random: Random): IntegerLayer {
  const kind = pick(random, KINDS);
  const count = between(random, 1, 4);
  const shifts = Uint8Array.from({ length: count }, () => between(random, 0, 8));
  const base = { name, rows: randomRows(count, variables, random), shifts };
  switch (kind) {
    case "rectifier":
    case "floor":
      return { ...base, kind };
    case "step":
      return { ...base, kind, shifts: new Uint8Array(count) };
    case "product":
      return { ...base, kind, factors: randomRows(count, variables, random) };
    case "function": {
      const lows = Float64Array.from({ length: count }, () => signed(random, 12));
      return { ...base, kind, lows, table: randomTable(random) };
    }
  }
}

/** Each row reads distinct variables. */
function randomRows(count: number, variables: number, random: Random): SparseRows {
  const rows = listOf(count, () => {
    const read = listOf(variables, (variable) => variable).filter(() => random() < 0.6);
    return read.map((variable) => ({ variable, weight: signed(random, 8) }));
  });
  const ends = rows.map((_, row) => rows.slice(0, row + 1).flat().length);
  const entries = rows.flat();
  return {
    starts: Uint32Array.from([0, ...ends]),
    variables: Uint32Array.from(entries, ({ variable }) => variable),
    weights: Int32Array.from(entries, ({ weight }) => weight),
    bias: Float64Array.from({ length: count }, () => signed(random, 14)),
  };
}

function randomTable(random: Random): PiecewiseTable {
  const segmentBits = between(random, 1, 3);
  const segments = 2 ** segmentBits;
  return {
    segmentBits,
    stepBits: between(random, 1, 5),
    outputShift: between(random, 0, 4),
    slopes: Int32Array.from({ length: segments }, () => signed(random, 6)),
    intercepts: Float64Array.from({ length: segments }, () => signed(random, 10)),
  };
}

/** Of either sign, with up to so many bits; each length is as likely. */
function signed(random: Random, bits: number): number {
  const size = Math.floor(random() * 2 ** between(random, 0, bits));
  return random() < 0.5 ? size : -size;
}

function between(random: Random, low: number, high: number): number {
  return low + Math.floor(random() * (high - low + 1));
}

function pick<T>(random: Random, list: readonly T[]): T {
  return at(list, Math.floor(random() * list.length));
}
