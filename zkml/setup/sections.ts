import type { FileHandle } from "node:fs/promises";
import { FILE_HEADER_BYTES, SECTION_HEADER_BYTES } from "../circuit/binary-writer.ts";

/** Random access to a file, wherever it is. */
export interface ByteSource {
  readonly size: number;
  /** Exactly the bytes asked for, which lie within the file. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** Where a section's content lies in its file. */
export interface Section {
  readonly offset: number;
  readonly size: number;
}

/**
 * The table of sections of one of iden3's binary containers, by id.
 *
 * @returns Undefined if the file is of another type, is cut off, has bytes left over, or has a section twice: snarkjs
 * would read on and fail somewhere else, or not at all.
 */
export async function readSections(
  source: ByteSource,
  magic: "ptau" | "zkey",
): Promise<ReadonlyMap<number, Section> | undefined> {
  if (source.size < FILE_HEADER_BYTES) return undefined;
  const header = await source.read(0, FILE_HEADER_BYTES);
  if (new TextDecoder().decode(header.subarray(0, 4)) !== magic) return undefined;
  const count = viewOf(header).getUint32(8, true);

  const sections = new Map<number, Section>();
  let offset = FILE_HEADER_BYTES;
  for (let i = 0; i < count; i++) {
    if (offset + SECTION_HEADER_BYTES > source.size) return undefined;
    const entry = viewOf(await source.read(offset, SECTION_HEADER_BYTES));
    const id = entry.getUint32(0, true);
    const size = Number(entry.getBigUint64(4, true));
    if (sections.has(id)) return undefined;
    sections.set(id, { offset: offset + SECTION_HEADER_BYTES, size });
    offset += SECTION_HEADER_BYTES + size;
  }
  return offset === source.size ? sections : undefined;
}

/** A file that is in memory. */
export function inMemory(file: Uint8Array): ByteSource {
  return {
    size: file.length,
    read: (offset, length) => Promise.resolve(file.subarray(offset, offset + length)),
  };
}

/** A file on disk, as long as it is open. */
export async function inFile(handle: FileHandle): Promise<ByteSource> {
  const { size } = await handle.stat();
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    const { buffer } = await handle.read(new Uint8Array(length), 0, length, offset);
    return buffer;
  };
  return { size, read };
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
