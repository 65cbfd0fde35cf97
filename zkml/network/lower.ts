import { elementCount } from "../arrays.ts";
import { ZkmlError } from "../errors.ts";
import type { OnnxModel, OnnxNode } from "../onnx/model.ts";
import { variableForm, type AffineForm } from "./affine.ts";
import type { Layer, Network } from "./network.ts";
import type { LayerBuilder, Operator } from "./operator.ts";
import { formsOf, type Value } from "./value.ts";
import { add } from "./operators/add.ts";
import { gemm } from "./operators/gemm.ts";
import {
  celu,
  elu,
  gelu,
  hardSwish,
  mish,
  selu,
  softplus,
  softsign,
  swish,
} from "./operators/activations.ts";
import { elementwise } from "./operators/functions.ts";
import { cast, flatten, identity, reshape } from "./operators/layout.ts";
import { matMul } from "./operators/matmul.ts";
import { relu } from "./operators/relu.ts";

/** Every supported ONNX operator. */
const OPERATORS: ReadonlyMap<string, Operator> = new Map([
  ["Add", add],
  ["Atan", elementwise("atan")],
  ["Cast", cast],
  ["Celu", celu],
  ["Cos", elementwise("cos")],
  ["Elu", elu],
  ["Erf", elementwise("erf")],
  ["Exp", elementwise("exp")],
  ["Flatten", flatten],
  ["Gelu", gelu],
  ["Gemm", gemm],
  ["HardSwish", hardSwish],
  ["Identity", identity],
  ["Log", elementwise("log")],
  ["MatMul", matMul],
  ["Mish", mish],
  ["Reciprocal", elementwise("reciprocal")],
  ["Relu", relu],
  ["Reshape", reshape],
  ["Selu", selu],
  ["Sigmoid", elementwise("sigmoid")],
  ["Sin", elementwise("sin")],
  ["Softplus", softplus],
  ["Softsign", softsign],
  ["Sqrt", elementwise("sqrt")],
  ["Swish", swish],
  ["Tan", elementwise("tan")],
  ["Tanh", elementwise("tanh")],
]);

export const SUPPORTED_OPERATORS: readonly string[] = [...OPERATORS.keys()];

/**
 * Lowers an ONNX graph to its normal form: chains of linear operators are fused into affine forms, rectifiers become
 * layers.
 *
 * @throws ZkmlError `ONNX_UNSUPPORTED_OPERATOR` naming node and operator, `ONNX_UNSUPPORTED_ATTRIBUTE` or
 *   `ONNX_SHAPE_MISMATCH`.
 */
export function lower(model: OnnxModel): Network {
  const layers: Layer[] = [];
  const inputSize = elementCount(model.input.shape);
  let variableCount = inputSize;
  const allocate = (count: number): AffineForm[] =>
    Array.from({ length: count }, () => variableForm(variableCount++));

  const values = new Map<string, Value>();
  for (const [name, tensor] of model.initializers) values.set(name, { kind: "constant", tensor });
  const inputForms = Array.from({ length: inputSize }, (_, i) => variableForm(i));
  values.set(model.input.name, { kind: "activation", ...model.input, forms: inputForms });

  for (const node of model.nodes) {
    const operator = OPERATORS.get(node.operator);
    if (operator === undefined) throw unsupportedOperator(node);
    const result = operator({
      node,
      inputs: node.inputs.map((name) => (name === "" ? undefined : lookUp(values, name, node))),
      ...layerBuilder(node, (layer) => {
        layers.push(layer);
        return allocate(layer.forms.length);
      }),
    });
    for (const name of node.outputs.slice(0, 1)) values.set(name, result);
  }

  const outputs = formsOf(lookUp(values, model.output.name, undefined));
  if (outputs.length !== elementCount(model.output.shape)) {
    throw new ZkmlError(
      "ONNX_SHAPE_MISMATCH",
      `Output "${model.output.name}" has ${outputs.length} elements; the file says [${model.output.shape.join(", ")}].`,
      "The graph is inconsistent; export the model again.",
    );
  }
  return { input: model.input, output: model.output, layers, outputs };
}

/** The ways in which an operator adds a layer. */
function layerBuilder(
  { name }: OnnxNode,
  add: (layer: Layer) => readonly AffineForm[],
): LayerBuilder {
  return {
    rectify: (forms) => add({ kind: "rectifier", name, forms }),
    multiply: (forms, factors) => add({ kind: "product", name, forms, factors }),
    apply: (functionName, forms) => add({ kind: "function", name, forms, function: functionName }),
  };
}

function lookUp(
  values: ReadonlyMap<string, Value>,
  name: string,
  node: OnnxNode | undefined,
): Value {
  const value = values.get(name);
  if (value !== undefined) return value;
  const reader =
    node === undefined ? "The graph's output" : `Node "${node.name}" (${node.operator})`;
  throw new ZkmlError(
    "ONNX_SHAPE_MISMATCH",
    `${reader} reads tensor "${name}", which nothing produces.`,
    "The graph is inconsistent; export the model again.",
  );
}

function unsupportedOperator(node: OnnxNode): ZkmlError {
  return new ZkmlError(
    "ONNX_UNSUPPORTED_OPERATOR",
    `Node "${node.name}" uses operator ${node.operator}, which is not supported.`,
    `Supported operators: ${SUPPORTED_OPERATORS.join(", ")}.`,
  );
}
