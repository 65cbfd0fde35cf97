import { corrupted, readSections, readUint256, viewOf } from "../circuit/binary-reader.ts";
import { FIELD_BYTES, FIELD_ORDER } from "../circuit/field.ts";

const NAME = "witness";

const SECTION = { header: 1, values: 2 } as const;

/**
 * The values of a `.wtns` file: 32 little-endian bytes for each wire.
 *
 * @throws ZkmlError `FILE_CORRUPTED`.
 */
export function readWitness(file: Uint8Array): Uint8Array {
  const sections = readSections(file, { magic: "wtns", version: 2, name: NAME });
  const header = sections.get(SECTION.header);
  const values = sections.get(SECTION.values);
  if (header?.length !== 8 + FIELD_BYTES || values === undefined)
    throw corrupted(NAME, "lacks its header or its values");
  const count = viewOf(header).getUint32(4 + FIELD_BYTES, true);
  if (readUint256(header, 4) !== FIELD_ORDER) throw corrupted(NAME, "is over another field");
  if (values.length !== count * FIELD_BYTES) throw corrupted(NAME, "is cut short");
  return values;
}
