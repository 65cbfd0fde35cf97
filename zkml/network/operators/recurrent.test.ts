import { expect } from "chai";
import { node, strings, type AttributeLiteral } from "../../onnx/build.ts";
import type { NetworkParts } from "../../testing/networks.ts";
import { floats, itAgreesWithOnnxruntime, refusal, weights } from "../../testing/onnxruntime.ts";

interface Layer {
  readonly gates: number;
  readonly directions?: number;
  readonly attributes?: Readonly<Record<string, AttributeLiteral>>;
  readonly outputs?: readonly string[];
  /** Names of further inputs after the biases, and their shapes. */
  readonly more?: readonly (readonly [string, readonly number[]])[];
}

const [LENGTH, BATCH, WIDTH, HIDDEN] = [3, 2, 4, 3] as const;

function layer(operator: string, parts: Layer): NetworkParts {
  const { gates, directions = 1, attributes = {}, outputs = ["h"], more = [] } = parts;
  const named = Object.fromEntries(more.map(([name, shape]) => [name, weights(...shape)]));
  const inputs = ["x", "w", "r", "b", "", ...more.map(([name]) => name)];
  return {
    input: floats(LENGTH, BATCH, WIDTH),
    output: floats(LENGTH, directions, BATCH, HIDDEN),
    more: { outputs: outputs.map((name) => ({ name, ...floats(directions, BATCH, HIDDEN) })) },
    nodes: [node(operator, inputs, ["y", ...outputs], { hidden_size: HIDDEN, ...attributes })],
    initializers: {
      w: weights(directions, gates * HIDDEN, WIDTH),
      r: weights(directions, gates * HIDDEN, HIDDEN),
      b: weights(directions, 2 * gates * HIDDEN),
      ...named,
    },
  };
}

const STATE = [1, BATCH, HIDDEN] as const;

describe("recurrent layers", () => {
  itAgreesWithOnnxruntime({
    RNN: layer("RNN", { gates: 1 }),
    "RNN with a rectifier, backwards": layer("RNN", {
      gates: 1,
      attributes: { activations: strings("Relu"), direction: "reverse" },
    }),
    "RNN both ways, from a state": layer("RNN", {
      gates: 1,
      directions: 2,
      attributes: { direction: "bidirectional", activations: strings("Tanh", "Sigmoid") },
      more: [["s", [2, BATCH, HIDDEN]]],
    }),
    GRU: layer("GRU", { gates: 3 }),
    "GRU, linear before the reset": layer("GRU", {
      gates: 3,
      attributes: { linear_before_reset: 1 },
      more: [["s", STATE]],
    }),
    LSTM: layer("LSTM", { gates: 4, outputs: ["h", "c"] }),
    "LSTM from a state, with peepholes": layer("LSTM", {
      gates: 4,
      outputs: ["h", "c"],
      more: [
        ["s", STATE],
        ["t", STATE],
        ["p", [1, 3 * HIDDEN]],
      ],
    }),
    "LSTM both ways": layer("LSTM", {
      gates: 4,
      directions: 2,
      outputs: ["h", "c"],
      attributes: { direction: "bidirectional" },
    }),
  });

  it("refuses activations and settings that it does not know, naming them", () => {
    const of = (attributes: Readonly<Record<string, AttributeLiteral>>) =>
      refusal(layer("RNN", { gates: 1, attributes })).message;
    expect(of({ activations: strings("Softsign") })).to.contain("activation Softsign");
    expect(of({ activations: strings("Tanh", "Tanh") })).to.contain("2 activations");
    expect(of({ layout: 1 })).to.contain('"layout" 1');
    expect(of({ hidden_size: 4 })).to.contain("weights of shape [1, 3, 4]");
  });
});
