import { readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { at, listOf } from "../arrays.ts";
import { ZkmlError } from "../errors.ts";
import { seededRandom } from "../random.ts";

/** A network with one input to it and what another runtime answers: `network.onnx`, `input.json`, `expected.json`. */
export interface Vector {
  readonly onnx: Uint8Array;
  /** Elements of each input, in the order of the file. */
  readonly inputs: readonly (readonly number[])[];
  readonly outputs: readonly ExpectedOutput[];
}

interface ExpectedOutput {
  readonly dims: readonly number[];
  readonly data: readonly number[];
}

const inputSchema = z.object({
  input_data: z.array(z.array(z.union([z.number(), z.boolean()]).transform(Number))).min(1),
});
const expectedSchema = z.object({
  outputs: z.array(z.object({ dims: z.array(z.number()), data: z.array(z.number()) })).min(1),
});

/** @throws ZkmlError `FILE_MISSING` or `VECTOR_INVALID`. */
export async function readVector(folder: string): Promise<Vector> {
  const onnx = await readPart(path.join(folder, "network.onnx"));
  const { input_data: inputs } = await parsePart(path.join(folder, "input.json"), inputSchema);
  const { outputs } = await parsePart(path.join(folder, "expected.json"), expectedSchema);
  return { onnx, inputs, outputs };
}

async function readPart(file: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(file));
  } catch (cause) {
    throw new ZkmlError(
      "FILE_MISSING",
      `"${file}" is missing or cannot be read.`,
      "Each network needs network.onnx, input.json and expected.json.",
      { cause },
    );
  }
}

async function parsePart<T>(file: string, schema: z.ZodType<T>): Promise<T> {
  const text = new TextDecoder().decode(await readPart(file));
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new ZkmlError(
      "VECTOR_INVALID",
      `"${file}" does not hold the numbers of tensors.`,
      'input.json: { "input_data": [[…]] }; expected.json: { "outputs": [{ "dims": […], "data": […] }] }.',
      { cause },
    );
  }
}

const VARIATIONS = 9;

/** A sample, and others made of its values in another order, so that scales are not chosen by one sample alone. */
export function variations(
  sample: readonly number[],
): [readonly number[], ...(readonly number[])[]] {
  const random = seededRandom(3);
  const shuffled = listOf(VARIATIONS, () =>
    sample.map(() => at(sample, Math.floor(random() * sample.length))),
  );
  return [sample, ...shuffled];
}
