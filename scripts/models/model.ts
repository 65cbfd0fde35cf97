import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { QuantisationOptions } from "../../zkml/integer/quantise.ts";
import { compileModel, type CompiledModel } from "../../zkml/model/compile-model.ts";
import type { OnnxModel } from "../../zkml/onnx/model.ts";

/** One of the models of `zkml/models`: how it is made, and how it is judged. */
export interface Model {
  /** Its folder's name. */
  readonly name: string;
  /** Precision that it is compiled with. */
  readonly quantisation: QuantisationOptions;
  /** Trains it anew; the same each time. */
  readonly train: (onProgress: (line: string) => void) => Promise<TrainedModel>;
  /** Measures the compiled model, on data that it was not trained on, and says so. */
  readonly describe: (model: CompiledModel) => Promise<Description>;
}

/** What only this model's card says; Markdown. */
export interface Description {
  readonly title: string;
  readonly summary: string;
  readonly facts: Readonly<Record<string, string>>;
  /** Sections of figures. */
  readonly results: string;
  readonly limits: string;
}

interface TrainedModel {
  readonly network: OnnxModel;
  /** Typical inputs, from which the compiler takes scales. */
  readonly samples: readonly ArrayLike<number>[];
}

/** Files of a model's folder. */
export const MODEL_FILES = {
  network: "network.onnx",
  samples: "samples.json",
  card: "MODEL_CARD.md",
} as const;

const MODELS = new URL("../../zkml/models/", import.meta.url);

/** Path of a file of a model's folder. */
export function modelFile(name: string, file: keyof typeof MODEL_FILES): string {
  return fileURLToPath(new URL(`${name}/${MODEL_FILES[file]}`, MODELS));
}

/** The samples in a model's folder. */
export async function readSamples({ name }: Pick<Model, "name">): Promise<readonly number[][]> {
  return JSON.parse(await readFile(modelFile(name, "samples"), "utf8")) as number[][];
}

/** Compiles the model as it lies in its folder. */
export async function compileStored(model: Model): Promise<CompiledModel> {
  const onnx = new Uint8Array(await readFile(modelFile(model.name, "network")));
  return compileModel(onnx, { ...model.quantisation, samples: await readSamples(model) });
}
