/** Order of BN254's scalar field: the numbers a circuit computes with. */
export const FIELD_ORDER =
  21888242871839275222246405745257275088548364400416034343698204186575808495617n;

/** Order of BN254's base field: the coordinates of curve points. */
export const BASE_FIELD_ORDER =
  21888242871839275222246405745257275088696311157297823662689037894645226208583n;

/** A field element; small ones stay plain (signed, safe) integers, which keeps circuits of bits fast. */
export type FieldValue = number | bigint;

/** Canonical representative in `0 … FIELD_ORDER - 1`. */
export function toField(value: FieldValue): bigint {
  const reduced = BigInt(value) % FIELD_ORDER;
  return reduced < 0n ? reduced + FIELD_ORDER : reduced;
}

/** Exact sum of two field values; stays a number while it is a safe integer. */
export function addField(a: FieldValue, b: FieldValue): FieldValue {
  if (typeof a === "number" && typeof b === "number") {
    const sum = a + b;
    if (Number.isSafeInteger(sum)) return sum;
  }
  return BigInt(a) + BigInt(b);
}

/** Exact product of two field values; stays a number while it is a safe integer. */
export function multiplyField(a: FieldValue, b: FieldValue): FieldValue {
  if (typeof a === "number" && typeof b === "number") {
    const product = a * b;
    if (Number.isSafeInteger(product)) return product;
  }
  return (BigInt(a) * BigInt(b)) % FIELD_ORDER;
}

export function equalField(a: FieldValue, b: FieldValue): boolean {
  return a === b || toField(a) === toField(b);
}

/** Bytes of a field element in iden3's binary formats. */
export const FIELD_BYTES = 32;

const MASK64 = (1n << 64n) - 1n;

/** Writes a field element as 32 little-endian bytes. */
export function writeField(view: DataView, offset: number, value: FieldValue): void {
  if (typeof value === "bigint" || value < 0) {
    writeUint256(view, offset, toField(value));
    return;
  }
  view.setUint32(offset, value % 2 ** 32, true);
  view.setUint32(offset + 4, Math.floor(value / 2 ** 32), true);
  for (let limb = 8; limb < FIELD_BYTES; limb += 8) view.setBigUint64(offset + limb, 0n, true);
}

/** Writes any 256-bit number as 32 little-endian bytes. */
export function writeUint256(view: DataView, offset: number, value: bigint): void {
  for (let limb = 0; limb < 4; limb++) {
    view.setBigUint64(offset + 8 * limb, (value >> BigInt(64 * limb)) & MASK64, true);
  }
}
