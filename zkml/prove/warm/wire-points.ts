import { at } from "../../arrays.ts";
import { FIELD_BYTES } from "../../circuit/field.ts";
import { POINT_BYTES, type Group } from "../../setup/points.ts";
import { PREFIX, type Arithmetic } from "./arithmetic.ts";
import { FixedPoints, placePoints } from "./fixed-points.ts";
import { PointSum } from "./point-sum.ts";
import { smallValue } from "./signed-value.ts";

/** Points of a proving key that belong to wires. */
export interface WirePointsContent {
  readonly group: Group;
  readonly wires: Uint32Array<ArrayBuffer>;
  /** An affine point for each of `wires`. */
  readonly points: Uint8Array<ArrayBuffer>;
}

/** Bytes that a value can take: up to four for small integers, and all of them. */
const SCALAR_BYTES = [1, 2, 3, 4, FIELD_BYTES] as const;
type ScalarBytes = (typeof SCALAR_BYTES)[number];

/** One point with the value of its wire; `small` is undefined where the value needs all bytes. */
interface Factor {
  readonly index: number;
  readonly small: number | undefined;
}

/** Points of wires, resident in the arithmetic's memory, to be multiplied by one witness after the other. */
export class WirePoints {
  readonly #arithmetic: Arithmetic;
  readonly #group: Group;
  readonly #wires: Uint32Array;
  readonly #points: number;
  readonly #size: number;
  /** Indices of the points that are multiplied by what their wires' values turn out to be. */
  #varying: Uint32Array;
  /** The others, with multiples: those whose values are expected to be full-size. */
  #fixed: { readonly indices: Uint32Array; readonly points: FixedPoints } | undefined;

  /** @throws ZkmlError `FILE_CORRUPTED` if a point is not on the curve. */
  constructor(arithmetic: Arithmetic, { group, wires, points }: WirePointsContent) {
    this.#arithmetic = arithmetic;
    this.#group = group;
    this.#wires = wires;
    this.#size = POINT_BYTES[group];
    this.#points = placePoints(arithmetic, group, points).pointer;
    this.#varying = wires.map((_, index) => index);
  }

  /**
   * Computes multiples of the points of all wires that are full-size in this witness. They are in others too: hash states
   * and the challenge, mostly. Where they are not, nothing is gained, and nothing is wrong.
   */
  precompute(witness: Uint8Array, maxBytes: number): void {
    if (this.#fixed !== undefined) return;
    const limbs = limbsOf(witness);
    const isFullSize = (index: number): boolean =>
      smallValue(limbs, at(this.#wires, index)) === undefined;
    const indices = this.#varying.filter(isFullSize);
    if (indices.length === 0) return;
    const pointer = this.#arithmetic.allocate(indices.length * this.#size);
    indices.forEach((index, i) => {
      this.#function("copyAffine")(this.#point(index), pointer + i * this.#size);
    });
    const placed = { group: this.#group, pointer, count: indices.length };
    const points = new FixedPoints(this.#arithmetic, placed);
    points.precompute(maxBytes);
    this.#fixed = { indices, points };
    this.#varying = this.#varying.filter((index) => !isFullSize(index));
  }

  /**
   * The sum of all points, each times its wire's value, in Jacobian coordinates. A wire at zero costs nothing, at one or
   * minus one an addition, and at a small integer as many digits as it has.
   */
  multiply(witness: Uint8Array): Uint8Array<ArrayBuffer> {
    return this.#arithmetic.temporarily(() => {
      const sum = new PointSum(this.#arithmetic, this.#group);
      const longer = this.#addUnits(sum, witness);
      for (const scalarBytes of SCALAR_BYTES) {
        this.#addProducts(sum, { witness, scalarBytes, factors: longer.get(scalarBytes) ?? [] });
      }
      this.#addFixed(sum, witness);
      return sum.read();
    });
  }

  #addFixed(sum: PointSum, witness: Uint8Array): void {
    if (this.#fixed === undefined) return;
    const { indices, points } = this.#fixed;
    const scalars = this.#arithmetic.allocate(indices.length * FIELD_BYTES);
    const target = this.#arithmetic.bytes(scalars, indices.length * FIELD_BYTES);
    indices.forEach((index, i) => {
      target.set(this.#value(witness, index), i * FIELD_BYTES);
    });
    sum.add(points.multiply(scalars));
  }

  /** Adds the points of wires at one and minus one, and sorts the others by the bytes of their values. */
  #addUnits(sum: PointSum, witness: Uint8Array): ReadonlyMap<ScalarBytes, Factor[]> {
    const limbs = limbsOf(witness);
    const [add, subtract] = [this.#function("addMixed"), this.#function("subMixed")];
    const longer = new Map<ScalarBytes, Factor[]>(SCALAR_BYTES.map((bytes) => [bytes, []]));
    const { pointer } = sum;
    this.#varying.forEach((index) => {
      const small = smallValue(limbs, at(this.#wires, index));
      if (small === 0) return;
      if (small === 1) add(pointer, this.#point(index), pointer);
      else if (small === -1) subtract(pointer, this.#point(index), pointer);
      else longer.get(bytesOf(small))?.push({ index, small });
    });
    return longer;
  }

  /** Adds the points of wires whose values take `scalarBytes` bytes. */
  #addProducts(sum: PointSum, { witness, scalarBytes, factors }: Products): void {
    this.#arithmetic.temporarily(() => {
      const count = factors.length;
      const points = this.#arithmetic.allocate(count * this.#size);
      // Digits are read four bytes at a time, also behind the last scalar.
      const scalars = this.#arithmetic.allocate(count * scalarBytes + 4);
      factors.forEach(({ index, small }, i) => {
        const copy = small !== undefined && small < 0 ? "negAffine" : "copyAffine";
        this.#function(copy)(this.#point(index), points + i * this.#size);
        const scalar =
          small === undefined
            ? this.#value(witness, index)
            : littleEndian(Math.abs(small), scalarBytes);
        this.#arithmetic.bytes(scalars + i * scalarBytes, scalarBytes).set(scalar);
      });
      sum.addProducts({ points, scalars, scalarBytes, count });
    });
  }

  /** The value of a point's wire. */
  #value(witness: Uint8Array, index: number): Uint8Array {
    const start = at(this.#wires, index) * FIELD_BYTES;
    return witness.subarray(start, start + FIELD_BYTES);
  }

  #point(index: number): number {
    return this.#points + index * this.#size;
  }

  #function(name: string): (...operands: number[]) => number {
    return this.#arithmetic.function(`${PREFIX[this.#group]}_${name}`);
  }
}

interface Products {
  readonly witness: Uint8Array;
  readonly scalarBytes: ScalarBytes;
  readonly factors: readonly Factor[];
}

function limbsOf(witness: Uint8Array): Uint32Array {
  return new Uint32Array(witness.buffer, witness.byteOffset, witness.byteLength / 4);
}

function bytesOf(small: number | undefined): ScalarBytes {
  if (small === undefined) return FIELD_BYTES;
  const magnitude = Math.abs(small);
  return SCALAR_BYTES.find((bytes) => magnitude < 2 ** (8 * bytes)) ?? FIELD_BYTES;
}

function littleEndian(value: number, bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => Math.floor(value / 2 ** (8 * i)) % 256);
}
