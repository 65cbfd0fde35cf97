import { z } from "zod";
import { ZkmlError } from "../errors.ts";
import type { IntegerGraph, SparseRows } from "./graph.ts";
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

const graphSchema = z.object({
  input: tensorSchema,
  layers: z.array(
    z.object({
      name: z.string(),
      rows: rowsSchema,
      shifts: z.array(integer.min(0).max(52)).transform((shifts) => Uint8Array.from(shifts)),
    }),
  ),
  outputRows: rowsSchema,
  output: tensorSchema,
});

export function encodeGraph(graph: IntegerGraph): Uint8Array {
  const json = JSON.stringify({
    input: graph.input,
    layers: graph.layers.map(({ name, rows, shifts }) => ({
      name,
      rows: plainRows(rows),
      shifts: Array.from(shifts),
    })),
    outputRows: plainRows(graph.outputRows),
    output: graph.output,
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

function plainRows({ starts, variables, weights, bias }: SparseRows): object {
  return {
    starts: Array.from(starts),
    variables: Array.from(variables),
    weights: Array.from(weights),
    bias: Array.from(bias),
  };
}
