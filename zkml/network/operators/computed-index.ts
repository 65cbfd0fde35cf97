import { at, listOf } from "../../arrays.ts";
import { constantForm, mix, type AffineForm } from "../affine.ts";
import type { OperatorContext } from "../operator.ts";

/*
 * An index that is computed stands for one of the places that it can name. Whether it has reached a place is a comparison; an entry
 * is the first one and every difference to the next that the index has reached. Entries that are constants make that an affine form.
 */

/** Where an index may point. */
export interface Places {
  readonly first: number;
  readonly last: number;
}

/** What is known of an index into `size` entries: negative ones count from the end. */
export function placesOf(context: OperatorContext, index: AffineForm, size: number): Places {
  const { low, high } = context.boundsOf(index);
  // Without better knowledge, an index counts from the front; the standard lets it name an entry, and nothing else.
  const first = Number.isFinite(low) ? Math.max(-size, Math.ceil(low)) : 0;
  return { first, last: Math.max(first, Math.min(size - 1, Math.floor(high))) };
}

/** For each place but the first, whether the index has reached it. */
function reached(
  context: OperatorContext,
  index: AffineForm,
  { first, last }: Places,
): readonly AffineForm[] {
  return context.step(listOf(last - first, (k) => mix([[1, index]], -(first + k + 0.5))));
}

/** The entry that an index points to; `entry` gives that of a place. */
export function entryAt(
  context: OperatorContext,
  index: AffineForm,
  { places, entry }: { readonly places: Places; readonly entry: (place: number) => AffineForm },
): AffineForm {
  const marks = reached(context, index, places);
  const gains = marks.map((_, k) =>
    mix([
      [1, entry(places.first + k + 1)],
      [-1, entry(places.first + k)],
    ]),
  );
  const taken = context.multiply(marks, gains);
  return mix([[1, entry(places.first)], ...taken.map((form) => [1, form] as const)]);
}

/** For each place, whether the index points there. */
export function indicatorsOf(
  context: OperatorContext,
  index: AffineForm,
  places: Places,
): readonly AffineForm[] {
  const bounded = [constantForm(1), ...reached(context, index, places), constantForm(0)];
  return listOf(bounded.length - 1, (k) =>
    mix([
      [1, at(bounded, k)],
      [-1, at(bounded, k + 1)],
    ]),
  );
}
