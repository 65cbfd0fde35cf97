import { ZkmlError } from "../errors.ts";
import type { AttributeValue, OnnxNode } from "../onnx/model.ts";
import { optionalConstant, unsupported, type OperatorContext } from "./operator.ts";

type Known = Exclude<AttributeValue, { kind: "other" }>;
/** Value of an attribute by its kind. */
type Values = { [A in Known as A["kind"]]: A["value"] };

/** The attribute's value, or `undefined` if the node does not have it. */
export function attribute<K extends keyof Values>(
  node: OnnxNode,
  name: string,
  kind: K,
): Values[K] | undefined {
  const found = node.attributes.get(name);
  if (found === undefined) return undefined;
  if (hasKind(found, kind)) return requireFinite(node, name, found.value);
  throw unsupported(node, `has a "${name}" that is no ${kind}`);
}

/** @throws ZkmlError `ONNX_NOT_FINITE`. */
function requireFinite<T>(node: OnnxNode, name: string, value: T): T {
  const numbers: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (!numbers.some((each) => typeof each === "number" && !Number.isFinite(each))) return value;
  throw new ZkmlError(
    "ONNX_NOT_FINITE",
    `Node "${node.name}" (${node.operator}) has a "${name}" that is no finite number.`,
    "Train or export the model again; its constants must be finite numbers.",
  );
}

/** A number that may be NaN or infinite, where that stands for nothing or for no limit. */
export function anyFloatAttribute(node: OnnxNode, name: string, fallback: number): number {
  const found = node.attributes.get(name);
  return found?.kind === "float" ? found.value : floatAttribute(node, name, fallback);
}

function hasKind<K extends keyof Values>(
  attribute: AttributeValue,
  kind: K,
): attribute is AttributeValue & { readonly kind: K; readonly value: Values[K] } {
  return attribute.kind === kind;
}

export function intAttribute(node: OnnxNode, name: string, fallback: number): number {
  return attribute(node, name, "int") ?? fallback;
}

export function floatAttribute(node: OnnxNode, name: string, fallback: number): number {
  return attribute(node, name, "float") ?? fallback;
}

export function flagAttribute(node: OnnxNode, name: string, fallback = false): boolean {
  return intAttribute(node, name, fallback ? 1 : 0) !== 0;
}

/** A string attribute that takes one of several values, the first of which is the default. */
export function choiceAttribute<T extends string>(
  node: OnnxNode,
  name: string,
  choices: readonly [T, ...T[]],
): T {
  const value = attribute(node, name, "string") ?? choices[0];
  const choice = choices.find((each) => each === value);
  if (choice !== undefined) return choice;
  throw unsupported(node, `has ${name} "${value}"`);
}

/** Refuses an attribute whose other values this compiler does not know how to lower. */
export function requireInt(node: OnnxNode, name: string, only: number): void {
  const value = intAttribute(node, name, only);
  if (value !== only) throw unsupported(node, `has ${name} ${value}`);
}

/** A list of integers that newer opsets pass as constant input `index` and older ones as an attribute. */
export function listOperand(
  context: OperatorContext,
  name: string,
  index: number,
): readonly number[] | undefined {
  const tensor = optionalConstant(context, index, name);
  return tensor === undefined ? attribute(context.node, name, "ints") : Array.from(tensor.values);
}
