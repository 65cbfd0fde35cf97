import { FIELD_BYTES } from "../../circuit/field.ts";
import { Arithmetic } from "./arithmetic.ts";
import { FixedPoints, placePoints } from "./fixed-points.ts";
import { joinPolynomials, Quotient, type Polynomial, type QuotientContent } from "./quotient.ts";
import { WirePoints, type WirePointsContent } from "./wire-points.ts";

/** What one thread holds of a proving key: all of the program, and its share of each set of points. */
export interface KeyShareContent {
  readonly module: WebAssembly.Module;
  readonly quotient: QuotientContent;
  /** Points of A, B in G1, B in G2, and C. */
  readonly wirePoints: readonly WirePointsContent[];
  /** Points of the rows from `firstRow` on. */
  readonly rowPoints: Uint8Array<ArrayBuffer>;
  readonly firstRow: number;
}

/** Values of the three polynomials on the odd coset, shared by all threads. */
export type Spectra = readonly [SharedArrayBuffer, SharedArrayBuffer, SharedArrayBuffer];

/** A thread's share of a proving key, resident in WebAssembly memory. */
export class KeyShare {
  readonly #arithmetic: Arithmetic;
  readonly #quotient: Quotient;
  readonly #wirePoints: readonly WirePoints[];
  readonly #rowPoints: FixedPoints;
  /** Bytes of this share's rows within a polynomial's values. */
  readonly #rows: { readonly start: number; readonly end: number };

  /** @throws ZkmlError `FILE_CORRUPTED` if a point is not on the curve. */
  constructor({ module, quotient, wirePoints, rowPoints, firstRow }: KeyShareContent) {
    this.#arithmetic = new Arithmetic(module);
    this.#quotient = new Quotient(this.#arithmetic, quotient);
    this.#wirePoints = wirePoints.map((content) => new WirePoints(this.#arithmetic, content));
    const placed = placePoints(this.#arithmetic, "G1", rowPoints);
    this.#rowPoints = new FixedPoints(this.#arithmetic, placed);
    const start = firstRow * FIELD_BYTES;
    this.#rows = { start, end: start + placed.count * FIELD_BYTES };
  }

  /** Trades at most `maxBytes` of memory for the time of proofs of witnesses like this one. */
  precompute(witness: SharedArrayBuffer, maxBytes: number): void {
    const forWires = maxBytes / (2 * this.#wirePoints.length);
    for (const points of this.#wirePoints) points.precompute(new Uint8Array(witness), forWires);
    this.#rowPoints.precompute(maxBytes / 2);
  }

  /** Writes the values of one polynomial to its place in `spectra`. */
  transform(polynomial: Polynomial, witness: SharedArrayBuffer, spectra: Spectra): void {
    const values = this.#quotient.transform(polynomial, new Uint8Array(witness));
    new Uint8Array(spectra[polynomial]).set(values);
  }

  /** This share of A, B in G1, B in G2, and C without the quotient. */
  multiplyWires(witness: SharedArrayBuffer): Uint8Array<ArrayBuffer>[] {
    return this.#wirePoints.map((points) => points.multiply(new Uint8Array(witness)));
  }

  /** This share of the quotient's point. */
  multiplyRows(spectra: Spectra): Uint8Array<ArrayBuffer> {
    const { start, end } = this.#rows;
    const slice = (values: SharedArrayBuffer): Uint8Array =>
      new Uint8Array(values, start, end - start);
    return this.#arithmetic.temporarily(() => {
      const [a, b, c] = spectra;
      const scalars = joinPolynomials(this.#arithmetic, [slice(a), slice(b), slice(c)]);
      return this.#rowPoints.multiply(scalars).read();
    });
  }
}
