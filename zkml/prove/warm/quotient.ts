import { FIELD_BYTES } from "../../circuit/field.ts";
import { COEFFICIENT_BYTES } from "../zkey-file.ts";
import type { Arithmetic } from "./arithmetic.ts";

/** The polynomials whose values on the domain are the rows' `a`, `b` and `a · b`. */
export const POLYNOMIALS = [0, 1, 2] as const;
export type Polynomial = (typeof POLYNOMIALS)[number];

export interface QuotientContent {
  readonly domainSize: number;
  readonly wireCount: number;
  readonly coefficients: Uint8Array<ArrayBuffer>;
  /** 1 in the library's form. */
  readonly one: Uint8Array<ArrayBuffer>;
  /** A root of unity of twice the domain's order: it moves the domain to its odd coset. */
  readonly shift: Uint8Array<ArrayBuffer>;
}

/**
 * The quadratic arithmetic program: from a witness to the values of `a · b - c` on the odd coset of the domain, by which
 * snarkjs' keys have the quotient's points.
 */
export class Quotient {
  readonly #arithmetic: Arithmetic;
  readonly #size: number;
  readonly #wires: number;
  readonly #coefficients: number;
  readonly #coefficientCount: number;
  readonly #one: number;
  readonly #shift: number;

  constructor(arithmetic: Arithmetic, content: QuotientContent) {
    this.#arithmetic = arithmetic;
    this.#size = content.domainSize;
    this.#wires = content.wireCount;
    this.#coefficients = arithmetic.store(content.coefficients);
    this.#coefficientCount = content.coefficients.length / COEFFICIENT_BYTES;
    this.#one = arithmetic.store(content.one);
    this.#shift = arithmetic.store(content.shift);
  }

  /** Values of one polynomial on the odd coset. */
  transform(polynomial: Polynomial, witness: Uint8Array): Uint8Array<ArrayBuffer> {
    const length = this.#size;
    return this.#arithmetic.temporarily(() => {
      const values = this.#rows(witness) + polynomial * length * FIELD_BYTES;
      this.#arithmetic.call("frm_ifft", values, length);
      this.#arithmetic.call(
        "frm_batchApplyKey",
        ...[values, length, this.#one, this.#shift, values],
      );
      this.#arithmetic.call("frm_fft", values, length);
      return this.#arithmetic.read(values, length * FIELD_BYTES);
    });
  }

  /** `a`, `b` and `a · b` of all rows, one after the other. */
  #rows(witness: Uint8Array): number {
    const size = this.#size * FIELD_BYTES;
    const wires = this.#arithmetic.store(witness);
    const rows = this.#arithmetic.allocate(POLYNOMIALS.length * size);
    this.#arithmetic.call(
      "qap_buildABC",
      ...[this.#coefficients, this.#coefficientCount, wires],
      ...[rows, rows + size, rows + 2 * size],
      ...[0, this.#size, 0, this.#wires],
    );
    return rows;
  }
}

/**
 * `a · b - c` as plain integers, from slices of the three polynomials' values.
 *
 * @returns A pointer, in memory that the caller frees.
 */
export function joinPolynomials(
  arithmetic: Arithmetic,
  [a, b, c]: readonly [Uint8Array, Uint8Array, Uint8Array],
): number {
  const count = a.length / FIELD_BYTES;
  const [pa, pb, pc] = [arithmetic.store(a), arithmetic.store(b), arithmetic.store(c)];
  arithmetic.call("qap_joinABC", ...[pa, pb, pc, count, pa]);
  arithmetic.call("frm_batchFromMontgomery", pa, count, pa);
  return pa;
}
