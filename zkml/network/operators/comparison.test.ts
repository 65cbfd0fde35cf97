import { expect } from "chai";
import { listOf } from "../../arrays.ts";
import { proveRun, requireSatisfied } from "../../circuit/witness.ts";
import { runIntegerGraph } from "../../integer/run.ts";
import { compileModel } from "../../model/compile-model.ts";
import { int64s, node, tensor } from "../../onnx/build.ts";
import { ELEMENT_TYPES, type ElementType } from "../../onnx/schema.ts";
import { CONTEXT } from "../../testing/context.ts";
import { onnxFile, type NetworkParts } from "../../testing/networks.ts";
import { floats, itAgreesWithOnnxruntime, single, weights } from "../../testing/onnxruntime.ts";
import { runNetwork } from "../network.ts";

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

describe("comparisons, logic and choices", () => {
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
});
