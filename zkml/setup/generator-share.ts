import { FIELD_BYTES } from "../circuit/field.ts";
import { Arithmetic } from "../prove/warm/arithmetic.ts";
import { GeneratorTable } from "./generator-table.ts";
import { POINT_BYTES, type Group } from "./points.ts";

/** Products of one group's generator, in memory that all threads share. */
interface SharedProducts {
  readonly count: number;
  readonly scalars: SharedArrayBuffer;
  readonly points: SharedArrayBuffer;
}

/** What one of `threads` threads multiplies: a slice of both groups' scalars. */
export interface GeneratorShare extends Readonly<Record<Group, SharedProducts>> {
  readonly module: WebAssembly.Module;
  /** In Jacobian coordinates. */
  readonly generators: Readonly<Record<Group, Uint8Array>>;
  readonly thread: number;
  readonly threads: number;
}

/** Writes the products of a share to their places. */
export function multiplyShare(share: GeneratorShare): void {
  for (const group of ["G1", "G2"] as const) multiplySlice(share, group);
}

function multiplySlice(share: GeneratorShare, group: Group): void {
  const { count, scalars, points } = share[group];
  const start = Math.floor((share.thread * count) / share.threads);
  const end = Math.floor(((share.thread + 1) * count) / share.threads);
  if (start === end) return;
  // A module of its own, so that the table's memory goes with it.
  const arithmetic = new Arithmetic(share.module);
  const table = new GeneratorTable(arithmetic, group, share.generators[group], end - start);
  const slice = (content: SharedArrayBuffer, size: number): Uint8Array =>
    new Uint8Array(content, start * size, (end - start) * size);
  table.multiply(slice(scalars, FIELD_BYTES), slice(points, POINT_BYTES[group]));
}
