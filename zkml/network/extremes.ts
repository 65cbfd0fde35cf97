import { at } from "../arrays.ts";
import { combine, scaleForm, type AffineForm } from "./affine.ts";
import { shapeError, type OperatorContext } from "./operator.ts";

/**
 * The largest form of each group.
 *
 * `max(a, b) = b + max(0, a - b)`: one rectifier for each form but the first of a group, and `b` itself is not rounded.
 * Groups are halved round by round, so an element passes through at most log2(size) roundings.
 */
export function maximum(
  context: OperatorContext,
  groups: readonly (readonly AffineForm[])[],
): readonly AffineForm[] {
  if (groups.some(({ length }) => length === 0)) {
    throw shapeError(context.node, "takes the extreme of no elements");
  }
  const pairs = groups.flatMap(pairUp);
  const excess = context.rectify(
    pairs.map(({ base, other }) =>
      combine([
        { weight: 1, form: other },
        { weight: -1, form: base },
      ]),
    ),
  );
  const winners = pairs.map(({ base }, index) =>
    combine([
      { weight: 1, form: base },
      { weight: 1, form: at(excess, index) },
    ]),
  );
  let next = 0;
  const rest = groups.map((group) => {
    const halved = winners.slice(next, (next += group.length >> 1));
    return group.length % 2 === 0 ? halved : [...halved, at(group, group.length - 1)];
  });
  return rest.every(({ length }) => length === 1)
    ? rest.map((group) => at(group, 0))
    : maximum(context, rest);
}

/** The smallest form of each group: `min(a, b) = -max(-a, -b)`. */
export function minimum(
  context: OperatorContext,
  groups: readonly (readonly AffineForm[])[],
): readonly AffineForm[] {
  const mirrored = groups.map((group) => group.map(negated));
  return maximum(context, mirrored).map(negated);
}

function negated(form: AffineForm): AffineForm {
  return scaleForm(form, -1);
}

interface Pair {
  readonly base: AffineForm;
  readonly other: AffineForm;
}

/** Neighbours two by two. The shorter form becomes the base, because what reads the maximum reads all of the base. */
function pairUp(group: readonly AffineForm[]): Pair[] {
  const pairs: Pair[] = [];
  for (let k = 0; k + 1 < group.length; k += 2) {
    const [a, b] = [at(group, k), at(group, k + 1)];
    pairs.push(
      a.variables.length < b.variables.length ? { base: a, other: b } : { base: b, other: a },
    );
  }
  return pairs;
}
