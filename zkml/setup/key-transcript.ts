import { createHash } from "node:crypto";
import { buildBn128, type Curve } from "ffjavascript";
import { at } from "../arrays.ts";
import { ZkmlError } from "../errors.ts";
import { POINT_BYTES } from "./points.ts";
import { inMemory, readSections, viewOf } from "./sections.ts";

/** What one participant of phase 2 did to a key. */
export type Contribution = RandomContribution | BeaconContribution;

/** Randomness that the contributor drew and forgot. */
interface RandomContribution {
  readonly kind: "random";
  /** What the contributor called themselves; nothing proves it but their own publication of the hash. */
  readonly name: string;
  /** snarkjs' contribution hash: 128 hex digits. */
  readonly hash: string;
}

/** Randomness that nobody could know or choose when the other contributions were made. */
interface BeaconContribution extends Omit<RandomContribution, "kind"> {
  readonly kind: "beacon";
  /** The public value, as hex digits. */
  readonly value: string;
  /** It was hashed `2^iterationsExponent` times. */
  readonly iterationsExponent: number;
}

/** What a proving key says about its own making. */
export interface KeyTranscript {
  /** snarkjs' hash of the key before anybody contributed: of the circuit, and the Powers of Tau. 128 hex digits. */
  readonly circuit: string;
  readonly contributions: readonly Contribution[];
}

/** More iterations take weeks, for everybody who verifies too; snarkjs takes no fewer. */
export const BEACON_EXPONENT = { minimum: 10, maximum: 40 } as const;

/** snarkjs keeps so many characters of a name. Those that cannot be seen could pass one name off as another. */
const NAME = /^\P{C}{0,64}$/u;

/** Section of a `.zkey` file. */
const CONTRIBUTIONS_SECTION = 10;
const HASH_BYTES = 64;
const PARAMETER = { name: 1, iterations: 2, beacon: 3 } as const;

/** Whether a name can be given to a contribution. */
export function isContributorName(name: string): boolean {
  return name !== "" && name.length <= 64 && NAME.test(name);
}

/**
 * Reads who took part from a `.zkey` file. That the contributions are sound takes pairings: `verifyKeys` checks it.
 *
 * @throws ZkmlError `FILE_CORRUPTED`.
 */
export async function readKeyTranscript(provingKey: Uint8Array): Promise<KeyTranscript> {
  const sections = await readSections(inMemory(provingKey), "zkey");
  const section = sections?.get(CONTRIBUTIONS_SECTION);
  if (section === undefined) throw corrupted("is not a proving key, or is cut off");
  const reader = new Reader(
    provingKey.subarray(section.offset, section.offset + section.size),
    await buildBn128(true),
  );
  const circuit = hex(reader.take(HASH_BYTES));
  const count = reader.u32();
  const contributions: Contribution[] = [];
  while (contributions.length < count) contributions.push(readContribution(reader));
  if (!reader.isAtEnd) throw corrupted("has bytes behind its last contribution");
  if (contributions.slice(0, -1).some(({ kind }) => kind === "beacon")) {
    throw corrupted("has contributions behind a beacon, which ends a ceremony");
  }
  return { circuit, contributions };
}

/** Points and the transcript so far, which the hash covers; then the type, and parameters in ascending order. */
function readContribution(reader: Reader): Contribution {
  const hash = createHash("blake2b512");
  for (const group of ["G1", "G1", "G1", "G2"] as const) hash.update(reader.point(group));
  hash.update(reader.take(HASH_BYTES));
  const isBeacon = reader.u32() === 1;
  const { name, iterationsExponent, value } = readParameters(reader);
  const common = { name, hash: hash.digest("hex") };
  if (!isBeacon) return { kind: "random", ...common };
  if (iterationsExponent > BEACON_EXPONENT.maximum) {
    throw corrupted(`has a beacon of 2^${iterationsExponent} iterations`);
  }
  return { kind: "beacon", ...common, value, iterationsExponent };
}

function readParameters(reader: Reader): {
  name: string;
  iterationsExponent: number;
  value: string;
} {
  const parameters = { name: "", iterationsExponent: 0, value: "" };
  const end = reader.u32() + reader.position;
  while (reader.position < end) {
    const type = reader.u8();
    if (type === PARAMETER.name) parameters.name = requireName(reader.take(reader.u8()));
    else if (type === PARAMETER.iterations) parameters.iterationsExponent = reader.u8();
    else if (type === PARAMETER.beacon) parameters.value = hex(reader.take(reader.u8()));
    else throw corrupted(`has a contribution with the unknown parameter ${type}`);
  }
  return parameters;
}

function requireName(bytes: Uint8Array): string {
  const name = new TextDecoder().decode(bytes);
  if (NAME.test(name)) return name;
  throw corrupted("has a contributor whose name cannot be shown");
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #curve: Curve;
  position = 0;

  constructor(bytes: Uint8Array, curve: Curve) {
    this.#bytes = bytes;
    this.#curve = curve;
  }

  get isAtEnd(): boolean {
    return this.position === this.#bytes.length;
  }

  take(length: number): Uint8Array {
    const start = this.position;
    this.position += length;
    if (this.position > this.#bytes.length) throw corrupted("is cut off in its contributions");
    return this.#bytes.subarray(start, this.position);
  }

  u8(): number {
    return at(this.take(1), 0);
  }

  u32(): number {
    return viewOf(this.take(4)).getUint32(0, true);
  }

  /** A point in the form that contribution hashes are made of. */
  point(group: "G1" | "G2"): Uint8Array {
    const { [group]: arithmetic } = this.#curve;
    return arithmetic.toUncompressed(arithmetic.fromRprLEM(this.take(POINT_BYTES[group]), 0));
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function corrupted(what: string): ZkmlError {
  return new ZkmlError(
    "FILE_CORRUPTED",
    `The proving key ${what}.`,
    "Fetch the package again, or set the model up again.",
  );
}
