import { at } from "../arrays.ts";
import { ZkmlError } from "../errors.ts";
import { FILE_HEADER_BYTES, SECTION_HEADER_BYTES } from "./binary-writer.ts";

/** Sections of one of iden3's binary containers by their numbers, as views into the file. */
export type Sections = ReadonlyMap<number, Uint8Array>;

export interface ContainerKind {
  /** Four letters that the file starts with. */
  readonly magic: string;
  readonly version: number;
  /** What the file is called in messages. */
  readonly name: string;
}

/**
 * Splits a container into its sections. Reads no content.
 *
 * @throws ZkmlError `FILE_CORRUPTED` for another kind of file, or one that is cut short.
 */
export function readSections(file: Uint8Array, { magic, version, name }: ContainerKind): Sections {
  const view = viewOf(file);
  const isOfKind =
    file.length >= FILE_HEADER_BYTES &&
    new TextDecoder().decode(file.subarray(0, 4)) === magic &&
    view.getUint32(4, true) === version;
  if (!isOfKind) throw corrupted(name, `is not a .${magic} file of version ${version}`);

  const sections = new Map<number, Uint8Array>();
  let offset = FILE_HEADER_BYTES;
  for (let left = view.getUint32(8, true); left > 0; left--) {
    const start = offset + SECTION_HEADER_BYTES;
    if (start > file.length) throw corrupted(name, "is cut short");
    const size = Number(view.getBigUint64(offset + 4, true));
    if (start + size > file.length) throw corrupted(name, "is cut short");
    sections.set(view.getUint32(offset, true), file.subarray(start, start + size));
    offset = start + size;
  }
  return sections;
}

export function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** Reads 32 little-endian bytes. */
export function readUint256(bytes: Uint8Array, offset: number): bigint {
  let value = 0n;
  for (let i = 31; i >= 0; i--) value = (value << 8n) | BigInt(at(bytes, offset + i));
  return value;
}

const HINTS: Readonly<Record<string, string>> = {
  "constraint system": "Compile the model again.",
  "proving key": "Set the model up again.",
  witness: "Compute the witness again.",
};

/** The failure to read a file that this project did not expect to be damaged. */
export function corrupted(name: string, fault: string): ZkmlError {
  return new ZkmlError(
    "FILE_CORRUPTED",
    `The ${name} ${fault}.`,
    HINTS[name] ?? "Make the file again.",
  );
}
