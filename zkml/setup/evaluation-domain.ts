import { at } from "../arrays.ts";
import { FIELD_ORDER, toField } from "../circuit/field.ts";

/** `1, base, base², …`: `count` powers. */
export function powersOf(base: bigint, count: number): bigint[] {
  const powers = [1n];
  while (powers.length < count) powers.push((at(powers, powers.length - 1) * base) % FIELD_ORDER);
  return powers;
}

/** `L_i(tau) = ω^i · (tau^n - 1) / (n · (tau - ω^i))` for the domain of `n = 2^k` roots of unity. */
export function lagrange(k: number, tau: bigint): bigint[] {
  const size = BigInt(2 ** k);
  const roots = powersOf(rootOfUnity(k), 2 ** k);
  const inverses = invertAll(roots.map((root) => toField(tau - root)));
  const vanishing = (toField(power(tau, size) - 1n) * invert(size)) % FIELD_ORDER;
  return roots.map(
    (root, i) => (((vanishing * root) % FIELD_ORDER) * at(inverses, i)) % FIELD_ORDER,
  );
}

/**
 * The top level as snarkjs prepares it: Lagrange evaluations of the powers with the highest, `tau^(n-1)`, left out. Its
 * odd entries are the `H` query of a key over the domain of half the size.
 */
export function truncatedLagrange(k: number, tau: bigint): bigint[] {
  const size = BigInt(2 ** k);
  const step = power(invert(rootOfUnity(k)), size - 1n);
  let missing = (power(tau, size - 1n) * invert(size)) % FIELD_ORDER;
  return lagrange(k, tau).map((value) => {
    const truncated = toField(value - missing);
    missing = (missing * step) % FIELD_ORDER;
    return truncated;
  });
}

/** Inverse of a field element that is not zero. */
export function invert(value: bigint): bigint {
  return power(value, FIELD_ORDER - 2n);
}

/** Primitive root of unity of order `2^k`: 5 generates the field's multiplicative group, whose 2-part is `2^28`. */
function rootOfUnity(k: number): bigint {
  return power(5n, (FIELD_ORDER - 1n) >> BigInt(k));
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = base % FIELD_ORDER;
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = (result * square) % FIELD_ORDER;
    square = (square * square) % FIELD_ORDER;
  }
  return result;
}

/** Montgomery's trick: one inversion for all. */
function invertAll(values: readonly bigint[]): bigint[] {
  const prefixes: bigint[] = [];
  let product = 1n;
  for (const value of values) {
    prefixes.push(product);
    product = (product * value) % FIELD_ORDER;
  }
  let inverse = invert(product);
  const inverses = new Array<bigint>(values.length);
  for (let i = values.length - 1; i >= 0; i--) {
    inverses[i] = (inverse * at(prefixes, i)) % FIELD_ORDER;
    inverse = (inverse * at(values, i)) % FIELD_ORDER;
  }
  return inverses;
}
