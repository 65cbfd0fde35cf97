import { FIELD_BYTES, writeField, writeUint256, type FieldValue } from "./field.ts";

/** Bytes before a section's content in iden3's container formats: id and length. */
export const SECTION_HEADER_BYTES = 12;

/** Bytes before the first section: magic, version, number of sections. */
export const FILE_HEADER_BYTES = 12;

/** Sequential little-endian writer for iden3's binary containers (`.r1cs`, `.wtns`, `.ptau`). */
export class BinaryWriter {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;

  constructor(size: number) {
    this.bytes = new Uint8Array(size);
    this.#view = new DataView(this.bytes.buffer);
  }

  fileHeader(magic: string, version: number, sections: number): void {
    this.raw(new TextEncoder().encode(magic));
    this.u32(version);
    this.u32(sections);
  }

  section(id: number, size: number): void {
    this.u32(id);
    this.u64(size);
  }

  u32(value: number): void {
    this.#view.setUint32(this.#offset, value, true);
    this.#offset += 4;
  }

  u64(value: number): void {
    this.#view.setBigUint64(this.#offset, BigInt(value), true);
    this.#offset += 8;
  }

  u256(value: bigint): void {
    writeUint256(this.#view, this.#offset, value);
    this.#offset += FIELD_BYTES;
  }

  field(value: FieldValue): void {
    writeField(this.#view, this.#offset, value);
    this.#offset += FIELD_BYTES;
  }

  raw(content: Uint8Array): void {
    this.bytes.set(content, this.#offset);
    this.#offset += content.length;
  }
}
