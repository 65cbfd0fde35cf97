import { access, constants, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { ZkmlError } from "../zkml/errors.ts";
import { unwritable } from "../zkml/writing.ts";
import { decodeTensors, encodeTensors, type TensorSpec } from "../zkml/integer/tensor-spec.ts";

const samplesSchema = z.array(z.array(z.number()));
const integersSchema = z.array(z.number());

/** @throws ZkmlError `FILE_MISSING`. */
export async function readInputFile(file: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(file));
  } catch (cause) {
    throw new ZkmlError(
      "FILE_MISSING",
      `"${file}" is missing or cannot be read.`,
      "Name an existing file.",
      { cause },
    );
  }
}

/**
 * Reads calibration samples: a JSON list of flat lists of numbers.
 *
 * @throws ZkmlError `FILE_MISSING` or `SAMPLES_INVALID`.
 */
export async function readSamples(file: string): Promise<number[][]> {
  const text = new TextDecoder().decode(await readInputFile(file));
  try {
    return samplesSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new ZkmlError(
      "SAMPLES_INVALID",
      `"${file}" is not a JSON list of lists of numbers.`,
      "Give at least one sample of the input, each a flat list of its elements.",
      { cause },
    );
  }
}

/**
 * Reads a model's inputs, one after the other: raw bytes or, in a file whose name ends in `.json`, a flat list of integers.
 *
 * @throws ZkmlError `FILE_MISSING`, `INPUT_INVALID`, or `INPUT_SIZE` for a wrong number of elements or one out of range.
 */
export async function readTensors(file: string, specs: readonly TensorSpec[]): Promise<Uint8Array> {
  const content = await readInputFile(file);
  if (file.endsWith(".json")) return encodeTensors(specs, parseIntegers(file, content));
  decodeTensors(specs, content);
  return content;
}

/** @throws ZkmlError `INPUT_INVALID`. */
export function parseIntegers(file: string, content: Uint8Array): number[] {
  try {
    return integersSchema.parse(JSON.parse(new TextDecoder().decode(content)));
  } catch (cause) {
    throw new ZkmlError(
      "INPUT_INVALID",
      `"${file}" is not a flat JSON list of integers.`,
      "Give the input's elements in row-major order, or raw bytes in a file of another name.",
      { cause },
    );
  }
}

export async function isFolder(name: string): Promise<boolean> {
  const found = await stat(name).catch(() => undefined);
  return found?.isDirectory() ?? false;
}

/** @throws ZkmlError `FILE_EXISTS`. Called before the work as well, so that it is not done in vain. */
export async function requireNoFile(file: string): Promise<void> {
  if ((await stat(file).catch(() => undefined)) === undefined) return;
  throw new ZkmlError("FILE_EXISTS", `"${file}" exists already.`, "Choose another file.");
}

/**
 * Writes a file whole or not at all.
 *
 * @throws ZkmlError `FILE_UNWRITABLE`.
 */
export async function writeWhole(
  file: string,
  content: string | Uint8Array,
  options: { readonly mode?: number } = {},
): Promise<void> {
  const unfinished = `${file}.unfinished`;
  try {
    await writeFile(unfinished, content, options);
    await rename(unfinished, file);
  } catch (cause) {
    await rm(unfinished, { force: true }).catch(() => undefined);
    throw unwritable(file, cause);
  }
}

/**
 * Makes sure that a file can be written later, so that what is to stand in it is not computed in vain.
 *
 * @throws ZkmlError `FILE_UNWRITABLE`.
 */
export async function requireWritable(file: string): Promise<void> {
  try {
    await access(path.dirname(file), constants.W_OK);
  } catch (cause) {
    throw unwritable(file, cause);
  }
}
