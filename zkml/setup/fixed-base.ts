import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { buildBn128 } from "ffjavascript";
import { listOf } from "../arrays.ts";
import { FIELD_BYTES } from "../circuit/field.ts";
import { ZkmlError } from "../errors.ts";
import { multiplyShare, type GeneratorShare } from "./generator-share.ts";
import { POINT_BYTES, type Group } from "./points.ts";

/** More threads than this would each spend more time on their table than on products. */
const MAX_THREADS = 16;

/** Products for which it pays to start a thread. */
const MIN_PRODUCTS_PER_THREAD = 2048;

/** Scalars to multiply each group's generator by, 32 little-endian bytes each. */
export type GroupScalars = Readonly<Record<Group, Uint8Array>>;

/** A product for each scalar, affine. */
export type GroupPoints = Readonly<Record<Group, Uint8Array>>;

/**
 * Multiplies the generators of both groups by many known scalars, on all processors: some 15 µs for a point of G1 on one of
 * them, where a general multiplication takes 180.
 *
 * @throws ZkmlError `SETUP_FAILED` if a thread fails.
 */
export async function multiplyGenerators(scalars: GroupScalars): Promise<GroupPoints> {
  const { G1, G2, tm } = await buildBn128(true);
  const module = await WebAssembly.compile(tm.code);
  const generators = { G1: G1.g.slice(), G2: G2.g.slice() };
  const shared = { G1: shareScalars("G1", scalars.G1), G2: shareScalars("G2", scalars.G2) };
  const products = shared.G1.count + shared.G2.count;
  const threads = Math.min(
    availableParallelism(),
    MAX_THREADS,
    Math.floor(products / MIN_PRODUCTS_PER_THREAD),
  );
  const shares = listOf(Math.max(1, threads), (thread): GeneratorShare => ({
    module,
    generators,
    ...shared,
    thread,
    threads: Math.max(1, threads),
  }));
  if (threads <= 1) shares.forEach(multiplyShare);
  else await Promise.all(shares.map(multiplyOnThread));
  return { G1: new Uint8Array(shared.G1.points), G2: new Uint8Array(shared.G2.points) };
}

function shareScalars(group: Group, content: Uint8Array): GeneratorShare[Group] {
  const count = content.length / FIELD_BYTES;
  const scalars = new SharedArrayBuffer(content.length);
  new Uint8Array(scalars).set(content);
  return { count, scalars, points: new SharedArrayBuffer(count * POINT_BYTES[group]) };
}

function multiplyOnThread(share: GeneratorShare): Promise<void> {
  const worker = new Worker(new URL("generator-thread.ts", import.meta.url), { workerData: share });
  return new Promise((resolve, reject) => {
    worker.once("error", (cause: Error) => {
      reject(stopped(cause.message, cause));
    });
    worker.once("exit", (code) => {
      if (code === 0) resolve();
      else reject(stopped(`it ended with code ${code}`));
    });
  });
}

function stopped(reason: string, cause?: unknown): ZkmlError {
  return new ZkmlError(
    "SETUP_FAILED",
    `A thread of the key set-up failed: ${reason}.`,
    "Give the process more memory, or use a smaller model.",
    { cause },
  );
}
