import { z } from "zod";
import { ZkmlError } from "../errors.ts";
import type { IntegerGraph, IntegerLayer, SparseRows } from "./graph.ts";
import { INTEGER_FORMATS, type IntegerType } from "./tensor-spec.ts";

/*
 * An integer graph as JSON. The same graph always gives the same bytes, so its hash names it.
 */

const integer = z.int();

const rowsSchema = z
  .object({
    starts: z.array(integer.nonnegative()),
    variables: z.array(integer.nonnegative()),
    weights: z.array(integer),
    bias: z.array(integer),
  })
  .refine(
    ({ starts, variables, weights, bias }) =>
      starts.length === bias.length + 1 &&
      starts.at(-1) === variables.length &&
      variables.length === weights.length,
    "rows and entries do not match",
  )
  .transform(({ starts, variables, weights, bias }): SparseRows => ({
    starts: Uint32Array.from(starts),
    variables: Uint32Array.from(variables),
    weights: Int32Array.from(weights),
    bias: Float64Array.from(bias),
  }));

const tensorSchema = z.object({
  name: z.string(),
  shape: z.array(integer.positive()),
  type: z.enum(Object.keys(INTEGER_FORMATS) as [IntegerType, ...IntegerType[]]),
  scale: z.number().positive(),
});

const layerBase = {
  name: z.string(),
  rows: rowsSchema,
  shifts: z.array(integer.min(0).max(52)).transform((shifts) => Uint8Array.from(shifts)),
};

const tableSchema = z
  .object({
    segmentBits: integer.min(1).max(16),
    stepBits: integer.min(0).max(24),
    outputShift: integer.min(0).max(32),
    slopes: z.array(integer).transform((slopes) => Int32Array.from(slopes)),
    intercepts: z.array(integer).transform((intercepts) => Float64Array.from(intercepts)),
  })
  .refine(
    ({ segmentBits, slopes, intercepts }) =>
      slopes.length === 2 ** segmentBits && intercepts.length === slopes.length,
    "segments do not match",
  );

const layerSchema = z
  .discriminatedUnion("kind", [
    z.object({ kind: z.literal("rectifier"), ...layerBase }),
    z.object({ kind: z.literal("step"), ...layerBase }),
    z.object({ kind: z.literal("floor"), ...layerBase }),
    z.object({ kind: z.literal("product"), ...layerBase, factors: rowsSchema }),
    z.object({
      kind: z.literal("function"),
      ...layerBase,
      lows: z.array(integer).transform((lows) => Float64Array.from(lows)),
      table: tableSchema,
    }),
  ])
  .refine(
    (layer) =>
      [layer.shifts, ...operandSizes(layer)].every(
        ({ length }) => length === layer.rows.bias.length,
      ),
    "rows and what belongs to them do not match",
  );

/** What has one element per row, by kind. */
function operandSizes(layer: IntegerLayer): readonly { readonly length: number }[] {
  switch (layer.kind) {
    case "rectifier":
    case "step":
    case "floor":
      return [];
    case "product":
      return [layer.factors.bias];
    case "function":
      return [layer.lows];
  }
}

const graphSchema = z.object({
  inputs: z.array(tensorSchema).min(1),
  layers: z.array(layerSchema),
  outputRows: rowsSchema,
  outputs: z.array(tensorSchema).min(1),
});

export function encodeGraph(graph: IntegerGraph): Uint8Array {
  const json = JSON.stringify({
    inputs: graph.inputs,
    layers: graph.layers.map(plainLayer),
    outputRows: plainRows(graph.outputRows),
    outputs: graph.outputs,
  });
  return new TextEncoder().encode(`${json}\n`);
}

/** @throws ZkmlError `FILE_CORRUPTED`. */
export function decodeGraph(file: Uint8Array): IntegerGraph {
  try {
    return graphSchema.parse(JSON.parse(new TextDecoder().decode(file)));
  } catch (cause) {
    throw new ZkmlError(
      "FILE_CORRUPTED",
      "The integer graph is not readable.",
      "Compile the model again.",
      { cause },
    );
  }
}

function plainLayer(layer: IntegerLayer): object {
  const { kind, name } = layer;
  const base = { kind, name, rows: plainRows(layer.rows), shifts: Array.from(layer.shifts) };
  switch (layer.kind) {
    case "rectifier":
    case "step":
    case "floor":
      return base;
    case "product":
      return { ...base, factors: plainRows(layer.factors) };
    case "function": {
      const { slopes, intercepts, ...sizes } = layer.table;
      const table = { ...sizes, slopes: Array.from(slopes), intercepts: Array.from(intercepts) };
      return { ...base, lows: Array.from(layer.lows), table };
    }
  }
}

function plainRows({ starts, variables, weights, bias }: SparseRows): object {
  return {
    starts: Array.from(starts),
    variables: Array.from(variables),
    weights: Array.from(weights),
    bias: Array.from(bias),
  };
}
