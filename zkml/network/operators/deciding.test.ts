import { expect } from "chai";
import { at, listOf } from "../../arrays.ts";
import { proveRun, requireSatisfied } from "../../circuit/witness.ts";
import { ZkmlError } from "../../errors.ts";
import { runIntegerGraph } from "../../integer/run.ts";
import { dequantiseTensors, encodeTensors } from "../../integer/tensor-spec.ts";
import { compileModel } from "../../model/compile-model.ts";
import { int64s, node, tensor } from "../../onnx/build.ts";
import { ELEMENT_TYPES, type ElementType } from "../../onnx/schema.ts";
import { CONTEXT } from "../../testing/context.ts";
import { singleWireForgeries } from "../../testing/forgery.ts";
import { onnxFile, randomBytes, type NetworkParts } from "../../testing/networks.ts";
import {
  floats,
  itAgreesWithOnnxruntime,
  refusal,
  single,
  weights,
} from "../../testing/onnxruntime.ts";
import { seededRandom } from "../../random.ts";
import { runNetwork } from "../network.ts";

const random = seededRandom(5);

function typed(type: ElementType, ...shape: readonly number[]) {
  return { type, shape };
}

/** Two comparisons of the input, and an operator on both. */
function logical(operator: string): NetworkParts {
  return {
    input: floats(2, 3),
    output: typed("bool", 2, 3),
    nodes: [
      node("Greater", ["x", "a"], "p"),
      node("Less", ["x", "b"], "q"),
      node(operator, operator === "Not" ? ["p"] : ["p", "q"], "y"),
    ],
    initializers: { a: weights(3), b: weights(2, 3) },
  };
}

function comparison(operator: string): NetworkParts {
  return {
    ...single(operator, { input: [2, 3], output: [2, 3], constants: { c: weights(3) } }),
    output: typed("bool", 2, 3),
  };
}

/** An index from 0 to 3, of two comparisons. */
const INDEX = [
  node("Greater", ["x", "zero"], "p"),
  node("Cast", ["p"], "i", { to: ELEMENT_TYPES.int64 }),
  node("Greater", ["x", "one"], "q"),
  node("Cast", ["q"], "j", { to: ELEMENT_TYPES.int64 }),
  node("Add", ["i", "j"], "k"),
  node("Add", ["k", "i"], "index"),
];

const LIMITS = { zero: tensor([1], [0]), one: tensor([1], [1]) };

describe("what decides", () => {
  itAgreesWithOnnxruntime({
    Greater: comparison("Greater"),
    GreaterOrEqual: comparison("GreaterOrEqual"),
    Less: comparison("Less"),
    LessOrEqual: comparison("LessOrEqual"),
    Equal: {
      input: typed("int64", 4, 5),
      output: typed("bool", 4, 5),
      nodes: [node("Equal", ["x", "c"], "y")],
      initializers: { c: int64s(0, 1, -1, 2, -2) },
    },
    And: logical("And"),
    Or: logical("Or"),
    Xor: logical("Xor"),
    Not: logical("Not"),
    Sign: single("Sign", { input: [3, 4], output: [3, 4] }),
    "Cast to what is true or false": {
      input: typed("int64", 4, 4),
      output: typed("bool", 4, 4),
      nodes: [node("Cast", ["x"], "y", { to: ELEMENT_TYPES.bool })],
    },
    "Where by a computed condition": {
      input: floats(2, 3),
      output: floats(2, 3),
      nodes: [node("Greater", ["x", "c"], "p"), node("Where", ["p", "x", "d"], "y")],
      initializers: { c: weights(3), d: weights(2, 1) },
    },
    "a condition that is given": {
      input: typed("bool", 2, 3),
      output: floats(2, 3),
      nodes: [node("Where", ["x", "c", "d"], "y")],
      initializers: { c: weights(3), d: weights(2, 1) },
    },
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
    "IsNaN and IsInf": {
      input: floats(2, 3),
      output: typed("bool", 2, 3),
      nodes: [
        node("IsNaN", ["x"], "a"),
        node("IsInf", ["x"], "b"),
        node("Or", ["a", "b"], "c"),
        node("CastLike", ["x", "c"], "d"),
        node("Or", ["c", "d"], "y"),
      ],
      opset: 15,
    },
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
    "Gather of constants by a computed index": {
      input: floats(6),
      output: floats(6, 2),
      nodes: [...INDEX, node("Gather", ["c", "index"], "y")],
      initializers: { ...LIMITS, c: weights(4, 2) },
    },
    "GatherElements of computed elements by a computed index": {
      input: floats(2, 4),
      output: floats(2, 4),
      nodes: [...INDEX, node("GatherElements", ["x", "index"], "y", { axis: 1 })],
      initializers: LIMITS,
    },
    "Gather by an index from the end": {
      input: floats(6),
      output: floats(6, 2),
      nodes: [...INDEX, node("Sub", ["index", "four"], "back"), node("Gather", ["c", "back"], "y")],
      initializers: { ...LIMITS, c: weights(4, 2), four: int64s(4) },
    },
    "OneHot of a computed index": {
      input: floats(5),
      output: floats(5, 4),
      nodes: [...INDEX, node("OneHot", ["index", "depth", "values"], "y")],
      initializers: { ...LIMITS, depth: int64s(4), values: tensor([2], [-1, 2]) },
    },
    "MatMul of two computed tensors": {
      input: floats(2, 3),
      output: floats(2, 2),
      nodes: [node("Transpose", ["x"], "t", { perm: [1, 0] }), node("MatMul", ["x", "t"], "y")],
    },
    Floor: single("Floor", { input: [3, 4], output: [3, 4] }),
    Ceil: single("Ceil", { input: [3, 4], output: [3, 4] }),
    "Round, with halves": {
      input: typed("int64", 4, 4),
      output: floats(4, 4),
      nodes: [
        node("Cast", ["x"], "f", { to: ELEMENT_TYPES.float }),
        node("Mul", ["f", "half"], "h"),
        node("Round", ["h"], "y"),
      ],
      initializers: { half: tensor([], [0.5]) },
    },
    "Mod of whole numbers": {
      input: typed("int64", 3, 3),
      output: typed("int64", 3, 3),
      nodes: [node("Mod", ["x", "c"], "y")],
      initializers: { c: int64s(2, -2, 3) },
    },
    "Mod with the dividend's sign": single("Mod", {
      input: [3, 2],
      output: [3, 2],
      attributes: { fmod: 1 },
      constants: { c: tensor([2], [0.75, -1.5]) },
    }),
    "Cast to whole numbers": {
      input: floats(3, 4),
      output: typed("int64", 3, 4),
      nodes: [node("Cast", ["x"], "y", { to: ELEMENT_TYPES.int64 })],
    },
    "several inputs and outputs": {
      input: floats(2, 3),
      output: floats(2, 3),
      more: {
        inputs: [
          { name: "u", ...floats(3) },
          { name: "c", ...typed("bool", 2, 1) },
        ],
        outputs: [{ name: "z", ...floats(2) }],
      },
      nodes: [
        node("Where", ["c", "x", "u"], "y"),
        node("ReduceSum", ["y", "axes"], "z", { keepdims: 0 }),
      ],
      initializers: { axes: int64s(1) },
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

  it("rounds in integers exactly what is exact", () => {
    const parts: NetworkParts = {
      input: typed("int8", 1),
      output: typed("int64", 4),
      nodes: [
        node("Cast", ["x"], "f", { to: ELEMENT_TYPES.float }),
        node("Mul", ["f", "half"], "h"),
        node("Floor", ["h"], "a"),
        node("Ceil", ["h"], "b"),
        node("Round", ["h"], "c"),
        node("Mod", ["f", "seven"], "d"),
        node("Concat", ["a", "b", "c", "d"], "e", { axis: 0 }),
        node("Cast", ["e"], "y", { to: ELEMENT_TYPES.int64 }),
      ],
      initializers: { half: tensor([], [0.5]), seven: tensor([], [7]) },
    };
    const { graph, circuit, network } = compileModel(onnxFile(parts), { samples: [[-128], [127]] });
    for (let x = -128; x <= 127; x++) {
      const found = Array.from(runIntegerGraph(graph, [x]).outputs);
      expect(found).to.deep.equal(runNetwork(network, [x]).outputs.flat());
    }
    const { witness } = proveRun(graph, circuit, { input: Uint8Array.of(0x85), context: CONTEXT });
    requireSatisfied(circuit, witness);
    expect(singleWireForgeries(circuit, witness)).to.deep.equal([]);
  });

  it("shares the place of one number among its limits, whichever way it is asked", () => {
    const limits = listOf(40, (k) => 5 * k + 3);
    const parts: NetworkParts = {
      input: typed("uint8", 1),
      output: typed("bool", 80),
      nodes: [
        node("Cast", ["x"], "f", { to: ELEMENT_TYPES.float }),
        node("Greater", ["f", "c"], "a"),
        node("LessOrEqual", ["f", "c"], "b"),
        node("Concat", ["a", "b"], "y", { axis: 0 }),
      ],
      initializers: { c: tensor([40], limits) },
    };
    const { graph, circuit } = compileModel(onnxFile(parts), { samples: [[1], [255]] });
    const steps = graph.layers.filter(({ kind }) => kind === "step");
    expect(steps.map(({ shifts }) => shifts.length)).to.deep.equal([40]);
    const rows = circuit.constraints.filter(({ kind }) => kind === "boolean").length;
    // A row for each limit, six bits twice for the place in the gap, two for each of 80 outputs.
    expect(rows).to.be.below(41 + 2 * 7 + 2 * 80 + 8);
  });

  it("answers for limits from both sides, and for those that nothing reaches or all do", () => {
    const limits = [-5, 0, 17, 18, 100, 254, 255, 300];
    const parts: NetworkParts = {
      input: typed("uint8", 1),
      output: typed("bool", 2 * limits.length),
      nodes: [
        node("Cast", ["x"], "f", { to: ELEMENT_TYPES.float }),
        node("Neg", ["f"], "back"),
        node("Greater", ["f", "c"], "above"),
        node("Greater", ["back", "d"], "below"),
        node("Concat", ["above", "below"], "y", { axis: 0 }),
      ],
      initializers: {
        c: tensor([limits.length], limits),
        d: tensor(
          [limits.length],
          limits.map((limit) => -limit),
        ),
      },
    };
    const { graph, circuit, network } = compileModel(onnxFile(parts), { samples: [[1], [255]] });
    for (let x = 0; x <= 255; x++) {
      const found = Array.from(runIntegerGraph(graph, [x]).outputs);
      expect(found).to.deep.equal(runNetwork(network, [x]).outputs.flat());
      const { witness, output } = proveRun(graph, circuit, {
        input: Uint8Array.of(x),
        context: CONTEXT,
      });
      requireSatisfied(circuit, witness);
      expect(Array.from(output)).to.deep.equal(found);
    }
  });

  it("shares one thermometer among questions of either sign", () => {
    const limits = listOf(20, (k) => 10 * k + 5);
    const parts: NetworkParts = {
      input: typed("uint8", 1),
      output: typed("bool", 40),
      nodes: [
        node("Cast", ["x"], "f", { to: ELEMENT_TYPES.float }),
        // One layer: both signs of one form.
        node("Concat", ["f", "f"], "g", { axis: 0 }),
        node("Gather", ["g", "all"], "h"),
        node("Mul", ["h", "signs"], "i"),
        node("Greater", ["i", "c"], "y"),
      ],
      initializers: {
        all: int64s(...listOf(40, (k) => k % 2)),
        signs: tensor(
          [40],
          listOf(40, (k) => (k < 20 ? 1 : -1)),
        ),
        c: tensor([40], [...limits, ...limits.map((limit) => -limit - 0.5)]),
      },
    };
    const { graph, circuit, network } = compileModel(onnxFile(parts), { samples: [[1], [255]] });
    const rows = circuit.constraints.filter(({ kind }) => kind === "boolean").length;
    // At most 40 limits and one, six bits twice, two for each output: 40 comparisons alone would take 360.
    expect(rows).to.be.below(41 + 2 * 7 + 2 * 40 + 8);
    for (let x = 0; x <= 255; x++) {
      const context = { input: Uint8Array.of(x), context: CONTEXT };
      const { witness, output } = proveRun(graph, circuit, context);
      expect(Array.from(output)).to.deep.equal(runNetwork(network, [x]).outputs.flat());
      requireSatisfied(circuit, witness);
    }
  });

  it("refuses an output of whole numbers that is computed from rounded ones", () => {
    const parts: NetworkParts = {
      input: typed("int64", 2),
      output: typed("int64", 2),
      nodes: [
        node("Cast", ["x"], "f", { to: ELEMENT_TYPES.float }),
        node("Mul", ["f", "half"], "y"),
      ],
      initializers: { half: tensor([], [0.5]) },
    };
    expect(() => compileModel(onnxFile(parts), { samples: [[0, 1]] }))
      .to.throw(ZkmlError, 'Output "y" is int64, but is computed from numbers that are rounded')
      .with.property("code", "ONNX_UNSUPPORTED_TYPE");
  });

  it("refuses more than there are for TopK", () => {
    const parts = single("TopK", { input: [2], output: [3], constants: { k: int64s(3) } });
    expect(refusal(parts).message).to.contain("takes the top 3 of 2 elements");
  });
});
