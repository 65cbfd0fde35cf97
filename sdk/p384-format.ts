/** Bytes of what goes to `P384Verifier`; see docs/p384.md for the layout. */
export const P384_DIGEST_LENGTH = 48;
export const P384_SIGNATURE_LENGTH = 96;
export const P384_KEY_LENGTH = 96;
export const P384_HINTS_LENGTH = 913;
export const P384_TABLE_LENGTH = 18_432;

/** Odd multiples in the table: of G, to 255G, and of 2¹⁹²G, to 127 times. Both to 255 would be one byte too long for a code. */
export const P384_GENERATOR_MULTIPLES = 128;
export const P384_SHIFTED_GENERATOR_MULTIPLES = 64;

/** Odd multiples of R and of the key, P to 15P, each with one hinted slope: that of 2P stands for the first. */
export const P384_WINDOW_POINTS = 8;

/** A number as big-endian bytes. */
export function bytesOf(value: bigint, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) =>
    Number((value >> BigInt(8 * (length - 1 - i))) & 0xffn),
  );
}

/** Big-endian bytes as a number. */
export function numberOf(bytes: Uint8Array): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}
