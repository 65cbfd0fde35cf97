import { elementCount } from "../arrays.ts";
import { ZkmlError } from "../errors.ts";
import type { OnnxModel, OnnxNode } from "../onnx/model.ts";
import { variableForm, type AffineForm } from "./affine.ts";
import type { Network, RectifierLayer } from "./network.ts";
import type { Operator } from "./operator.ts";
import { formsOf, type Value } from "./value.ts";
import { add } from "./operators/add.ts";
import { gemm } from "./operators/gemm.ts";
import { cast, flatten, identity, reshape } from "./operators/layout.ts";
import { matMul } from "./operators/matmul.ts";
import { relu } from "./operators/relu.ts";

/** Every supported ONNX operator. */
const OPERATORS: ReadonlyMap<string, Operator> = new Map([
  ["Add", add],
  ["Cast", cast],
  ["Flatten", flatten],
  ["Gemm", gemm],
  ["Identity", identity],
  ["MatMul", matMul],
  ["Relu", relu],
  ["Reshape", reshape],
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
  const layers: RectifierLayer[] = [];
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
      rectify: (forms) => {
        layers.push({ name: node.name, forms });
        return allocate(forms.length);
      },
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
