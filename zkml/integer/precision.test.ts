import { expect } from "chai";
import { at } from "../arrays.ts";
import { lower } from "../network/lower.ts";
import { int64s, node } from "../onnx/build.ts";
import { decodeOnnx } from "../onnx/decode.ts";
import { onnxFile } from "../testing/networks.ts";
import { quantiseWithin } from "./precision.ts";
import { TOLERANCE } from "./tolerance.ts";

/** Gives the second of two inputs, on whose scale the first has its say. */
const SECOND = lower(
  decodeOnnx(
    onnxFile({
      input: { type: "float", shape: [2] },
      output: { type: "float", shape: [1] },
      nodes: [node("Gather", ["x", "i"], "y")],
      initializers: { i: int64s(1) },
    }),
  ),
);

/** The first is so many times as large as the second. */
function samples(ratio: number): number[][] {
  return [0.1, 0.37, 0.77, 1].map((value) => [ratio, value]);
}

describe("quantiseWithin", () => {
  it("takes the coarsest precision that keeps to the tolerance", () => {
    const { graph, accuracy } = quantiseWithin(SECOND, samples(1));
    expect(at(graph.inputs, 0).type).to.equal("int8");
    expect(accuracy.output.relativeError).to.be.at.most(TOLERANCE);
  });

  it("takes a finer one where that does not", () => {
    const { graph, accuracy } = quantiseWithin(SECOND, samples(50));
    expect(at(graph.inputs, 0).type).to.equal("int16");
    expect(accuracy.output.relativeError).to.be.at.most(TOLERANCE);
  });

  it("takes the one with the smallest error where none does, and says how large it is", () => {
    const { graph, accuracy } = quantiseWithin(SECOND, samples(10_000));
    expect(at(graph.inputs, 0).type).to.equal("int16");
    expect(accuracy.output.relativeError).to.be.greaterThan(TOLERANCE);
  });

  it("takes the one that is given, whatever comes of it", () => {
    const { graph, accuracy } = quantiseWithin(SECOND, samples(50), { inputType: "int8" });
    expect(at(graph.inputs, 0).type).to.equal("int8");
    expect(accuracy.output.relativeError).to.be.greaterThan(TOLERANCE);
  });
});
