import { at } from "../../arrays.ts";
import { FIELD_BYTES } from "../../circuit/field.ts";
import { POINT_BYTES, type Group } from "../../setup/points.ts";
import { PREFIX, type Arithmetic } from "./arithmetic.ts";
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

  constructor(arithmetic: Arithmetic, { group, wires, points }: WirePointsContent) {
    this.#arithmetic = arithmetic;
    this.#group = group;
    this.#wires = wires;
    this.#size = POINT_BYTES[group];
    this.#points = arithmetic.store(points);
  }

  /** Whether all points are on the curve. */
  areOnCurve(): boolean {
    const inCurve = this.#function("inCurveAffine");
    return this.#wires.every((_, index) => inCurve(this.#point(index)) !== 0);
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
      return sum.read();
    });
  }

  /** Adds the points of wires at one and minus one, and sorts the others by the bytes of their values. */
  #addUnits(sum: PointSum, witness: Uint8Array): ReadonlyMap<ScalarBytes, Factor[]> {
    const limbs = new Uint32Array(witness.buffer, witness.byteOffset, witness.byteLength / 4);
    const [add, subtract] = [this.#function("addMixed"), this.#function("subMixed")];
    const longer = new Map<ScalarBytes, Factor[]>(SCALAR_BYTES.map((bytes) => [bytes, []]));
    const { pointer } = sum;
    this.#wires.forEach((wire, index) => {
      const small = smallValue(limbs, wire);
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
        const start = at(this.#wires, index) * FIELD_BYTES;
        const scalar =
          small === undefined
            ? witness.subarray(start, start + FIELD_BYTES)
            : littleEndian(Math.abs(small), scalarBytes);
        this.#arithmetic.bytes(scalars + i * scalarBytes, scalarBytes).set(scalar);
      });
      sum.addProducts({ points, scalars, scalarBytes, count });
    });
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

function bytesOf(small: number | undefined): ScalarBytes {
  if (small === undefined) return FIELD_BYTES;
  const magnitude = Math.abs(small);
  return SCALAR_BYTES.find((bytes) => magnitude < 2 ** (8 * bytes)) ?? FIELD_BYTES;
}

function littleEndian(value: number, bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => Math.floor(value / 2 ** (8 * i)) % 256);
}
