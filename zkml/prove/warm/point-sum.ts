import { POINT_BYTES, type Group } from "../../setup/points.ts";
import { PREFIX, type Arithmetic } from "./arithmetic.ts";
import { chooseWindows } from "./windows.ts";

/** Bytes of a point in Jacobian coordinates, in which sums are computed. */
export function jacobianBytes(group: Group): number {
  return (POINT_BYTES[group] / 2) * 3;
}

/** A sum of points of one group in the arithmetic's memory. */
export class PointSum {
  readonly pointer: number;
  readonly #arithmetic: Arithmetic;
  readonly #group: Group;
  readonly #size: number;

  /** Starts at zero. */
  constructor(arithmetic: Arithmetic, group: Group) {
    this.#arithmetic = arithmetic;
    this.#group = group;
    this.#size = jacobianBytes(group);
    this.pointer = arithmetic.allocate(this.#size);
    this.#call("zero", this.pointer);
  }

  add(other: PointSum): void {
    this.#call("add", this.pointer, other.pointer, this.pointer);
  }

  double(times: number): void {
    for (let i = 0; i < times; i++) this.#call("double", this.pointer, this.pointer);
  }

  /** The sum as Jacobian coordinates. */
  read(): Uint8Array<ArrayBuffer> {
    return this.#arithmetic.read(this.pointer, this.#size);
  }

  /** Sets the sum to that of `points` affine points, each times the digit at bit `start` of its scalar. */
  setToDigits({ points, scalars, scalarBytes, count }: Terms, start: number, width: number): void {
    const scratch = this.#size * 2 ** width;
    this.#arithmetic.temporarily(() => {
      this.#arithmetic.allocate(0, scratch);
      this.#call(
        "multiexpAffine_chunk",
        ...[points, scalars, scalarBytes, count, start, width, this.pointer],
      );
    });
  }

  /** Adds `count` affine points, each times its scalar. */
  addProducts(terms: Terms): void {
    if (terms.count === 0) return;
    const { width, digits } = chooseWindows(terms.count, terms.scalarBytes * 8);
    const total = new PointSum(this.#arithmetic, this.#group);
    const part = new PointSum(this.#arithmetic, this.#group);
    for (let digit = digits - 1; digit >= 0; digit--) {
      total.double(width);
      part.setToDigits(terms, digit * width, width);
      total.add(part);
    }
    this.add(total);
  }

  #call(name: string, ...operands: number[]): void {
    this.#arithmetic.call(`${PREFIX[this.#group]}_${name}`, ...operands);
  }
}

/** Affine points and as many scalars, little-endian, by their pointers. */
export interface Terms {
  readonly points: number;
  readonly scalars: number;
  readonly scalarBytes: number;
  readonly count: number;
}
