import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { FIELD_BYTES } from "../circuit/field.ts";
import { ZkmlError } from "../errors.ts";
import { PUBLISHED_TAU, publishedTauUrl } from "./published-tau.ts";
import { inFile, readSections, viewOf, type ByteSource } from "./sections.ts";

/** What is known of the Powers of Tau behind a key. */
export interface PowersOfTau {
  /** `public`: a file of the public ceremony. `development`: nobody contributed, so whoever made it can forge proofs. */
  readonly origin: "public" | "development";
  /** The file serves circuits on domains of up to `2^power`. */
  readonly power: number;
  /** BLAKE2b-512 of the file, as hex digits. */
  readonly blake2b: string;
}

/** A file that was identified. */
export interface TauFile extends PowersOfTau {
  readonly file: string;
}

export interface IdentifyOptions {
  /** Power of the circuit's domain. */
  readonly neededPower: number;
  /** Hashes of the public ceremony's files by power; only tests give others. */
  readonly published?: ReadonlyMap<number, string> | undefined;
}

/** Sections of a `.ptau` file, as snarkjs numbers them. */
const SECTION = { header: 1, contributions: 7, lagrangeG1: 12 } as const;

const POWER_OFFSET = 4 + FIELD_BYTES;

/**
 * Finds out which Powers of Tau a file holds. A file that people contributed to has to be one of the public ceremony's,
 * by its hash: of any other, nobody can tell whether a contributor was honest.
 *
 * @throws ZkmlError `FILE_MISSING`, `SETUP_FAILED` if it is no prepared `.ptau` file, `TAU_TOO_SMALL`, `TAU_UNKNOWN`.
 */
export async function identifyTau(
  file: string,
  { neededPower, published = PUBLISHED_TAU }: IdentifyOptions,
): Promise<TauFile> {
  const { power, contributions } = await readHeader(file);
  if (power < neededPower) {
    throw new ZkmlError(
      "TAU_TOO_SMALL",
      `"${file}" serves circuits up to 2^${power}; this one needs 2^${neededPower}.`,
      `Use a file of at least that power, such as ${publishedTauUrl(neededPower)}.`,
    );
  }
  const blake2b = await hashFile(file);
  const wanted = published.get(power);
  if (blake2b === wanted) return { file, origin: "public", power, blake2b };
  if (contributions === 0) return { file, origin: "development", power, blake2b };
  throw new ZkmlError(
    "TAU_UNKNOWN",
    `"${file}" has the BLAKE2b hash ${blake2b}; the public ceremony's file of power ${power} has ${wanted ?? "none"}.`,
    `Fetch it again: ${publishedTauUrl(power)}.`,
  );
}

interface TauHeader {
  readonly power: number;
  readonly contributions: number;
}

async function readHeader(file: string): Promise<TauHeader> {
  const handle = await openTau(file);
  try {
    return await parseHeader(file, await inFile(handle));
  } finally {
    await handle.close();
  }
}

async function openTau(file: string): Promise<FileHandle> {
  try {
    return await open(file);
  } catch (cause) {
    throw new ZkmlError(
      "FILE_MISSING",
      `"${file}" is missing or cannot be read.`,
      "Name an existing Powers of Tau file.",
      { cause },
    );
  }
}

async function parseHeader(file: string, source: ByteSource): Promise<TauHeader> {
  const sections = await readSections(source, "ptau");
  const header = sections?.get(SECTION.header);
  const contributions = sections?.get(SECTION.contributions);
  if (header === undefined || contributions === undefined) {
    throw unusable(`"${file}" is not a Powers of Tau file, or is cut off.`);
  }
  if (sections?.has(SECTION.lagrangeG1) !== true) {
    throw unusable(`"${file}" holds Powers of Tau that are not prepared for phase 2.`);
  }
  const read = async (offset: number) => viewOf(await source.read(offset, 4)).getUint32(0, true);
  return {
    power: await read(header.offset + POWER_OFFSET),
    contributions: await read(contributions.offset),
  };
}

function unusable(message: string): ZkmlError {
  return new ZkmlError("SETUP_FAILED", message, "Use a prepared file of the public ceremony.");
}

/** Public files go up to hundreds of gigabytes: never read as a whole. */
async function hashFile(file: string): Promise<string> {
  const hash = createHash("blake2b512");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}
