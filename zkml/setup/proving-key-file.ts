import { BinaryWriter, FILE_HEADER_BYTES, SECTION_HEADER_BYTES } from "../circuit/binary-writer.ts";
import { BASE_FIELD_ORDER, FIELD_BYTES, FIELD_ORDER } from "../circuit/field.ts";

/** What a `.zkey` file is made of, as bytes. Points are affine in the curve library's own form. */
export interface ProvingKeyParts {
  readonly wireCount: number;
  /** Without the constant. */
  readonly publicCount: number;
  readonly domainSize: number;
  /** `α₁ β₁ β₂ γ₂ δ₁ δ₂`, which the verification key is made of too. */
  readonly header: readonly Uint8Array[];
  readonly ic: Uint8Array;
  readonly coefficients: Uint8Array;
  readonly a: Uint8Array;
  readonly b1: Uint8Array;
  readonly b2: Uint8Array;
  readonly c: Uint8Array;
  readonly h: Uint8Array;
  /** Hash of the circuit, and all contributions. */
  readonly contributions: Uint8Array;
}

const GROTH16 = 1;

/** Writes a `.zkey` file in the order in which snarkjs writes one that was contributed to. */
export function encodeProvingKey(parts: ProvingKeyParts): Uint8Array {
  const protocol = Uint8Array.of(GROTH16, 0, 0, 0);
  const { ic, coefficients, a, b1, b2, c, h, contributions } = parts;
  const sections = [
    ...[protocol, encodeHeader(parts), ic, coefficients],
    ...[a, b1, b2, c, h, contributions],
  ];
  const size = sections.reduce(
    (total, { length }) => total + SECTION_HEADER_BYTES + length,
    FILE_HEADER_BYTES,
  );
  const writer = new BinaryWriter(size);
  writer.fileHeader("zkey", 1, sections.length);
  sections.forEach((content, index) => {
    writer.section(index + 1, content.length);
    writer.raw(content);
  });
  return writer.bytes;
}

function encodeHeader({ wireCount, publicCount, domainSize, header }: ProvingKeyParts): Uint8Array {
  const points = Buffer.concat(header);
  const writer = new BinaryWriter(2 * (4 + FIELD_BYTES) + 3 * 4 + points.length);
  for (const order of [BASE_FIELD_ORDER, FIELD_ORDER]) {
    writer.u32(FIELD_BYTES);
    writer.u256(order);
  }
  for (const count of [wireCount, publicCount, domainSize]) writer.u32(count);
  writer.raw(points);
  return writer.bytes;
}
