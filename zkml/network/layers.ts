import { at } from "../arrays.ts";
import {
  constantForm,
  isConstantForm,
  scaleForm,
  variableForm,
  type AffineForm,
} from "./affine.ts";
import type { OnnxNode } from "../onnx/model.ts";
import type { Layer, ProductLayer } from "./network.ts";
import type { ElementType } from "../onnx/schema.ts";
import { unsupported, type Bounds, type LayerBuilder } from "./operator.ts";
import type { ScalarFunction } from "./scalar-functions.ts";

/** The layers so far, and the numbers of their variables. */
export class Layers {
  readonly all: Layer[] = [];
  readonly #steps = new Map<string, AffineForm>();
  /** Of every variable. */
  readonly #bounds: Bounds[];

  /** @param inputs What each element of the input can reach. */
  constructor(inputs: readonly Bounds[]) {
    this.#bounds = [...inputs];
  }

  /** What a form can reach; see {@link OperatorContext.boundsOf}. */
  boundsOf({ constant, variables, coefficients }: AffineForm): Bounds {
    let [low, high] = [constant, constant];
    variables.forEach((variable, k) => {
      const bounds = at(this.#bounds, variable);
      const coefficient = at(coefficients, k);
      const ends = [coefficient * bounds.low, coefficient * bounds.high];
      low += Math.min(...ends);
      high += Math.max(...ends);
    });
    return { low, high };
  }

  /** Adds layers in the name of an ONNX node. */
  builderFor(node: OnnxNode): LayerBuilder {
    const { name } = node;
    return {
      rectify: (forms) => this.#rectify(name, forms),
      step: (forms) => this.#step(name, forms),
      floor: (forms) => this.#floor(name, forms),
      multiply: (forms, factors, unit = 0) => this.#multiply(name, { forms, factors, unit }),
      apply: (given, forms) => this.#apply(node, given, forms),
    };
  }

  #rectify(name: string, forms: readonly AffineForm[]): AffineForm[] {
    const computed = forms.filter((form) => !isConstantForm(form));
    if (computed.length > 0) this.all.push({ kind: "rectifier", name, forms: computed });
    return forms.map((form) =>
      isConstantForm(form)
        ? constantForm(Math.max(0, form.constant))
        : this.#variable({ low: 0, high: Math.max(0, this.boundsOf(form).high) }),
    );
  }

  /** Equal forms share a variable: trees ask the same questions many times. */
  #step(name: string, forms: readonly AffineForm[]): AffineForm[] {
    const added: AffineForm[] = [];
    const results = forms.map((form) => {
      if (isConstantForm(form)) return constantForm(form.constant > 0 ? 1 : 0);
      const key = JSON.stringify(form);
      const known = this.#steps.get(key);
      if (known !== undefined) return known;
      added.push(form);
      const result = this.#variable({ low: 0, high: 1 });
      this.#steps.set(key, result);
      return result;
    });
    if (added.length > 0) this.all.push({ kind: "step", name, forms: added });
    return results;
  }

  #floor(name: string, forms: readonly AffineForm[]): AffineForm[] {
    const computed = forms.filter((form) => !isConstantForm(form));
    if (computed.length > 0) this.all.push({ kind: "floor", name, forms: computed });
    return forms.map((form) => {
      if (isConstantForm(form)) return constantForm(Math.floor(form.constant));
      const { low, high } = this.boundsOf(form);
      return this.#variable({ low: Math.floor(low), high: Math.floor(high) });
    });
  }

  #multiply(
    name: string,
    { forms, factors, unit }: Pick<ProductLayer, "forms" | "factors" | "unit">,
  ): AffineForm[] {
    const pairs = forms.map((form, row) => ({ form, factor: at(factors, row) }));
    const computed = pairs.filter(
      ({ form, factor }) => !isConstantForm(form) && !isConstantForm(factor),
    );
    if (computed.length > 0) {
      const [left, right] = [
        computed.map(({ form }) => form),
        computed.map(({ factor }) => factor),
      ];
      this.all.push({ kind: "product", name, forms: left, factors: right, unit });
    }
    return pairs.map(({ form, factor }) => {
      if (isConstantForm(factor)) return scaleForm(form, factor.constant);
      if (isConstantForm(form)) return scaleForm(factor, form.constant);
      return this.#variable(productBounds(this.boundsOf(form), this.boundsOf(factor)));
    });
  }

  #apply(node: OnnxNode, given: ScalarFunction, forms: readonly AffineForm[]): AffineForm[] {
    const computed = forms.filter((form) => !isConstantForm(form));
    if (computed.length > 0) {
      this.all.push({ kind: "function", name: node.name, forms: computed, function: given });
    }
    return forms.map((form) => {
      if (!isConstantForm(form)) return this.#variable(UNKNOWN);
      const value = given.evaluate(form.constant);
      if (!Number.isFinite(value)) throw unsupported(node, `gives ${value}`);
      return constantForm(value);
    });
  }

  #variable(bounds: Bounds): AffineForm {
    this.#bounds.push(bounds);
    return variableForm(this.#bounds.length - 1);
  }
}

const UNKNOWN: Bounds = { low: -Infinity, high: Infinity };

function productBounds(a: Bounds, b: Bounds): Bounds {
  const corners = [a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high];
  // Zero times infinity.
  if (corners.some(Number.isNaN)) return UNKNOWN;
  return { low: Math.min(...corners), high: Math.max(...corners) };
}

/** What an element of an input of this type can be. */
export function inputBounds(type: ElementType): Bounds {
  switch (type) {
    case "bool":
      return { low: 0, high: 1 };
    case "uint8":
      return { low: 0, high: 255 };
    case "int8":
      return { low: -128, high: 127 };
    default:
      return UNKNOWN;
  }
}
