import { expect } from "chai";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { at } from "../arrays.ts";
import { ZkmlError } from "../errors.ts";
import { lower } from "../network/lower.ts";
import { runNetwork, type Network } from "../network/network.ts";
import { isInteger } from "../network/value.ts";
import { node, type AttributeLiteral } from "../onnx/build.ts";
import { decodeOnnx } from "../onnx/decode.ts";
import type { Tensor, ValueInfo } from "../onnx/model.ts";
import { ELEMENT_TYPES } from "../onnx/schema.ts";
import { onnxFile, randomTensor, type NetworkParts } from "./networks.ts";
import { seededRandom } from "../random.ts";

const random = seededRandom(7);

export function floats(...shape: readonly number[]): { type: "float"; shape: readonly number[] } {
  return { type: "float", shape };
}

/** A small random constant. */
export function weights(...shape: readonly number[]): Tensor {
  return randomTensor(shape, random, 1);
}

/** Weights between 1/2 and 3/2, for divisors and variances. */
export function positives(...shape: readonly number[]): Tensor {
  const { values, ...rest } = weights(...shape);
  return { ...rest, values: values.map((value) => Math.fround(1 + value / 2)) };
}

/** A network of one operator, whose inputs after `x` are the constants in the order given. */
export interface SingleNode {
  readonly input: readonly number[];
  readonly output: readonly number[];
  readonly attributes?: Readonly<Record<string, AttributeLiteral>>;
  readonly constants?: Readonly<Record<string, Tensor>>;
  /** Names of all inputs, where they are not `x` and the constants. */
  readonly inputs?: readonly string[];
  readonly opset?: number;
}

export function single(operator: string, parts: SingleNode): NetworkParts {
  const { input, output, attributes = {}, constants = {}, opset = 13 } = parts;
  return {
    opset,
    input: floats(...input),
    output: floats(...output),
    nodes: [node(operator, parts.inputs ?? ["x", ...Object.keys(constants)], "y", attributes)],
    initializers: constants,
  };
}

/** A network that adds the result of an operator on constants alone to its input. */
export function folded(
  operator: string,
  { output, attributes = {}, constants = {}, opset = 13, inputs }: Omit<SingleNode, "input">,
): NetworkParts {
  return {
    opset,
    input: floats(...output),
    output: floats(...output),
    nodes: [
      node(operator, inputs ?? Object.keys(constants), "k", attributes),
      node("Cast", ["k"], "f", { to: ELEMENT_TYPES.float }),
      node("Add", ["x", "f"], "y"),
    ],
    initializers: constants,
  };
}

export function lowered(parts: NetworkParts): Network {
  return lower(decodeOnnx(onnxFile(parts)));
}

/** The error with which a network is refused. */
export function refusal(parts: NetworkParts): ZkmlError {
  try {
    lowered(parts);
  } catch (error) {
    if (error instanceof ZkmlError) return error;
    throw error;
  }
  throw new Error("the network was accepted");
}

/** Runs a network here and in onnxruntime on random inputs and compares shapes and values. */
export async function expectLikeOnnxruntime(parts: NetworkParts): Promise<Network> {
  const network = lowered(parts);
  const session = await InferenceSession.create(onnxFile(parts), { logSeverityLevel: 3 });
  for (let run = 0; run < 5; run++) {
    const inputs = network.inputs.map((input) => randomInput(input));
    const results = await session.run(
      Object.fromEntries(
        network.inputs.map((input, k) => [input.name, feedOf(input, at(inputs, k))]),
      ),
    );
    const { outputs } = runNetwork(network, inputs.flat());
    network.outputs.forEach(({ name, shape }, k) => {
      const found = results[name];
      expect(found?.dims).to.deep.equal(shape);
      const expected = Array.from(found?.data as ArrayLike<number | bigint | boolean>, Number);
      expect(at(outputs, k)).to.have.length(expected.length);
      at(outputs, k).forEach((value, index) =>
        expect(value).to.be.closeTo(at(expected, index), 1e-4),
      );
    });
  }
  await session.release();
  return network;
}

/** Numbers around zero, of the input's kind; bytes of any value. */
function randomInput({ type, shape }: ValueInfo): number[] {
  const values = Array.from(randomTensor(shape, random, 3).values);
  if (type === "bool") return values.map((value) => (value > 0 ? 1 : 0));
  if (type === "uint8") return values.map((value) => Math.floor(((value + 3) / 6) * 255.99));
  return isInteger(type) ? values.map((value) => Math.round(value)) : values;
}

function feedOf({ type, shape }: ValueInfo, values: readonly number[]): OrtTensor {
  switch (type) {
    case "bool":
      return new OrtTensor("bool", Uint8Array.from(values), [...shape]);
    case "double":
      return new OrtTensor("float64", Float64Array.from(values), [...shape]);
    case "uint8":
      return new OrtTensor("uint8", Uint8Array.from(values), [...shape]);
    case "int8":
      return new OrtTensor("int8", Int8Array.from(values), [...shape]);
    case "int64":
      return new OrtTensor("int64", BigInt64Array.from(values, BigInt), [...shape]);
    default:
      return new OrtTensor("float32", Float32Array.from(values), [...shape]);
  }
}

/** One test for each network. */
export function itAgreesWithOnnxruntime(cases: Readonly<Record<string, NetworkParts>>): void {
  for (const [name, parts] of Object.entries(cases)) {
    it(`agrees with onnxruntime on ${name}`, async () => {
      await expectLikeOnnxruntime(parts);
    });
  }
}
