import { readFile } from "node:fs/promises";
import { z } from "zod";
import { ZkmlError } from "../zkml/errors.ts";

const samplesSchema = z.array(z.array(z.number()));

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
