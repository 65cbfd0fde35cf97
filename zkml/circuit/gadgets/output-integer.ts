import { INTEGER_FORMATS, type IntegerType } from "../../integer/tensor-spec.ts";
import type { ConstraintSystem } from "../constraint-system.ts";
import { sum, term, type LinearCombination, type ScaledPart } from "../linear-combination.ts";
import { bitLength, decompose } from "./bits.ts";
import type { BoundedValue } from "./bounded-value.ts";

/** The interval has to be inside the type's range. */
export interface OutputParameters extends BoundedValue {
  readonly type: IntegerType;
}

/**
 * The big-endian two's-complement bytes of a signed output, each a combination of enforced bits.
 *
 * With `m` such that `-2^m ≤ low` and `high < 2^m`, `value + 2^m` is decomposed into `m + 1` bits. The lower `m` are the
 * encoding's low bits; every higher bit of the encoding repeats the sign, which is `1 - top`.
 *
 * Enforced: the bytes are the one encoding of the value. A prover cannot choose another, because the decomposition is
 * unique and sign extension is linear in it.
 *
 * Cost: `m + 1` boolean rows and one linear row.
 */
export function outputBytes(
  cs: ConstraintSystem,
  { value, interval, type, valueOf }: OutputParameters,
): LinearCombination[] {
  const magnitude = Math.max(
    bitLength(Math.max(0, interval.high)),
    bitLength(Math.max(0, -interval.low - 1)),
  );
  const offset = 2 ** magnitude;
  const shifted = sum([
    [value, 1],
    [cs.constant(offset), 1],
  ]);
  const bits = decompose(cs, shifted, magnitude + 1, (assignment) => valueOf(assignment) + offset);
  const negative = sum([
    [cs.constant(1), 1],
    [term(bits.first + magnitude), -1],
  ]);

  const { bytes: size } = INTEGER_FORMATS[type];
  return Array.from({ length: size }, (_, index) => {
    const firstBit = 8 * (size - 1 - index);
    const digits = Array.from({ length: 8 }, (_, t): ScaledPart => {
      const position = firstBit + t;
      return [position < magnitude ? term(bits.first + position) : negative, 2 ** t];
    });
    return sum(digits);
  });
}
