import { listOf } from "../../arrays.ts";
import { POINT_BYTES, type Group } from "../../setup/points.ts";
import type { ProvingKey } from "../zkey-file.ts";
import type { KeyShareContent } from "./key-share.ts";
import type { WirePointsContent } from "./wire-points.ts";

/** What of a share comes from the curve library, and not from the key. */
export type LibraryContent = Pick<KeyShareContent, "module"> & {
  readonly one: Uint8Array<ArrayBuffer>;
  readonly shift: Uint8Array<ArrayBuffer>;
};

/** Copies a proving key into as many shares as there are threads. */
export function splitKey(
  key: ProvingKey,
  threads: number,
  { module, one, shift }: LibraryContent,
): KeyShareContent[] {
  const { wireCount, domainSize } = key;
  const coefficients = key.coefficients.slice();
  const firstRow = (thread: number): number => Math.floor((thread * domainSize) / threads);
  const firstPrivate = key.publicCount + 1;
  return listOf(threads, (thread) => {
    const share = { thread, threads };
    return {
      module,
      quotient: { domainSize, wireCount, coefficients, one, shift },
      wirePoints: [
        shareOf("G1", { points: key.a, firstWire: 0 }, share),
        shareOf("G1", { points: key.b1, firstWire: 0 }, share),
        shareOf("G2", { points: key.b2, firstWire: 0 }, share),
        shareOf("G1", { points: key.c, firstWire: firstPrivate }, share),
      ],
      rowPoints: key.h.slice(
        firstRow(thread) * POINT_BYTES.G1,
        firstRow(thread + 1) * POINT_BYTES.G1,
      ),
      firstRow: firstRow(thread),
    };
  });
}

/**
 * Every so-manieth point that is not zero. Zero points are those of wires that do not occur; and wires with full-size
 * values lie next to each other, so shares that were slices would be unequal.
 */
function shareOf(
  group: Group,
  { points, firstWire }: { readonly points: Uint8Array; readonly firstWire: number },
  { thread, threads }: { readonly thread: number; readonly threads: number },
): WirePointsContent {
  const size = POINT_BYTES[group];
  const point = (index: number): Uint8Array => points.subarray(index * size, (index + 1) * size);
  const own = listOf(points.length / size, (index) => index)
    .filter((index) => point(index).some((byte) => byte !== 0))
    .filter((_, position) => position % threads === thread);
  const content = new Uint8Array(own.length * size);
  own.forEach((index, position) => {
    content.set(point(index), position * size);
  });
  return { group, wires: Uint32Array.from(own, (index) => index + firstWire), points: content };
}
