import { at, elementCount, listOf } from "../../arrays.ts";
import type { OnnxNode } from "../../onnx/model.ts";
import { combine, constantForm, isConstantForm, type AffineForm } from "../affine.ts";
import { attribute } from "../attributes.ts";
import {
  requireInput,
  shapeError,
  unsupported,
  type Operator,
  type OperatorContext,
} from "../operator.ts";
import { indexOf, mapPositions, stridesOf } from "../shape.ts";
import { formsOf, fromForms, shapeOf, typeOf } from "../value.ts";

/**
 * ONNX `Einsum`: elements are multiplied where equal labels meet, and summed over the labels that the result does not have. Operands
 * are taken one after the other, from the left; each product of two computed elements is a constraint.
 */
export const einsum: Operator = (context) => {
  const { node, inputs } = context;
  const { terms, result } = parse(node);
  if (terms.length !== inputs.length) {
    throw shapeError(node, `has ${inputs.length} operands for ${terms.length} terms`);
  }
  const shapes = inputs.map((_, index) => shapeOf(requireInput(context, index)));
  const operands = terms.map((term, index): Operand => {
    const shape = at(shapes, index);
    const labels = spellOut(term, shape.length - (term.length - 1));
    return { labels, shape, forms: formsOf(requireInput(context, index)) };
  });
  const hidden = Math.max(0, ...terms.map((term, k) => hiddenAxes(term, at(shapes, k).length)));
  const wanted = result === undefined ? impliedLabels(operands) : spellOut(result, hidden);
  const sizes = labelSizes(node, operands);
  const unknown = wanted.find((label) => !sizes.has(label));
  if (unknown !== undefined)
    throw shapeError(node, `gives label "${unknown}", which no operand has`);
  const dropped = [...sizes.keys()].some((label) => isHidden(label) && !wanted.includes(label));
  if (dropped) throw shapeError(node, "drops the axes of an ellipsis");
  const { shape, forms } = contractAll(context, operands, { sizes, wanted });
  return fromForms(shape, forms, typeOf(requireInput(context, 0)));
};

type Labels = readonly string[];

interface Operand {
  readonly labels: Labels;
  readonly shape: readonly number[];
  readonly forms: readonly AffineForm[];
}

/** Stands for all axes that have no label of their own. */
const ELLIPSIS = "...";

interface Equation {
  readonly terms: readonly Labels[];
  /** Undefined where there is no arrow. */
  readonly result: Labels | undefined;
}

const TERM = "[a-z]*(\\.\\.\\.)?[a-z]*";
const EQUATION = new RegExp(`^${TERM}(,${TERM})*(->${TERM})?$`, "i");

/** `ij,...jk->...ik`. */
function parse(node: OnnxNode): Equation {
  const equation = (attribute(node, "equation", "string") ?? "").replaceAll(" ", "");
  if (!EQUATION.test(equation)) throw unsupported(node, `has the equation "${equation}"`);
  const [terms = "", result] = equation.split("->");
  const labelsOf = (term: string): Labels => term.match(/\.\.\.|[a-z]/gi) ?? [];
  return {
    terms: terms.split(",").map(labelsOf),
    result: result === undefined ? undefined : labelsOf(result),
  };
}

function hiddenAxes(term: Labels, rank: number): number {
  return term.includes(ELLIPSIS) ? rank - (term.length - 1) : 0;
}

/** Labels with the ellipsis replaced by one for each of its axes, counted from the last: those broadcast against each other. */
function spellOut(term: Labels, hidden: number): Labels {
  return term.flatMap((label) =>
    label === ELLIPSIS ? listOf(Math.max(0, hidden), (k) => `...${hidden - k}`) : [label],
  );
}

function isHidden(label: string): boolean {
  return label.startsWith(ELLIPSIS);
}

/** Without an arrow, the result has the axes of the ellipsis, and the labels that occur once, in alphabetical order. */
function impliedLabels(operands: readonly Operand[]): Labels {
  const labels = operands.flatMap((operand) => operand.labels);
  const hidden = [...new Set(labels.filter(isHidden))].sort().reverse();
  const once = labels.filter(
    (label) => !isHidden(label) && labels.indexOf(label) === labels.lastIndexOf(label),
  );
  return [...hidden, ...once.sort()];
}

function labelSizes(node: OnnxNode, operands: readonly Operand[]): ReadonlyMap<string, number> {
  const sizes = new Map<string, number>();
  for (const { shape, labels } of operands) {
    if (shape.length !== labels.length) {
      throw shapeError(node, `labels [${shape.join(", ")}] by "${labels.join("")}"`);
    }
    labels.forEach((label, axis) => {
      const [size, known = size] = [at(shape, axis), sizes.get(label)];
      const isBroadcast = isHidden(label) && (size === 1 || known === 1);
      if (known !== size && !isBroadcast)
        throw shapeError(node, `has label "${label}" of sizes ${known} and ${size}`);
      sizes.set(label, Math.max(size, known));
    });
  }
  return sizes;
}

interface Contraction {
  readonly sizes: ReadonlyMap<string, number>;
  /** Labels of the result. */
  readonly wanted: Labels;
}

function contractAll(
  context: OperatorContext,
  operands: readonly Operand[],
  { sizes, wanted }: Contraction,
): Operand {
  const unit: Operand = { labels: [], shape: [], forms: [constantForm(1)] };
  return operands.reduce((left, right, index) => {
    const isLast = index === operands.length - 1;
    const needed = new Set([
      ...wanted,
      ...operands.slice(index + 1).flatMap(({ labels }) => labels),
    ]);
    const known = [...new Set([...left.labels, ...right.labels])];
    const kept = isLast ? wanted : known.filter((label) => needed.has(label));
    return contract(context, [left, right], { sizes, wanted: kept });
  }, unit);
}

function contract(
  context: OperatorContext,
  [left, right]: readonly [Operand, Operand],
  { sizes, wanted }: Contraction,
): Operand {
  const labels = new Set([...left.labels, ...right.labels]);
  const summed = [...labels].filter((label) => !wanted.includes(label));
  const places = (operand: Operand) => ({
    forms: operand.forms,
    outer: indicesOf(operand, wanted, sizes),
    inner: indicesOf(operand, summed, sizes),
  });
  const shape = wanted.map((label) => sizes.get(label) ?? 1);
  const sides = [places(left), places(right)] as const;
  return { labels: wanted, shape, forms: sumsOfProducts(context, sides, elementCount(shape)) };
}

/** An operand's elements: which belong to an element of the result, as a start and the steps from there. */
interface Side {
  readonly forms: readonly AffineForm[];
  readonly outer: readonly number[];
  readonly inner: readonly number[];
}

function sumsOfProducts(
  context: OperatorContext,
  [left, right]: readonly [Side, Side],
  count: number,
): readonly AffineForm[] {
  if (left.forms.every(isConstantForm)) return weightedSums(left, right, count);
  if (right.forms.every(isConstantForm)) return weightedSums(right, left, count);
  const factors = ({ forms, outer, inner }: Side) =>
    outer.flatMap((start) => inner.map((step) => at(forms, start + step)));
  const products = context.multiply(factors(left), factors(right));
  const terms = left.inner.length;
  return listOf(count, (index) =>
    combine(listOf(terms, (k) => ({ weight: 1, form: at(products, index * terms + k) }))),
  );
}

function weightedSums(weights: Side, side: Side, count: number): readonly AffineForm[] {
  return listOf(count, (index) =>
    combine(
      side.inner.map((step, k) => ({
        weight: at(weights.forms, at(weights.outer, index) + at(weights.inner, k)).constant,
        form: at(side.forms, at(side.outer, index) + step),
      })),
    ),
  );
}

/** How far into the operand each position over `labels` leads; labels that it does not have, or has once, lead nowhere. */
function indicesOf(
  { shape, labels: own }: Operand,
  labels: Labels,
  sizes: ReadonlyMap<string, number>,
): readonly number[] {
  const strides = stridesOf(shape);
  const steps = labels.map((label) =>
    strides.reduce(
      (sum, stride, axis) => (own[axis] === label && shape[axis] !== 1 ? sum + stride : sum),
      0,
    ),
  );
  const extents = labels.map((label) => sizes.get(label) ?? 1);
  return mapPositions(extents, (position) => indexOf(position, steps));
}
