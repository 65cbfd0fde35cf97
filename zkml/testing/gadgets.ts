import { at, listOf } from "../arrays.ts";
import type { PiecewiseTable } from "../integer/piecewise-table.ts";
import type { Interval } from "../integer/intervals.ts";
import { encodeTensors, INTEGER_FORMATS, type IntegerType } from "../integer/tensor-spec.ts";
import { Bench } from "./bench.ts";
import type { Subject } from "./necessity.ts";
import type { ConstraintSystem } from "../circuit/constraint-system.ts";
import { equalField, FIELD_ORDER, toField, type FieldValue } from "../circuit/field.ts";
import { term, type LinearCombination } from "../circuit/linear-combination.ts";
import { decompose } from "../circuit/gadgets/bits.ts";
import { enforceBoolean } from "../circuit/gadgets/boolean.ts";
import type { BoundedValue } from "../circuit/gadgets/bounded-value.ts";
import { clamp } from "../circuit/gadgets/clamp.ts";
import { fingerprint } from "../circuit/gadgets/fingerprint.ts";
import { floorShift } from "../circuit/gadgets/floor-shift.ts";
import { inputInteger } from "../circuit/gadgets/input-integer.ts";
import { outputBytes } from "../circuit/gadgets/output-integer.ts";
import { commitment } from "../circuit/gadgets/poseidon.ts";
import { multiply } from "../circuit/gadgets/product.ts";
import { rectify } from "../circuit/gadgets/rectifier.ts";
import { selector } from "../circuit/gadgets/selector.ts";
import { step } from "../circuit/gadgets/step.ts";
import { lookUpTable } from "../circuit/gadgets/table.ts";
import { thermometer } from "../circuit/gadgets/thermometer.ts";

/** One gadget of a bounded value, for each of several values. */
function perValue(
  values: readonly number[],
  interval: Interval,
  gadget: (cs: ConstraintSystem, given: BoundedValue) => readonly LinearCombination[],
): Subject[] {
  return values.map((value) => {
    const bench = new Bench();
    const given = { value: bench.fixed(value), interval, valueOf: () => value };
    return bench.subject(gadget(bench.cs, given));
  });
}

function integersIn({ low, high }: Interval): number[] {
  return listOf(high - low + 1, (k) => low + k);
}

const SIGNED: Interval = { low: -11, high: 13 };

/** As a number around zero. */
function signedOf(value: FieldValue): bigint {
  const element = toField(value);
  return element > FIELD_ORDER / 2n ? element - FIELD_ORDER : element;
}

interface Gadget {
  readonly subjects: () => readonly Subject[];
  /** Bent rows that enforce the same; the comment beside them says why. */
  readonly equivalent?: readonly string[];
  /** Too many bits to go through all witnesses. */
  readonly isLarge?: boolean;
}

const TABLE: PiecewiseTable = {
  segmentBits: 2,
  stepBits: 2,
  outputShift: 1,
  slopes: Int32Array.of(3, -1, 0, 2),
  intercepts: Float64Array.of(-4, 9, 1, 5),
};

/** Small circuits of every gadget, each with honest witnesses enough to tell all of its rows apart. */
export const GADGETS: Readonly<Record<string, Gadget>> = {
  boolean: {
    subjects: () =>
      [0, 1].map((value) => {
        const bench = new Bench();
        const bit = bench.free(value);
        enforceBoolean(bench.cs, bit);
        return bench.subjectOf((witness) => toField(witness.evaluate(bit)) > 1n);
      }),
  },

  bits: {
    subjects: () =>
      [0, 22, 31].map((value) => {
        const bench = new Bench();
        const { first, count } = decompose(bench.cs, bench.fixed(value), 5, () => value);
        return bench.subject(listOf(count, (t) => term(first + t)));
      }),
  },

  rectifier: {
    subjects: () =>
      perValue(integersIn(SIGNED), SIGNED, (cs, given) => [rectify(cs, { ...given, shift: 2 })]),
  },

  "rectifier of what is not negative": {
    subjects: () =>
      perValue(integersIn({ low: 0, high: 29 }), { low: 0, high: 29 }, (cs, given) => [
        rectify(cs, { ...given, shift: 2 }),
      ]),
  },

  step: { subjects: () => perValue(integersIn(SIGNED), SIGNED, (cs, given) => [step(cs, given)]) },

  "floor shift": {
    subjects: () =>
      perValue(integersIn(SIGNED), SIGNED, (cs, given) => [floorShift(cs, { ...given, shift: 2 })]),
  },

  clamp: {
    subjects: () =>
      perValue(integersIn({ low: -6, high: 14 }), { low: -6, high: 14 }, (cs, given) => [
        clamp(cs, given, 7).value,
      ]),
  },

  thermometer: {
    subjects: () =>
      perValue([-2, 1, 2, 5, 6, 9, 10, 13, 14, 18, 19, 26], { low: -2, high: 26 }, (cs, given) =>
        thermometer(cs, given, [2, 6, 10, 14, 19]),
      ),
    // The last mark is 0 or 1 by its own row, so the one before it is either equal or 1, in both.
    equivalent: ["boolean: (1*w6 + -1*w7) · (1*w6 + 0*w7 + -1*w1) = 0"],
  },

  "thermometer of one mark": {
    subjects: () =>
      perValue(integersIn({ low: -2, high: 9 }), { low: -2, high: 9 }, (cs, given) =>
        thermometer(cs, given, [5]),
      ),
  },

  "thermometer of all numbers": {
    subjects: () =>
      perValue(integersIn({ low: 0, high: 5 }), { low: 0, high: 5 }, (cs, given) =>
        thermometer(cs, given, [1, 2, 3, 4, 5]),
      ),
    // As above. A rise before the last two falls would name the number 4 + 5 - 3, which is outside of the interval.
    equivalent: [
      "boolean: (1*w5 + -1*w6) · (1*w5 + 0*w6 + -1*w1) = 0",
      "boolean: (1*w6 + -1*w7) · (1*w6 + 0*w7 + -1*w1) = 0",
    ],
  },

  product: {
    subjects: () =>
      [
        [6, -7],
        [-3, 5],
      ].map(([left = 0, right = 0]) => {
        const bench = new Bench();
        const factors = { left: bench.fixed(left), right: bench.fixed(right) };
        return bench.subject([multiply(bench.cs, { ...factors, productOf: () => left * right })]);
      }),
  },

  selector: {
    subjects: () =>
      listOf(8, (index) => {
        const bench = new Bench();
        const bits = listOf(3, (t) => bench.fixed((index >> t) & 1));
        return bench.subject([selector(bench.cs, bits)([5, -7, 0, 31, 3, 3, -19, 11])]);
      }),
  },

  table: {
    subjects: () =>
      perValue(integersIn({ low: -4, high: 37 }), { low: -4, high: 37 }, (cs, argument) => [
        lookUpTable(cs, { table: TABLE, argument, shift: 1 }),
      ]),
  },

  fingerprint: {
    subjects: () => {
      const bench = new Bench();
      const elements = [3n, FIELD_ORDER - 1n, 2n ** 247n, 5n, 77n].map((value) =>
        bench.fixed(value),
      );
      const point = at(bench.fixed(FIELD_ORDER - 987_654_321n).wires, 0);
      return [bench.subject([fingerprint(bench.cs, elements, point)])];
    },
  },

  "output integer": {
    subjects: () =>
      perValue(integersIn(SIGNED), SIGNED, (cs, given) =>
        outputBytes(cs, { ...given, type: "int16" }),
      ),
  },

  "input bool": inputGadget("bool", [0, 1]),
  "input uint8": inputGadget("uint8", [0, 127, 255]),
  "input int8": inputGadget("int8", [-128, -1, 0, 42, 127]),
  "input int16": { ...inputGadget("int16", [-32_768, -1, 0, 32_767]), isLarge: true },
  "input int32": { ...inputGadget("int32", [-(2 ** 31), -1, 0, 2 ** 31 - 1]), isLarge: true },

  poseidon: {
    subjects: () => {
      const bench = new Bench();
      return [bench.subject([commitment(bench.cs, [bench.fixed(12_345n)])])];
    },
  },
};

const ELEMENT = { name: "x", shape: [], scale: 1 };

/** A forger wants bytes that are not the encoding of the number inside, or a number of another type. */
function inputGadget(type: IntegerType, values: readonly number[]): Gadget {
  const { min, max } = INTEGER_FORMATS[type];
  return {
    subjects: () =>
      values.map((value) => {
        const bench = new Bench();
        const { value: inside, bytes } = inputInteger(bench.cs, type, () => value);
        return bench.subjectOf((witness) => {
          const found = signedOf(witness.evaluate(inside));
          if (found < BigInt(min) || found > BigInt(max)) return true;
          const encoding = encodeTensors([{ ...ELEMENT, type }], [Number(found)]);
          return bytes.some((byte, i) => !equalField(witness.evaluate(byte), at(encoding, i)));
        });
      }),
  };
}
