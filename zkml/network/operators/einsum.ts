import { at } from "../../arrays.ts";
import type { OnnxNode } from "../../onnx/model.ts";
import { combine, type AffineForm } from "../affine.ts";
import { attribute } from "../attributes.ts";
import { requireInput, shapeError, unsupported, type Operator } from "../operator.ts";
import { indexOf, mapPositions, stridesOf } from "../shape.ts";
import { constant, formsOf, fromForms, shapeOf, typeOf, type Value } from "../value.ts";

/**
 * ONNX `Einsum` of one tensor, or of two of which one is constant: elements are multiplied where equal labels meet, and
 * summed over the labels that the result does not have. Refused: `...`, and more than two operands.
 */
export const einsum: Operator = (context) => {
  const { node, inputs } = context;
  const equation = parse(node);
  if (equation.operands.length !== inputs.length || inputs.length > 2) {
    throw unsupported(node, `has ${inputs.length} operands`);
  }
  const left = requireInput(context, 0);
  const right = inputs.length === 2 ? requireInput(context, 1) : constant([], [1], typeOf(left));
  const operands = [left, right].map((value, index) => ({
    value,
    labels: equation.operands[index] ?? [],
  }));
  const sizes = labelSizes(node, operands);
  const unknown = equation.result.find((label) => !sizes.has(label));
  if (unknown !== undefined)
    throw shapeError(node, `gives label "${unknown}", which no operand has`);
  return contract(node, operands, { sizes, result: equation.result });
};

type Labels = readonly string[];

interface Operand {
  readonly value: Value;
  readonly labels: Labels;
}

/** `ij,jk->ik`; without an arrow, the result has the labels that occur once, in alphabetical order. */
function parse(node: OnnxNode): { operands: readonly Labels[]; result: Labels } {
  const equation = (attribute(node, "equation", "string") ?? "").replaceAll(" ", "");
  const [terms = "", given] = equation.split("->");
  if (!/^[a-z]*(,[a-z]*)*(->[a-z]*)?$/i.test(equation)) {
    throw unsupported(node, `has the equation "${equation}"`);
  }
  const operands = terms.split(",").map((term) => Array.from(term));
  const labels = operands.flat();
  const once = labels.filter((label) => labels.indexOf(label) === labels.lastIndexOf(label));
  return { operands, result: given === undefined ? once.sort() : Array.from(given) };
}

function labelSizes(node: OnnxNode, operands: readonly Operand[]): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const { value, labels } of operands) {
    const shape = shapeOf(value);
    if (shape.length !== labels.length) {
      throw shapeError(node, `labels [${shape.join(", ")}] by "${labels.join("")}"`);
    }
    labels.forEach((label, axis) => {
      const size = at(shape, axis);
      if ((sizes.get(label) ?? size) !== size) {
        throw shapeError(
          node,
          `has label "${label}" of sizes ${sizes.get(label) ?? 0} and ${size}`,
        );
      }
      sizes.set(label, size);
    });
  }
  return sizes;
}

interface Contraction {
  readonly sizes: ReadonlyMap<string, number>;
  readonly result: Labels;
}

function contract(
  node: OnnxNode,
  operands: readonly Operand[],
  { sizes, result }: Contraction,
): Value {
  const constantSide = operands.findIndex(({ value }) => value.kind === "constant");
  const weightSide = at(operands, constantSide === -1 ? 0 : constantSide);
  const formSide = at(operands, constantSide === 0 ? 1 : 0);
  if (weightSide.value.kind !== "constant")
    throw unsupported(node, "multiplies two computed tensors");
  const { values } = weightSide.value.tensor;
  const forms = formsOf(formSide.value);

  const summed = [...sizes.keys()].filter((label) => !result.includes(label));
  const indices = (operand: Operand, labels: Labels) => indicesOf(operand, labels, sizes);
  const [outerWeights, innerWeights] = [indices(weightSide, result), indices(weightSide, summed)];
  const [outerForms, innerForms] = [indices(formSide, result), indices(formSide, summed)];
  const elements = outerWeights.map((weight, index): AffineForm =>
    combine(
      innerWeights.map((step, k) => ({
        weight: at(values, weight + step),
        form: at(forms, at(outerForms, index) + at(innerForms, k)),
      })),
    ),
  );
  return fromForms(
    result.map((label) => sizes.get(label) ?? 1),
    elements,
    typeOf(formSide.value),
  );
}

/** How far into the operand each position over `labels` leads; labels that it does not have lead nowhere. */
function indicesOf(
  { value, labels: own }: Operand,
  labels: Labels,
  sizes: ReadonlyMap<string, number>,
): readonly number[] {
  const strides = stridesOf(shapeOf(value));
  const steps = labels.map((label) =>
    strides.reduce((sum, stride, axis) => (own[axis] === label ? sum + stride : sum), 0),
  );
  const shape = labels.map((label) => sizes.get(label) ?? 1);
  return mapPositions(shape, (position) => indexOf(position, steps));
}
