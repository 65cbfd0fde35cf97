import { at } from "../../arrays.ts";
import { INTEGER_FORMATS, type IntegerType } from "../../integer/tensor-spec.ts";
import type { Assignment, ConstraintSystem } from "../constraint-system.ts";
import { FIELD_ORDER } from "../field.ts";
import { sum, term, ZERO, type LinearCombination, type ScaledPart } from "../linear-combination.ts";
import { enforceBoolean } from "./boolean.ts";

/** An integer inside the circuit together with its public encoding. */
export interface EncodedInteger {
  readonly value: LinearCombination;
  /** Big-endian, two's complement if signed; each provably in 0 … 255. */
  readonly bytes: readonly LinearCombination[];
}

/**
 * A fresh wire holding one input element, enforced to be an integer of `type`, and the bytes that encode it.
 *
 * With `n` bits and `u = value` (unsigned) or `u = value + 2^(n-1)` (signed), the low `n - 1` binary digits of `u` are
 * wires, and the top digit times `2^(n-1)` is what is left: `top = u - Σ 2^t · bit[t]`, enforced to be 0 or `2^(n-1)`.
 *
 * Enforced: `0 ≤ u < 2^n`, and that the bytes are the one encoding of the value. Without the range check a value of 256
 * could stand for a 0 with a carry into the next byte, and two inputs would share one packed word.
 *
 * Cost: `n` rows; one for a value that is true or false.
 */
export function inputInteger(
  cs: ConstraintSystem,
  type: IntegerType,
  valueOf: (assignment: Assignment) => number,
): EncodedInteger {
  if (type === "bool") return inputBit(cs, valueOf);
  const { bytes: size, min } = INTEGER_FORMATS[type];
  const lowCount = 8 * size - 1;
  const half = 2 ** lowCount;
  const signed = min < 0;

  const wire = cs.wire();
  const firstBit = cs.wires(lowCount);
  const low = Array.from({ length: lowCount }, (_, t) => term(firstBit + t));
  for (const bit of low) enforceBoolean(cs, bit);

  const top = sum([
    [term(wire), 1],
    [cs.constant(signed ? half : 0), 1],
    ...low.map((bit, t): ScaledPart => [bit, -(2 ** t)]),
  ]);
  const topLessHalf = sum([
    [top, 1],
    [cs.constant(half), -1],
  ]);
  cs.enforce(top, topLessHalf, ZERO, "input byte");

  cs.assign((witness, assignment) => {
    const value = valueOf(assignment);
    witness.set(wire, value);
    let rest = signed ? value + half : value;
    for (let t = 0; t < lowCount; t++) {
      witness.set(firstBit + t, rest % 2);
      rest = Math.floor(rest / 2);
    }
  });

  // The encoding's top bit: of the value itself if unsigned; set for negative values if signed.
  const encodedTop: ScaledPart[] = signed
    ? [
        [cs.constant(half), 1],
        [top, -1],
      ]
    : [[top, 1]];
  return { value: term(wire), bytes: encodingBytes(term(wire), { low, encodedTop, size, signed }) };
}

/** What is true or false is its own encoding. */
function inputBit(
  cs: ConstraintSystem,
  valueOf: (assignment: Assignment) => number,
): EncodedInteger {
  const wire = cs.wire();
  const bit = term(wire);
  enforceBoolean(cs, bit);
  cs.assign((witness, assignment) => {
    witness.set(wire, valueOf(assignment));
  });
  return { value: bit, bytes: [bit] };
}

interface Encoding {
  readonly low: readonly LinearCombination[];
  /** The top bit, scaled by its weight. */
  readonly encodedTop: readonly ScaledPart[];
  readonly size: number;
  readonly signed: boolean;
}

function encodingBytes(
  value: LinearCombination,
  { low, encodedTop, size, signed }: Encoding,
): LinearCombination[] {
  // An unsigned byte is its own encoding: one term instead of nine.
  if (size === 1 && !signed) return [value];
  return Array.from({ length: size }, (_, index) => {
    const firstBit = 8 * (size - 1 - index);
    const digits = low
      .slice(firstBit, firstBit + 8)
      .map((_, t): ScaledPart => [at(low, firstBit + t), 2 ** t]);
    if (index > 0) return sum(digits);
    const unscale = inverseOfPower(firstBit);
    return sum([
      ...digits,
      ...encodedTop.map(([part, factor]): ScaledPart => [part, BigInt(factor) * unscale]),
    ]);
  });
}

/** `2^-exponent` in the field: halving, `exponent` times. */
function inverseOfPower(exponent: number): bigint {
  let inverse = 1n;
  for (let i = 0; i < exponent; i++)
    inverse = inverse % 2n === 0n ? inverse / 2n : (inverse + FIELD_ORDER) / 2n;
  return inverse;
}
