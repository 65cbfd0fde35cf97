import {
  corrupted,
  readSections,
  readUint256,
  viewOf,
  type Sections,
} from "../circuit/binary-reader.ts";
import { BASE_FIELD_ORDER, FIELD_BYTES, FIELD_ORDER } from "../circuit/field.ts";
import { POINT_BYTES } from "../setup/points.ts";

/** Groth16's proving key. Points are affine in the curve library's own form (Montgomery, little-endian). */
export interface ProvingKey {
  readonly wireCount: number;
  readonly publicCount: number;
  /** Rows of the quadratic arithmetic program: a power of two. */
  readonly domainSize: number;
  readonly alphaG1: Uint8Array;
  readonly betaG1: Uint8Array;
  readonly betaG2: Uint8Array;
  readonly deltaG1: Uint8Array;
  readonly deltaG2: Uint8Array;
  /** Entries of the matrices A and B: matrix, row, wire and coefficient, 44 bytes each. */
  readonly coefficients: Uint8Array;
  /** A point for every wire. */
  readonly a: Uint8Array;
  readonly b1: Uint8Array;
  readonly b2: Uint8Array;
  /** A point for every private wire. */
  readonly c: Uint8Array;
  /** A point for every row. */
  readonly h: Uint8Array;
}

const NAME = "proving key";

const SECTION = {
  protocol: 1,
  header: 2,
  coefficients: 4,
  a: 5,
  b1: 6,
  b2: 7,
  c: 8,
  h: 9,
} as const;

const GROTH16 = 1;

const { G1, G2 } = POINT_BYTES;

/** Both fields with their sizes, three counts, `α₁ β₁ β₂ γ₂ δ₁ δ₂`. */
const FIELDS_BYTES = 2 * (4 + FIELD_BYTES);
const HEADER_BYTES = FIELDS_BYTES + 3 * 4 + 3 * G1 + 3 * G2;

/** Bytes of an entry of the coefficients. */
export const COEFFICIENT_BYTES = 3 * 4 + FIELD_BYTES;

/**
 * The parts of a `.zkey` file, as views into it. All sizes are checked; the points are not.
 *
 * @throws ZkmlError `FILE_CORRUPTED`.
 */
export function readProvingKey(file: Uint8Array): ProvingKey {
  const sections = readSections(file, { magic: "zkey", version: 1, name: NAME });
  if (viewOf(section(sections, SECTION.protocol, 4)).getUint32(0, true) !== GROTH16)
    throw corrupted(NAME, "is not for Groth16");
  const header = section(sections, SECTION.header, HEADER_BYTES);
  const counts = readCounts(header);
  const { wireCount, publicCount, domainSize } = counts;
  return {
    ...counts,
    ...readHeaderPoints(header),
    coefficients: readCoefficients(sections),
    a: section(sections, SECTION.a, wireCount * G1),
    b1: section(sections, SECTION.b1, wireCount * G1),
    b2: section(sections, SECTION.b2, wireCount * G2),
    c: section(sections, SECTION.c, (wireCount - publicCount - 1) * G1),
    h: section(sections, SECTION.h, domainSize * G1),
  };
}

function readCounts(
  header: Uint8Array,
): Pick<ProvingKey, "wireCount" | "publicCount" | "domainSize"> {
  const isBn254 =
    readUint256(header, 4) === BASE_FIELD_ORDER &&
    readUint256(header, 8 + FIELD_BYTES) === FIELD_ORDER;
  if (!isBn254) throw corrupted(NAME, "is over another curve");
  const view = viewOf(header);
  const [wireCount, publicCount, domainSize] = [0, 4, 8].map((offset) =>
    view.getUint32(FIELDS_BYTES + offset, true),
  ) as [number, number, number];
  if (!Number.isInteger(Math.log2(domainSize)))
    throw corrupted(NAME, "has a domain that is no power of two");
  return { wireCount, publicCount, domainSize };
}

function readHeaderPoints(
  header: Uint8Array,
): Pick<ProvingKey, "alphaG1" | "betaG1" | "betaG2" | "deltaG1" | "deltaG2"> {
  const alpha = FIELDS_BYTES + 3 * 4;
  const beta2 = alpha + 2 * G1;
  const delta1 = beta2 + 2 * G2;
  const point = (offset: number, size: number): Uint8Array =>
    header.subarray(offset, offset + size);
  return {
    alphaG1: point(alpha, G1),
    betaG1: point(alpha + G1, G1),
    betaG2: point(beta2, G2),
    deltaG1: point(delta1, G1),
    deltaG2: point(delta1 + G1, G2),
  };
}

function readCoefficients(sections: Sections): Uint8Array {
  const content = sections.get(SECTION.coefficients);
  if (content === undefined || content.length < 4) throw corrupted(NAME, "has no coefficients");
  const count = viewOf(content).getUint32(0, true);
  return section(sections, SECTION.coefficients, 4 + count * COEFFICIENT_BYTES).subarray(4);
}

function section(sections: Sections, id: number, size: number): Uint8Array {
  const content = sections.get(id);
  if (content?.length === size) return content;
  throw corrupted(
    NAME,
    `has ${content?.length ?? 0} bytes in section ${id}, where ${size} are needed`,
  );
}
