/** Bytes per field element: 31, so that any packed word is below the field order. */
export const WORD_BYTES = 31;

/** Packs bytes big-endian, 31 to a word; the last word is filled up with zero bytes on the right. */
export function packWords(bytes: Uint8Array): bigint[] {
  const words: bigint[] = [];
  for (let start = 0; start < bytes.length; start += WORD_BYTES) {
    let word = 0n;
    for (let i = 0; i < WORD_BYTES; i++) word = (word << 8n) | BigInt(bytes[start + i] ?? 0);
    words.push(word);
  }
  return words;
}

export function toInteger(bytes: Uint8Array): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

/** Big-endian. */
export function toBytes(value: bigint, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) =>
    Number((value >> BigInt(8 * (size - 1 - i))) & 0xffn),
  );
}

export function toBytes32(value: bigint): Uint8Array {
  return toBytes(value, 32);
}
