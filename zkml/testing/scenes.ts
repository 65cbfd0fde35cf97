import path from "node:path";
import { at, listOf } from "../arrays.ts";
import { readVector, variations } from "../corpus/vector.ts";
import { INTEGER_FORMATS, specOfEach } from "../integer/tensor-spec.ts";
import { compileModel, type CompiledModel, type CompileOptions } from "../model/compile-model.ts";
import { float, node } from "../onnx/build.ts";
import { ELEMENT_TYPES } from "../onnx/schema.ts";
import type { Scene } from "./lies.ts";
import { onnxFile, perceptronFile, randomTensor } from "./networks.ts";
import { prototypeForest } from "./prototype-networks.ts";
import { seededRandom, type Random } from "../random.ts";

/** A model that scenes are made of. */
export type Stage = Pick<CompiledModel, "graph" | "circuit">;

const SIZE = 4;
const FLOATS = { type: "float", shape: [1, SIZE] } as const;

/** Each kind of layer, one after the other. */
function everyLayer(): Uint8Array {
  return onnxFile({
    input: FLOATS,
    output: FLOATS,
    nodes: [
      node("LeakyRelu", ["x"], "rectified", { alpha: float(0.25) }),
      node("Mul", ["rectified", "x"], "product"),
      node("Sigmoid", ["product"], "function"),
      node("Floor", ["rectified"], "floor"),
      node("Greater", ["product", "x"], "step"),
      node("Cast", ["step"], "chosen", { to: ELEMENT_TYPES.float }),
      node("Sum", ["function", "floor", "chosen"], "y"),
    ],
  });
}

function compiled(
  onnx: Uint8Array,
  size: number,
  options: Partial<CompileOptions> & { readonly scale?: number } = {},
): Stage {
  const { scale = 3, ...rest } = options;
  const random = seededRandom(size);
  const samples = listOf(20, () => Array.from(randomTensor([size], random, scale).values));
  return compileModel(onnx, { samples, ...rest });
}

/** Networks of this repository's own making. */
export const STAGES: Readonly<Record<string, () => Stage>> = {
  "a perceptron": () => {
    const random = seededRandom(23);
    const samples = listOf(20, () => listOf(12, () => Math.floor(256 * random())));
    return compileModel(perceptronFile([12, 6, 4, 3], random), { samples });
  },
  "a forest": () => {
    const random = seededRandom(24);
    const samples = listOf(20, () => listOf(3, () => Math.floor(256 * random())));
    return compileModel(prototypeForest({ trees: 4, depth: 3, features: 3 }), { samples });
  },
  "layers of every kind": () => compiled(everyLayer(), SIZE),
  "layers of every kind, on wide inputs": () =>
    compiled(everyLayer(), SIZE, { inputType: "int16" }),
};

/** A network of the corpus. */
export async function corpusStage(folder: string, name: string): Promise<Stage> {
  const { onnx, inputs } = await readVector(path.join(folder, name));
  const options = { samples: variations(inputs.flat()), dimensions: { batch_size: 1 } };
  return compileModel(onnx, options);
}

/** The model on a random input; some of its numbers are the least or the greatest of their type. */
export function randomScene({ graph, circuit }: Stage, random: Random): Scene {
  const input = specOfEach(graph.inputs).map(({ type }) => {
    const { min, max } = INTEGER_FORMATS[type];
    const corners = [min, max, 0];
    return random() < 0.3
      ? at(corners, Math.floor(random() * corners.length))
      : min + Math.floor(random() * (max - min + 1));
  });
  return { graph, circuit, input };
}
