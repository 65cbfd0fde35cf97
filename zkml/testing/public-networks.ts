import { readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { at, listOf } from "../arrays.ts";
import type { QuantisationOptions } from "../integer/quantise.ts";
import { compileModel, type CompiledModel } from "../model/compile-model.ts";
import { seededRandom } from "./random.ts";

const inputSchema = z.object({
  input_data: z.array(z.array(z.union([z.number(), z.boolean()]))),
});

/** Compiles a network of the public test vectors in a folder, on samples made of its own input. */
export async function compilePublicNetwork(
  folder: string,
  quantisation: QuantisationOptions = {},
): Promise<CompiledModel & { readonly samples: readonly (readonly number[])[] }> {
  const onnx = new Uint8Array(await readFile(path.join(folder, "network.onnx")));
  const samples = variations(await readSample(folder));
  const dimensions = { batch_size: 1 };
  return { ...compileModel(onnx, { samples, dimensions, ...quantisation }), samples };
}

async function readSample(folder: string): Promise<number[]> {
  const file = await readFile(path.join(folder, "input.json"), "utf8");
  return at(inputSchema.parse(JSON.parse(file)).input_data, 0).map(Number);
}

/** A sample, and others made of its values in another order. */
function variations(sample: readonly number[]): (readonly number[])[] {
  const random = seededRandom(3);
  const shuffled = listOf(9, () =>
    sample.map(() => at(sample, Math.floor(random() * sample.length))),
  );
  return [sample, ...shuffled];
}
