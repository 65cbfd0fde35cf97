import { at } from "../../arrays.ts";
import type { ConstraintSystem } from "../constraint-system.ts";
import { FIELD_ORDER, toField } from "../field.ts";
import {
  normalise,
  sum,
  term,
  type LinearCombination,
  type ScaledPart,
} from "../linear-combination.ts";
import { POSEIDON, POSEIDON_RATE, poseidonConstants } from "../poseidon.ts";

const { width, fullRounds, partialRounds } = POSEIDON;

/**
 * Enforces that the returned value is `commit(elements)`: the sponge of `circuit/poseidon.ts` inside the circuit.
 *
 * Only S-boxes cost rows, three each: `a = x²`, `b = a²`, `y = b · x`. Everything between them is linear and is carried
 * as combinations of S-box outputs.
 *
 * Enforced: the whole permutation, so that a prover who wants another commitment needs a Poseidon collision.
 *
 * Cost: 612 rows per block of 16 elements, less 3 for the known capacity of the first.
 */
export function commitment(
  cs: ConstraintSystem,
  elements: readonly LinearCombination[],
): LinearCombination {
  let state = Array.from({ length: width }, (_, i) => cs.constant(i === 0 ? elements.length : 0));
  for (let start = 0; start < elements.length; start += POSEIDON_RATE) {
    const block = elements.slice(start, start + POSEIDON_RATE);
    state = permute(
      cs,
      state.map((value, i) => {
        const absorbed = i === 0 ? undefined : block[i - 1];
        return absorbed === undefined
          ? value
          : sum([
              [value, 1],
              [absorbed, 1],
            ]);
      }),
    );
  }
  return at(state, 1);
}

function permute(cs: ConstraintSystem, input: readonly LinearCombination[]): LinearCombination[] {
  const { roundConstants } = poseidonConstants();
  const half = fullRounds / 2;
  let state = [...input];
  const fullRound = (round: number): void => {
    const constants = at(roundConstants, round);
    state = mix(state.map((value, i) => sBox(cs, plusConstant(cs, value, at(constants, i)))));
  };
  for (let round = 0; round < half; round++) fullRound(round);
  state = runPartialRounds(cs, state);
  for (let round = half + partialRounds; round < fullRounds + partialRounds; round++)
    fullRound(round);
  return state;
}

/**
 * The partial rounds: one S-box each, on element 0; the other elements only pass through linear layers.
 *
 * `partialRoundRows` tells each S-box input and each final element as a combination of the 17 elements at the start and
 * the S-box outputs so far.
 */
function runPartialRounds(
  cs: ConstraintSystem,
  start: readonly LinearCombination[],
): LinearCombination[] {
  const { inputs, outputs } = partialRoundRows();
  const basis = [...start];
  const combineRow = (row: readonly bigint[]): LinearCombination =>
    normalise(
      sum([
        ...basis.map((element, i): ScaledPart => [element, at(row, i + 1)]),
        [cs.constant(at(row, 0)), 1],
      ]),
    );
  for (const row of inputs) basis.push(sBox(cs, combineRow(row)));
  return outputs.map(combineRow);
}

interface PartialRoundRows {
  /** Per round: coefficients of 1, of the start elements, then of earlier S-box outputs. */
  readonly inputs: readonly (readonly bigint[])[];
  readonly outputs: readonly (readonly bigint[])[];
}

let cachedRows: PartialRoundRows | undefined;

/** Runs the partial rounds on symbolic vectors once; the result holds for every permutation. */
function partialRoundRows(): PartialRoundRows {
  if (cachedRows !== undefined) return cachedRows;
  const { roundConstants, matrix } = poseidonConstants();
  const length = 1 + width + partialRounds;
  const unit = (position: number): bigint[] =>
    Array.from({ length }, (_, i) => (i === position ? 1n : 0n));

  let state = Array.from({ length: width }, (_, i) => unit(1 + i));
  const inputs: bigint[][] = [];
  for (let round = 0; round < partialRounds; round++) {
    const constants = at(roundConstants, fullRounds / 2 + round);
    state.forEach((vector, i) => {
      vector[0] = at(vector, 0) + at(constants, i);
    });
    inputs.push(at(state, 0));
    state[0] = unit(1 + width + round);
    const used = 1 + width + round + 1;
    state = matrix.map((row) => mixVectors(row, state, { length, used }));
  }
  cachedRows = { inputs, outputs: state };
  return cachedRows;
}

/** One row of the matrix times vectors whose entries from `used` on are zero. */
function mixVectors(
  row: readonly bigint[],
  vectors: readonly (readonly bigint[])[],
  { length, used }: { length: number; used: number },
): bigint[] {
  return Array.from({ length }, (_, position) => {
    if (position >= used) return 0n;
    let total = 0n;
    vectors.forEach((vector, j) => {
      const value = at(vector, position);
      if (value !== 0n) total += at(row, j) * value;
    });
    return total % FIELD_ORDER;
  });
}

function mix(state: readonly LinearCombination[]): LinearCombination[] {
  const { matrix } = poseidonConstants();
  return matrix.map((row) =>
    normalise(sum(state.map((value, j): ScaledPart => [value, at(row, j)]))),
  );
}

function plusConstant(
  cs: ConstraintSystem,
  value: LinearCombination,
  constant: bigint,
): LinearCombination {
  return normalise(
    sum([
      [value, 1],
      [cs.constant(constant), 1],
    ]),
  );
}

/** Enforces `y = x⁵`; a constant `x` is raised at compile time. */
function sBox(cs: ConstraintSystem, x: LinearCombination): LinearCombination {
  const constant = constantValue(cs, x);
  if (constant !== undefined) return cs.constant(toField(constant ** 5n));
  const square = cs.wire();
  const fourth = cs.wire();
  const fifth = cs.wire();
  cs.enforce(x, x, term(square), "hash");
  cs.enforce(term(square), term(square), term(fourth), "hash");
  cs.enforce(term(fourth), x, term(fifth), "hash");
  cs.assign((witness) => {
    const base = toField(witness.evaluate(x));
    const squared = (base * base) % FIELD_ORDER;
    const fourthPower = (squared * squared) % FIELD_ORDER;
    witness.set(square, squared);
    witness.set(fourth, fourthPower);
    witness.set(fifth, (fourthPower * base) % FIELD_ORDER);
  });
  return term(fifth);
}

function constantValue(
  cs: ConstraintSystem,
  { wires, coefficients }: LinearCombination,
): bigint | undefined {
  if (wires.length === 0) return 0n;
  return wires.length === 1 && wires[0] === cs.one ? toField(at(coefficients, 0)) : undefined;
}
