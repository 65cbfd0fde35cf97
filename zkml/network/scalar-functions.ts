/** A real function of one number that a network applies element by element. */
export interface ScalarFunction {
  readonly evaluate: (x: number) => number;
  /**
   * Arguments beyond this are taken as its ends: the function is (nearly) constant there, or not defined. An infinite end
   * is replaced by what the calibration samples reach, with a margin.
   */
  readonly domain: { readonly low: number; readonly high: number };
  /** Where the function leaves all bounds. Arguments stay on the side of it on which the samples are. */
  readonly pole?: number;
}

const REALS = { low: -Infinity, high: Infinity };

/** Functions that circuits know as piecewise linear tables; beyond their domains they are within 2⁻¹³ of constant. */
export const SCALAR_FUNCTIONS = {
  acos: { evaluate: Math.acos, domain: { low: -1, high: 1 } },
  acosh: { evaluate: Math.acosh, domain: REALS },
  asin: { evaluate: Math.asin, domain: { low: -1, high: 1 } },
  asinh: { evaluate: Math.asinh, domain: REALS },
  atan: { evaluate: Math.atan, domain: REALS },
  cos: { evaluate: Math.cos, domain: REALS },
  cosh: { evaluate: Math.cosh, domain: REALS },
  erf: { evaluate: erf, domain: { low: -3, high: 3 } },
  exp: { evaluate: Math.exp, domain: { low: -10, high: Infinity } },
  geluGate: { evaluate: geluGate, domain: { low: -4, high: 4 } },
  log: { evaluate: Math.log, domain: REALS, pole: 0 },
  logOnePlusExp: { evaluate: (x) => Math.log1p(Math.exp(x)), domain: { low: -10, high: Infinity } },
  reciprocal: { evaluate: (x) => 1 / x, domain: REALS, pole: 0 },
  reciprocalSqrt: { evaluate: (x) => 1 / Math.sqrt(x), domain: REALS, pole: 0 },
  sigmoid: { evaluate: (x) => 1 / (1 + Math.exp(-x)), domain: { low: -10, high: 10 } },
  sin: { evaluate: Math.sin, domain: REALS },
  sinh: { evaluate: Math.sinh, domain: REALS },
  sqrt: { evaluate: Math.sqrt, domain: REALS },
  tan: { evaluate: Math.tan, domain: REALS },
  tanh: { evaluate: Math.tanh, domain: { low: -5, high: 5 } },
} as const satisfies Readonly<Record<string, ScalarFunction>>;

/** The share of `x` that Gelu lets through, in its approximation by tanh (Hendrycks and Gimpel, 2016). */
function geluGate(x: number): number {
  return (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044_715 * x ** 3))) / 2;
}

/** `x ** exponent`; where that is no real number, only as far as the samples reach. */
export function power(exponent: number): ScalarFunction {
  const evaluate = (x: number) => x ** exponent;
  return exponent < 0 ? { evaluate, domain: REALS, pole: 0 } : { evaluate, domain: REALS };
}

/** Below this, the series of `erf` is short; above, the continued fraction. */
const SERIES_LIMIT = 2.5;

/**
 * The error function, to about 1e-15: Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.6 for small and 7.1.14
 * for large arguments.
 */
function erf(x: number): number {
  if (x < 0) return -erf(-x);
  if (x > 6) return 1;
  const scale = Math.exp(-x * x) / Math.sqrt(Math.PI);
  return x < SERIES_LIMIT ? 2 * scale * erfSeries(x) : 1 - scale * erfcFraction(x);
}

/** `Σ 2ⁿ x²ⁿ⁺¹ / (1 · 3 · … · (2n + 1))`. */
function erfSeries(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; term > sum * 1e-17; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return sum;
}

/** `1 / (x + 1/2 / (x + 2/2 / (x + 3/2 / …)))`. */
function erfcFraction(x: number): number {
  let tail = x;
  for (let n = 60; n >= 1; n--) tail = x + n / 2 / tail;
  return 1 / tail;
}
