import { expect } from "chai";
import { proveRun, requireSatisfied } from "../../circuit/witness.ts";
import { encodeTensors } from "../../integer/tensor-spec.ts";
import { runIntegerGraph } from "../../integer/run.ts";
import { compileModel } from "../../model/compile-model.ts";
import { int64s, node, tensor, type AttributeLiteral } from "../../onnx/build.ts";
import type { Tensor } from "../../onnx/model.ts";
import { ELEMENT_TYPES } from "../../onnx/schema.ts";
import { CONTEXT } from "../../testing/context.ts";
import { singleWireForgeries } from "../../testing/forgery.ts";
import { onnxFile, type NetworkParts } from "../../testing/networks.ts";
import { floats, itAgreesWithOnnxruntime, refusal, weights } from "../../testing/onnxruntime.ts";
import { runNetwork } from "../network.ts";

interface Indexed {
  readonly input: readonly number[];
  readonly output: readonly number[];
  readonly indices: readonly number[];
  readonly attributes?: Readonly<Record<string, AttributeLiteral>>;
  readonly constants?: Readonly<Record<string, Tensor>>;
}

/** An operator on `x` and on indices from -3 to 3, of which nobody knows more than that they are bytes. */
function indexed(
  operator: string,
  { input, output, indices, attributes = {}, constants = {} }: Indexed,
): NetworkParts {
  return {
    opset: 18,
    input: floats(...input),
    output: floats(...output),
    more: { inputs: [{ name: "bytes", type: "int8", shape: indices }] },
    nodes: [
      node("Cast", ["bytes"], "i", { to: ELEMENT_TYPES.int64 }),
      node(operator, ["x", "i", ...Object.keys(constants)], "y", attributes),
    ],
    initializers: constants,
  };
}

function scattered(reduction: string): NetworkParts {
  return indexed("ScatterElements", {
    input: [4, 2],
    output: [4, 2],
    indices: [2, 2],
    attributes: { reduction },
    constants: { u: weights(2, 2) },
  });
}

describe("computed indices", () => {
  itAgreesWithOnnxruntime({
    Gather: indexed("Gather", { input: [4, 2], output: [3, 2], indices: [3] }),
    GatherElements: indexed("GatherElements", {
      input: [2, 4],
      output: [2, 3],
      indices: [2, 3],
      attributes: { axis: 1 },
    }),
    "GatherND of elements": indexed("GatherND", { input: [4, 5], output: [3], indices: [3, 2] }),
    "GatherND of slices": indexed("GatherND", {
      input: [4, 2, 2],
      output: [2, 2, 2],
      indices: [2, 1],
    }),
    "GatherND with a batch": indexed("GatherND", {
      input: [2, 4, 3],
      output: [2, 2, 3],
      indices: [2, 2, 1],
      attributes: { batch_dims: 1 },
    }),
    ScatterElements: scattered("none"),
    "ScatterElements by sums": scattered("add"),
    "ScatterElements by products": scattered("mul"),
    "ScatterElements by the largest": scattered("max"),
    "ScatterElements by the smallest": scattered("min"),
    "ScatterElements along the last axis": indexed("ScatterElements", {
      input: [2, 5],
      output: [2, 5],
      indices: [2, 3],
      attributes: { axis: -1 },
      constants: { u: weights(2, 3) },
    }),
    "ScatterND of slices": indexed("ScatterND", {
      input: [4, 3],
      output: [4, 3],
      indices: [2, 1],
      constants: { u: weights(2, 3) },
    }),
    "ScatterND of elements, by sums": indexed("ScatterND", {
      input: [4, 5],
      output: [4, 5],
      indices: [3, 2],
      attributes: { reduction: "add" },
      constants: { u: weights(3) },
    }),
    "Where with a condition that is known, and far apart": {
      input: floats(2, 2),
      output: floats(2, 2),
      nodes: [node("Add", ["x", "c"], "a"), node("Where", ["m", "a", "far"], "y")],
      initializers: {
        c: tensor([], [0.5]),
        m: { shape: [2, 2], type: "bool", values: Float64Array.of(1, 0, 0, 1) },
        far: tensor([], [-1e30]),
      },
    },
  });

  it("refuses constant ones that name nothing", () => {
    for (const operator of ["Gather", "GatherElements", "ScatterElements", "ScatterND"]) {
      const parts: NetworkParts = {
        input: floats(3),
        output: floats(1),
        nodes: [node(operator, ["x", "i", "u"], "y")],
        initializers: {
          i: { ...int64s(3), shape: operator.endsWith("ND") ? [1, 1] : [1] },
          u: weights(1),
        },
      };
      expect(refusal(parts).message).to.contain("has index 3 into 3 elements");
    }
  });

  describe("in integers", () => {
    /** Three places, by an index that may be any byte. */
    const parts: NetworkParts = {
      opset: 18,
      input: { type: "int8", shape: [1] },
      output: { type: "int64", shape: [3] },
      more: {
        outputs: [
          { name: "scattered", type: "int64", shape: [3] },
          { name: "hot", type: "int64", shape: [1, 3] },
        ],
      },
      nodes: [
        node("Cast", ["x"], "i", { to: ELEMENT_TYPES.int64 }),
        node("Gather", ["c", "i"], "g"),
        node("Mul", ["g", "c"], "y"),
        node("ScatterElements", ["c", "i", "u"], "scattered"),
        node("OneHot", ["i", "three", "values"], "hot"),
      ],
      initializers: { c: int64s(5, 7, 11), u: int64s(1), three: int64s(3), values: int64s(0, 1) },
    };
    const { graph, circuit, network } = compileModel(onnxFile(parts), { samples: [[-128], [127]] });

    const expected = (x: number): number[] => {
      const nearest = Math.min(2, Math.max(-3, x));
      const place = nearest < 0 ? nearest + 3 : nearest;
      const c = [5, 7, 11];
      const hot = [0, 1, 2].map((k) => (nearest === x && k === place ? 1 : 0));
      const gathered = c.map((each) => each * (c[place] ?? NaN));
      return [...gathered, ...c.map((each, k) => (k === place ? 1 : each)), ...hot];
    };

    it("takes those that name nothing as the nearest that do, but for OneHot as none", () => {
      for (let x = -128; x <= 127; x++) {
        expect(runNetwork(network, [x]).outputs.flat()).to.deep.equal(expected(x));
        expect(Array.from(runIntegerGraph(graph, [x]).outputs)).to.deep.equal(expected(x));
      }
    });

    it("pins every wire", () => {
      const input = encodeTensors(graph.inputs, [-2]);
      const { witness } = proveRun(graph, circuit, { input, context: CONTEXT });
      requireSatisfied(circuit, witness);
      expect(singleWireForgeries(circuit, witness)).to.deep.equal([]);
    });
  });
});
