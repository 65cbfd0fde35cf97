import { elementCount, listOf } from "../arrays.ts";
import { ZkmlError } from "../errors.ts";
import type { OnnxModel, OnnxNode, OutputInfo } from "../onnx/model.ts";
import { variableForm } from "./affine.ts";
import { inputBounds, Layers } from "./layers.ts";
import type { Network } from "./network.ts";
import { shapeError, unsupported, type OperatorContext } from "./operator.ts";
import { OPERATORS, SUPPORTED_OPERATORS } from "./registry.ts";
import { formsOf, fromForms, shapeOf, type Value } from "./value.ts";

/**
 * Lowers an ONNX graph to its normal form: chains of linear operators are fused into affine forms, rectifiers become
 * layers.
 *
 * @throws ZkmlError `ONNX_UNSUPPORTED_OPERATOR` naming node and operator, `ONNX_UNSUPPORTED_ATTRIBUTE` or
 *   `ONNX_SHAPE_MISMATCH`, or `CIRCUIT_TOO_LARGE`.
 */
export function lower(model: OnnxModel): Network {
  for (const { name, shape } of model.inputs) requireInput(name, shape);
  const layers = new Layers(
    model.inputs.flatMap(({ shape, type }) => listOf(elementCount(shape), () => inputBounds(type))),
  );
  const values = new Values();
  for (const [name, tensor] of model.initializers) values.set(name, { kind: "constant", tensor });
  let next = 0;
  for (const { name, shape, type } of model.inputs) {
    const forms = listOf(elementCount(shape), () => variableForm(next++));
    values.set(name, fromForms(shape, forms, type));
  }

  for (const node of model.nodes) {
    values.setOutputs(node, lowerNode(node, values, { layers, opset: model.opset }));
  }

  const outputs = model.outputs.map((declared) => {
    const result = values.get(declared.name, "The graph's output");
    requireShape(declared, shapeOf(result));
    return { ...declared, shape: shapeOf(result), forms: formsOf(result) };
  });
  return { inputs: model.inputs, layers: layers.all, outputs };
}

/** A declared dimension must be the computed one; an open one may be anything. */
function requireShape({ name, shape }: OutputInfo, computed: readonly number[]): void {
  const fits = shape.every((size, axis) => size === undefined || size === computed[axis]);
  if (fits && shape.length === computed.length) return;
  throw new ZkmlError(
    "ONNX_SHAPE_MISMATCH",
    `Output "${name}" has shape [${computed.join(", ")}]; the file says [${shape.map((size) => size ?? "?").join(", ")}].`,
    "The graph is inconsistent; export the model again.",
  );
}

function lowerNode(
  node: OnnxNode,
  values: Values,
  { layers, opset }: { readonly layers: Layers; readonly opset: number },
): readonly Value[] {
  const operator = OPERATORS.get(node.operator);
  if (operator === undefined) throw unsupportedOperator(node);
  const reader = `Node "${node.name}" (${node.operator})`;
  const context: OperatorContext = {
    node,
    opset,
    inputs: node.inputs.map((name) => (name === "" ? undefined : values.get(name, reader))),
    boundsOf: (form) => layers.boundsOf(form),
    ...layers.builderFor(node),
  };
  const result = withoutRangeErrors(node, () => operator(context));
  return "kind" in result ? [result] : result;
}

/** A list in the file that is shorter than it should be shows as an index out of range: that is the file's fault. */
function withoutRangeErrors<T>(node: OnnxNode, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof RangeError) throw shapeError(node, `does not fit: ${error.message}`);
    throw error;
  }
}

/** What each name in the graph stands for. */
class Values {
  readonly #known = new Map<string, Value>();
  /** Outputs that their operators do not compute, by name. */
  readonly #missing = new Map<string, OnnxNode>();

  set(name: string, value: Value): void {
    this.#known.set(name, value);
  }

  setOutputs(node: OnnxNode, results: readonly Value[]): void {
    node.outputs.forEach((name, index) => {
      const result = results[index];
      if (result === undefined) this.#missing.set(name, node);
      else this.#known.set(name, result);
    });
  }

  get(name: string, reader: string): Value {
    const value = this.#known.get(name);
    if (value !== undefined) return value;
    const producer = this.#missing.get(name);
    if (producer !== undefined) throw unsupported(producer, `is asked for its output "${name}"`);
    throw new ZkmlError(
      "ONNX_SHAPE_MISMATCH",
      `${reader} reads tensor "${name}", which nothing produces.`,
      "The graph is inconsistent; export the model again.",
    );
  }
}

/** Each element costs constraints of its own. */
const MAX_INPUT_ELEMENTS = 2 ** 18;

function requireInput(name: string, shape: readonly number[]): void {
  const count = elementCount(shape);
  if (count <= MAX_INPUT_ELEMENTS) return;
  throw new ZkmlError(
    "CIRCUIT_TOO_LARGE",
    `Input "${name}" has ${count} elements; at most ${MAX_INPUT_ELEMENTS} can be proved.`,
    "Check the dimensions, also those that you gave, and use a smaller model.",
  );
}

function unsupportedOperator(node: OnnxNode): ZkmlError {
  return new ZkmlError(
    "ONNX_UNSUPPORTED_OPERATOR",
    `Node "${node.name}" uses operator ${node.operator}, which is not supported.`,
    `Supported operators: ${SUPPORTED_OPERATORS.join(", ")}.`,
  );
}
