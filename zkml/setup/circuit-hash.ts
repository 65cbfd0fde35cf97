import { createHash, type Hash } from "node:crypto";
import { open } from "node:fs/promises";
import { PREFIX, type Arithmetic } from "../prove/warm/arithmetic.ts";
import { jacobianBytes } from "../prove/warm/point-sum.ts";
import { POINT_BYTES, type Group } from "./points.ts";
import type { ProvingKeyParts } from "./proving-key-file.ts";
import { inFile, readSections } from "./sections.ts";

/** Section of a `.ptau` file with the powers in G1. */
const TAU_G1_SECTION = 2;

/** Points that snarkjs hashes at a time: it rounds their number up to a multiple of this. */
const ROW_CHUNK = 2 ** 14;

/** Points that are converted at a time: bounds the memory. */
const BATCH = 4096;

/** Points of a key before anybody contributed, in which `δ` is 1, and the Powers of Tau file that they came from. */
export interface InitialKey extends Pick<
  ProvingKeyParts,
  "domainSize" | "header" | "ic" | "c" | "a" | "b1" | "b2"
> {
  readonly tau: string;
}

/**
 * snarkjs' hash of a circuit and its Powers of Tau: BLAKE2b over all points of the key before the first contribution, in
 * its `newZKey`'s order. The rows' points are hashed as `tau^(i+n) - tau^i`.
 */
export async function hashInitialKey(arithmetic: Arithmetic, key: InitialKey): Promise<Uint8Array> {
  const hasher = new PointHasher(arithmetic);
  for (const point of key.header) {
    hasher.add(point.length === POINT_BYTES.G1 ? "G1" : "G2", point);
  }
  hasher.addList("G1", key.ic);
  hasher.addCount(key.domainSize - 1);
  const { upper, lower } = await readRowPowers(key.tau, key.domainSize);
  hasher.addDifferences(upper, lower);
  hasher.addList("G1", key.c);
  hasher.addList("G1", key.a);
  hasher.addList("G1", key.b1);
  hasher.addList("G2", key.b2);
  return hasher.digest();
}

/**
 * `tau^(i+n)` and `tau^i` as snarkjs reads them. It reads whole chunks: the last points of a large domain may lie behind
 * the section, where they are whatever bytes the file has there. The same file gives the same hash all the same.
 */
async function readRowPowers(
  tau: string,
  domainSize: number,
): Promise<{ upper: Uint8Array; lower: Uint8Array }> {
  const rows = domainSize - 1;
  const count = rows <= ROW_CHUNK ? rows : Math.ceil(rows / ROW_CHUNK) * ROW_CHUNK;
  const handle = await open(tau);
  try {
    const source = await inFile(handle);
    const powers = (await readSections(source, "ptau"))?.get(TAU_G1_SECTION);
    if (powers === undefined) throw new Error(`"${tau}" has no Powers of Tau`);
    const read = (first: number): Promise<Uint8Array> =>
      source.read(powers.offset + first * POINT_BYTES.G1, count * POINT_BYTES.G1);
    return { upper: await read(domainSize), lower: await read(0) };
  } finally {
    await handle.close();
  }
}

/** Hashes points in the uncompressed form: big-endian coordinates that are not in the library's own form. */
class PointHasher {
  readonly #arithmetic: Arithmetic;
  readonly #hash: Hash = createHash("blake2b512");

  constructor(arithmetic: Arithmetic) {
    this.#arithmetic = arithmetic;
  }

  /** Points with their number before them. */
  addList(group: Group, points: Uint8Array): void {
    this.addCount(points.length / POINT_BYTES[group]);
    this.add(group, points);
  }

  addCount(count: number): void {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, count);
    this.#hash.update(bytes);
  }

  add(group: Group, points: Uint8Array): void {
    const batch = BATCH * POINT_BYTES[group];
    for (let start = 0; start < points.length; start += batch) {
      const content = points.subarray(start, start + batch);
      this.#arithmetic.temporarily(() => {
        this.#addPlaced(
          group,
          this.#arithmetic.store(content),
          content.length / POINT_BYTES[group],
        );
      });
    }
  }

  /** Points of G1, each minus another. */
  addDifferences(points: Uint8Array, others: Uint8Array): void {
    const [size, jacobian] = [POINT_BYTES.G1, jacobianBytes("G1")];
    const subtract = this.#arithmetic.function(`${PREFIX.G1}_subAffine`);
    for (let start = 0; start < points.length; start += BATCH * size) {
      const count = Math.min(BATCH, points.length / size - start / size);
      const end = start + count * size;
      this.#arithmetic.temporarily(() => {
        const minuends = this.#arithmetic.store(points.subarray(start, end));
        const subtrahends = this.#arithmetic.store(others.subarray(start, end));
        const results = this.#arithmetic.allocate(count * jacobian, count * jacobian);
        for (let i = 0; i < count; i++) {
          subtract(minuends + i * size, subtrahends + i * size, results + i * jacobian);
        }
        this.#arithmetic.call(`${PREFIX.G1}_batchToAffine`, results, count, results);
        this.#addPlaced("G1", results, count);
      });
    }
  }

  #addPlaced(group: Group, points: number, count: number): void {
    this.#arithmetic.call(`${PREFIX[group]}_batchLEMtoU`, points, count, points);
    this.#hash.update(this.#arithmetic.read(points, count * POINT_BYTES[group]));
  }

  digest(): Uint8Array {
    return new Uint8Array(this.#hash.digest());
  }
}
