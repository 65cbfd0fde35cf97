import { at } from "../arrays.ts";

/**
 * An affine form over the network's variables: `constant + Σ coefficients[k] · variable[variables[k]]`.
 *
 * Everything linear in a network (Gemm, MatMul, Add, reshapes, and any chain of them) is one such form per element, so
 * it never becomes a constraint of its own; only what is not linear creates a new variable.
 */
export interface AffineForm {
  readonly constant: number;
  /** Distinct variable indices. */
  readonly variables: readonly number[];
  /** Non-zero, one per variable. */
  readonly coefficients: readonly number[];
}

export function constantForm(constant: number): AffineForm {
  return { constant, variables: [], coefficients: [] };
}

export function variableForm(variable: number): AffineForm {
  return { constant: 0, variables: [variable], coefficients: [1] };
}

export function isConstantForm(form: AffineForm): boolean {
  return form.variables.length === 0;
}

/** `weight · form`. */
export function scaleForm(form: AffineForm, weight: number): AffineForm {
  if (weight === 1) return form;
  if (weight === 0) return constantForm(0);
  const { constant, variables, coefficients } = form;
  return {
    constant: constant * weight,
    variables,
    coefficients: coefficients.map((coefficient) => coefficient * weight),
  };
}

/** One term of a weighted sum of forms. */
export interface WeightedForm {
  readonly weight: number;
  readonly form: AffineForm;
}

/** `constant + Σ weight · form`, with equal variables merged and zero terms dropped. */
export function combine(terms: Iterable<WeightedForm>, constant = 0): AffineForm {
  const sums = new Map<number, number>();
  let total = constant;
  for (const { weight, form } of terms) {
    if (weight === 0) continue;
    total += weight * form.constant;
    form.variables.forEach((variable, k) => {
      const term = weight * (form.coefficients[k] ?? 0);
      sums.set(variable, (sums.get(variable) ?? 0) + term);
    });
  }
  const kept = [...sums].filter(([, coefficient]) => coefficient !== 0);
  return {
    constant: total,
    variables: kept.map(([variable]) => variable),
    coefficients: kept.map(([, coefficient]) => coefficient),
  };
}

/** `constant + Σ weight · form`, where the weights are few and known. */
export function mix(parts: readonly (readonly [number, AffineForm])[], constant = 0): AffineForm {
  return combine(
    parts.map(([weight, form]) => ({ weight, form })),
    constant,
  );
}

/** `mix`, row by row, of lists of the same length. */
export function mixRows(
  parts: readonly (readonly [number, readonly AffineForm[]])[],
  constant = 0,
): AffineForm[] {
  const [first] = parts;
  return (first?.[1] ?? []).map((_, row) =>
    mix(
      parts.map(([weight, forms]) => [weight, at(forms, row)] as const),
      constant,
    ),
  );
}

/** Value of a form in floating point. */
export function evaluateForm(form: AffineForm, variables: ArrayLike<number>): number {
  let sum = form.constant;
  form.variables.forEach((variable, k) => {
    sum += (variables[variable] ?? 0) * (form.coefficients[k] ?? 0);
  });
  return sum;
}
