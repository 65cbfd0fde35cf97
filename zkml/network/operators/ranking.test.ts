import { expect } from "chai";
import { at, listOf } from "../../arrays.ts";
import { proveRun, requireSatisfied } from "../../circuit/witness.ts";
import { runIntegerGraph } from "../../integer/run.ts";
import { dequantiseTensors, encodeTensors } from "../../integer/tensor-spec.ts";
import { compileModel } from "../../model/compile-model.ts";
import { int64s, node, tensor } from "../../onnx/build.ts";
import { ELEMENT_TYPES, type ElementType } from "../../onnx/schema.ts";
import { CONTEXT } from "../../testing/context.ts";
import { singleWireForgeries } from "../../testing/forgery.ts";
import { onnxFile, randomBytes, type NetworkParts } from "../../testing/networks.ts";
import { floats, itAgreesWithOnnxruntime, refusal, single } from "../../testing/onnxruntime.ts";
import { seededRandom } from "../../random.ts";
import { runNetwork } from "../network.ts";

function typed(type: ElementType, ...shape: readonly number[]) {
  return { type, shape };
}

const random = seededRandom(5);

describe("ranking", () => {
  itAgreesWithOnnxruntime({
    ArgMax: {
      input: floats(2, 5),
      output: typed("int64", 2, 1),
      nodes: [node("ArgMax", ["x"], "y", { axis: 1 })],
    },
    "ArgMax without its axis, along another": {
      input: floats(4, 3, 2),
      output: typed("int64", 3, 2),
      nodes: [node("ArgMax", ["x"], "y", { axis: 0, keepdims: 0 })],
    },
    "ArgMax of equals": {
      input: typed("int64", 8, 6),
      output: typed("int64", 8, 1),
      nodes: [
        node("Cast", ["x"], "f", { to: ELEMENT_TYPES.float }),
        node("ArgMax", ["f"], "y", { axis: 1 }),
      ],
    },
    "ArgMin, the last of equals": {
      input: typed("int64", 8, 6),
      output: typed("int64", 8, 1),
      nodes: [
        node("Cast", ["x"], "f", { to: ELEMENT_TYPES.float }),
        node("ArgMin", ["f"], "y", { axis: 1, select_last_index: 1 }),
      ],
    },
    Hardmax: single("Hardmax", { input: [3, 4], output: [3, 4] }),
    "Hardmax along another axis": single("Hardmax", {
      input: [2, 3, 2],
      output: [2, 3, 2],
      attributes: { axis: 1 },
    }),
    "Hardmax over rows, up to opset 12": single("Hardmax", {
      input: [2, 3, 2],
      output: [2, 3, 2],
      opset: 11,
    }),
    TopK: {
      input: floats(2, 5),
      output: floats(2, 3),
      more: { outputs: [{ name: "i", ...typed("int64", 2, 3) }] },
      nodes: [node("TopK", ["x", "k"], ["y", "i"])],
      initializers: { k: int64s(3) },
    },
    "TopK of an attribute, up to opset 9": {
      opset: 9,
      input: floats(2, 5),
      output: floats(2, 2),
      more: { outputs: [{ name: "i", ...typed("int64", 2, 2) }] },
      nodes: [node("TopK", ["x"], ["y", "i"], { k: 2 })],
    },
    "TopK, the smallest along the first axis": {
      input: floats(4, 2),
      output: floats(2, 2),
      more: { outputs: [{ name: "i", ...typed("int64", 2, 2) }] },
      nodes: [node("TopK", ["x", "k"], ["y", "i"], { axis: 0, largest: 0 })],
      initializers: { k: int64s(2) },
    },
  });

  describe("in integers", () => {
    const size = 6;
    const bytes: NetworkParts = {
      input: typed("uint8", 1, size),
      output: typed("int64", 1, 1),
      more: {
        outputs: [
          { name: "top", ...floats(1, 2) },
          { name: "places", ...typed("int64", 1, 2) },
          { name: "above", ...typed("bool", 1, size) },
        ],
      },
      nodes: [
        node("Cast", ["x"], "f", { to: ELEMENT_TYPES.float }),
        node("ArgMax", ["f"], "y", { axis: 1 }),
        node("TopK", ["f", "k"], ["top", "places"]),
        node("Greater", ["f", "limits"], "above"),
      ],
      initializers: { k: int64s(2), limits: tensor([size], [0, 12.5, 99, 100, 200, 255]) },
    };
    const samples = listOf(20, () => randomBytes(size, random));
    const { graph, circuit, network } = compileModel(onnxFile(bytes), { samples });

    it("is exact on whole numbers, also where they are equal or at a limit", () => {
      const edges = [
        [0, 12, 99, 100, 200, 255],
        [1, 13, 100, 101, 201, 255],
        [7, 7, 7, 7, 7, 7],
        [0, 0, 0, 0, 0, 0],
      ];
      for (const input of [...edges, ...samples.map((sample) => Array.from(sample))]) {
        const run = runIntegerGraph(graph, input);
        const found = dequantiseTensors(graph.outputs, run.outputs).flat();
        const expected = runNetwork(network, input).outputs.flat();
        found.forEach((value, k) => expect(value).to.be.closeTo(at(expected, k), 1e-4));
      }
    });

    it("pins every wire", () => {
      const input = encodeTensors(graph.inputs, [7, 200, 99, 200, 0, 255]);
      const { witness } = proveRun(graph, circuit, { input, context: CONTEXT });
      requireSatisfied(circuit, witness);
      expect(singleWireForgeries(circuit, witness)).to.deep.equal([]);
    });
  });

  it("refuses more than there are for TopK", () => {
    const parts = single("TopK", { input: [2], output: [3], constants: { k: int64s(3) } });
    expect(refusal(parts).message).to.contain("takes the top 3 of 2 elements");
  });
});
