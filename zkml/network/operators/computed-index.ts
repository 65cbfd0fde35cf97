import { at, listOf } from "../../arrays.ts";
import type { OnnxNode } from "../../onnx/model.ts";
import { constantForm, isConstantForm, mix, type AffineForm } from "../affine.ts";
import { shapeError, type OperatorContext } from "../operator.ts";

/*
 * An index that is computed stands for one of the places that it can name. Whether it has reached a place is a comparison; an entry
 * is the first one and every difference to the next that the index has reached. Entries that are constants make that an affine form.
 *
 * The standard calls it an error if an index names no entry. A constant one is refused; a computed one is taken as the nearest that
 * does, as no proof can be refused for it.
 */

/** An index into `size` entries, and the first and last place that it can name: negative ones count from the end. */
export interface BoundedIndex {
  readonly form: AffineForm;
  readonly size: number;
  readonly first: number;
  readonly last: number;
}

/** @throws ZkmlError `ONNX_SHAPE_MISMATCH` for a constant index that names no entry. */
export function boundedIndex(
  context: OperatorContext,
  form: AffineForm,
  size: number,
): BoundedIndex {
  if (isConstantForm(form)) {
    const place = resolveIndex(context.node, form.constant, size);
    return { form: constantForm(place), size, first: place, last: place };
  }
  const { low, high } = context.boundsOf(form);
  // Without better knowledge, an index counts from the front; the standard lets it name an entry, and nothing else.
  const first = Number.isFinite(low) ? Math.min(size - 1, Math.max(-size, Math.ceil(low))) : 0;
  return { form, size, first, last: Math.max(first, Math.min(size - 1, Math.floor(high))) };
}

export function resolveIndex(node: OnnxNode, index: number, size: number): number {
  const resolved = index < 0 ? index + size : index;
  if (resolved >= 0 && resolved < size) return resolved;
  throw shapeError(node, `has index ${index} into ${size} elements`);
}

/** Whether the index has reached each of `count` places from `first` on. */
function reached(
  context: OperatorContext,
  form: AffineForm,
  { first, count }: { readonly first: number; readonly count: number },
): readonly AffineForm[] {
  return context.step(listOf(count, (k) => mix([[1, form]], -(first + k - 0.5))));
}

/** The entry that an index points to; `entry` gives that of a place, counted from the front. */
export function entryAt(
  context: OperatorContext,
  { form, size, first, last }: BoundedIndex,
  entry: (place: number) => AffineForm,
): AffineForm {
  const entries = listOf(last - first + 1, (k) => entry(fromFront(first + k, size)));
  const marks = reached(context, form, { first: first + 1, count: last - first });
  const gains = marks.map((_, k) =>
    mix([
      [1, at(entries, k + 1)],
      [-1, at(entries, k)],
    ]),
  );
  const taken = context.multiply(marks, gains);
  return mix([[1, at(entries, 0)], ...taken.map((gain) => [1, gain] as const)]);
}

/** The entry that several indices point to together, one for each axis. */
export function entryAtAll(
  context: OperatorContext,
  [index, ...others]: readonly BoundedIndex[],
  entry: (places: readonly number[]) => AffineForm,
): AffineForm {
  if (index === undefined) return entry([]);
  return entryAt(context, index, (place) =>
    entryAtAll(context, others, (places) => entry([place, ...places])),
  );
}

/** For each place that an index can name, counted from the front, a form that is 1 if it does. */
export type Indicators = ReadonlyMap<number, AffineForm>;

/** What an index beyond all places stands for. */
type Beyond = "nearest place" | "no place";

export function indicatorsOf(
  context: OperatorContext,
  { form, size, first, last }: BoundedIndex,
  beyond: Beyond,
): Indicators {
  const { low, high } = context.boundsOf(form);
  const isNearest = beyond === "nearest place";
  const before = isNearest || low >= first ? [constantForm(1)] : [];
  const after = isNearest || high <= last ? [constantForm(0)] : [];
  const asked = {
    first: first + before.length,
    count: last - first + 2 - before.length - after.length,
  };
  const marks = [...before, ...reached(context, form, asked), ...after];
  const indicators = new Map<number, AffineForm>();
  for (let k = 0; k + 1 < marks.length; k++) {
    const place = fromFront(first + k, size);
    // From the front and from the end, an index may name the same place.
    const known = indicators.get(place) ?? constantForm(0);
    indicators.set(
      place,
      mix([
        [1, known],
        [1, at(marks, k)],
        [-1, at(marks, k + 1)],
      ]),
    );
  }
  return indicators;
}

function fromFront(place: number, size: number): number {
  return place < 0 ? place + size : place;
}
