import { at } from "../arrays.ts";
import {
  constantForm,
  isConstantForm,
  scaleForm,
  variableForm,
  type AffineForm,
} from "./affine.ts";
import type { OnnxNode } from "../onnx/model.ts";
import type { Layer } from "./network.ts";
import { unsupported, type LayerBuilder } from "./operator.ts";
import type { ScalarFunction } from "./scalar-functions.ts";

/** The layers so far, and the numbers of their variables. */
export class Layers {
  readonly all: Layer[] = [];
  #variableCount: number;

  constructor(inputSize: number) {
    this.#variableCount = inputSize;
  }

  /** Adds layers in the name of an ONNX node. */
  builderFor(node: OnnxNode): LayerBuilder {
    const { name } = node;
    return {
      rectify: (forms) => this.#rectify(name, forms),
      multiply: (forms, factors) => this.#multiply(name, forms, factors),
      apply: (given, forms) => this.#apply(node, given, forms),
    };
  }

  #rectify(name: string, forms: readonly AffineForm[]): AffineForm[] {
    const computed = forms.filter((form) => !isConstantForm(form));
    if (computed.length > 0) this.all.push({ kind: "rectifier", name, forms: computed });
    return forms.map((form) =>
      isConstantForm(form) ? constantForm(Math.max(0, form.constant)) : this.#variable(),
    );
  }

  #multiply(
    name: string,
    forms: readonly AffineForm[],
    factors: readonly AffineForm[],
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
      this.all.push({ kind: "product", name, forms: left, factors: right });
    }
    return pairs.map(({ form, factor }) => {
      if (isConstantForm(factor)) return scaleForm(form, factor.constant);
      return isConstantForm(form) ? scaleForm(factor, form.constant) : this.#variable();
    });
  }

  #apply(node: OnnxNode, given: ScalarFunction, forms: readonly AffineForm[]): AffineForm[] {
    const computed = forms.filter((form) => !isConstantForm(form));
    if (computed.length > 0) {
      this.all.push({ kind: "function", name: node.name, forms: computed, function: given });
    }
    return forms.map((form) => {
      if (!isConstantForm(form)) return this.#variable();
      const value = given.evaluate(form.constant);
      if (!Number.isFinite(value)) throw unsupported(node, `gives ${value}`);
      return constantForm(value);
    });
  }

  #variable(): AffineForm {
    return variableForm(this.#variableCount++);
  }
}
