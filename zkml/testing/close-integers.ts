import { expect } from "chai";
import { at, elementCount, listOf } from "../arrays.ts";
import { proveRun, requireSatisfied } from "../circuit/witness.ts";
import { decodeGraph, encodeGraph } from "../integer/graph-file.ts";
import { runIntegerGraph } from "../integer/run.ts";
import { dequantiseTensors, encodeTensors, quantiseTensors } from "../integer/tensor-spec.ts";
import { compileModel, type CompiledModel } from "../model/compile-model.ts";
import { runNetwork } from "../network/network.ts";
import { seededRandom } from "../random.ts";
import { CONTEXT } from "./context.ts";
import { onnxFile, type NetworkParts } from "./networks.ts";
import { expectLikeOnnxruntime } from "./onnxruntime.ts";

/** Largest error of the integers on inputs of calibration's kind, of the range of the float outputs. */
function relativeError({ graph, network }: CompiledModel, inputs: readonly number[][]): number {
  let [worst, low, high] = [0, Infinity, -Infinity];
  for (const input of inputs) {
    const run = runIntegerGraph(graph, quantiseTensors(graph.inputs, input));
    const found = dequantiseTensors(graph.outputs, run.outputs).flat();
    const floats = runNetwork(network, input).outputs.flat();
    floats.forEach((value, i) => {
      worst = Math.max(worst, Math.abs(at(found, i) - value));
      [low, high] = [Math.min(low, value), Math.max(high, value)];
    });
  }
  return worst / (high - low);
}

/**
 * One test for each network of one input: it is held to onnxruntime, its integers to its floats on inputs between -3 and 3 that it
 * has not seen, and its circuit to its integers.
 *
 * @param tolerances By name, where they are not 1 % of the outputs' range.
 */
export function itIsCloseInIntegers(
  cases: Readonly<Record<string, NetworkParts>>,
  tolerances: Readonly<Record<string, number>> = {},
): void {
  for (const [name, parts] of Object.entries(cases)) {
    it(`${name}: floats as onnxruntime, integers close to them, a witness for each`, async () => {
      await expectLikeOnnxruntime(parts);
      const random = seededRandom(21);
      const sample = () => listOf(elementCount(parts.input.shape), () => (2 * random() - 1) * 3);
      const model = compileModel(onnxFile(parts), {
        samples: listOf(200, sample),
        inputType: "int16",
      });
      const unseen = listOf(40, sample);
      expect(relativeError(model, unseen)).to.be.below(tolerances[name] ?? 0.01);
      const graph = decodeGraph(encodeGraph(model.graph));
      for (const values of unseen.slice(0, 3)) {
        const input = encodeTensors(graph.inputs, quantiseTensors(graph.inputs, values));
        const { witness } = proveRun(graph, model.circuit, { input, context: CONTEXT });
        requireSatisfied(model.circuit, witness);
      }
    });
  }
}
