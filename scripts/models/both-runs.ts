import { InferenceSession, Tensor } from "onnxruntime-node";
import { at } from "../../zkml/arrays.ts";
import { runIntegerGraph } from "../../zkml/integer/run.ts";
import { dequantiseTensors, quantiseTensors } from "../../zkml/integer/tensor-spec.ts";
import type { CompiledModel } from "../../zkml/model/compile-model.ts";
import type { ValueInfo } from "../../zkml/onnx/model.ts";

/** What a model of one input and one output says, in the units of the ONNX file. */
export interface BothRuns {
  /** Of the ONNX file, by onnxruntime. */
  readonly float: readonly number[];
  /** Of the integer graph, which is what is proved. */
  readonly integer: readonly number[];
}

/** Runs each input in floating point and in integers. */
export async function runBoth(
  { onnx, network, graph }: CompiledModel,
  inputs: readonly ArrayLike<number>[],
): Promise<readonly BothRuns[]> {
  const [given, named] = [at(network.inputs, 0), at(network.outputs, 0)];
  const session = await InferenceSession.create(onnx, { logSeverityLevel: 3 });
  const runs: BothRuns[] = [];
  for (const input of inputs) {
    const result = await session.run({ [given.name]: feedOf(given, input) });
    const { outputs } = runIntegerGraph(graph, quantiseTensors(graph.inputs, input));
    runs.push({
      float: Array.from(result[named.name]?.data as ArrayLike<number | bigint>, Number),
      integer: at(dequantiseTensors(graph.outputs, outputs), 0),
    });
  }
  await session.release();
  return runs;
}

function feedOf({ type, shape }: ValueInfo, values: ArrayLike<number>): Tensor {
  switch (type) {
    case "uint8":
      return new Tensor(type, Uint8Array.from(values), [...shape]);
    case "int32":
      return new Tensor(type, Int32Array.from(values), [...shape]);
    default:
      return new Tensor("float32", Float32Array.from(values), [...shape]);
  }
}
