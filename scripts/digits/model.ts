import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { compileModel, type CompiledModel } from "../../zkml/model/compile-model.ts";
import { trainingDigits } from "./mnist.ts";

/** The classifier's folder: network and model card. */
export const DIGITS_FOLDER = fileURLToPath(new URL("../../zkml/models/digits/", import.meta.url));

/**
 * Bits at which no test image is classified differently from the float network. Eight bits per weight would do with 256
 * constraints less, but the circuit's domain has room.
 */
export const QUANTISATION = { weightBits: 12, activationBits: 12 } as const;

/** Training images that set the scales. */
const CALIBRATION_COUNT = 200;

async function readDigitsNetwork(): Promise<Uint8Array> {
  return new Uint8Array(await readFile(`${DIGITS_FOLDER}network.onnx`));
}

/** Compiles the digit classifier, calibrated on training images. */
export async function compileDigits(): Promise<CompiledModel> {
  const { images } = await trainingDigits();
  const samples = images.slice(0, CALIBRATION_COUNT);
  return compileModel(await readDigitsNetwork(), { ...QUANTISATION, samples });
}
