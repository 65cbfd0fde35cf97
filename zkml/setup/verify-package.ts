import { readFile, stat } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import { zKey, type Groth16VerificationKey } from "snarkjs";
import { ZkmlError } from "../errors.ts";
import { parseVerificationKey, readKeys, readPackage, readR1cs } from "../model/package.ts";
import type { Ceremony } from "./ceremony.ts";
import { readKeyTranscript } from "./key-transcript.ts";
import { verifyKeys, type CircuitKeys } from "./keys.ts";
import { identifyTau, type PowersOfTau } from "./tau-file.ts";

/** Node reads no larger files at once, in bytes. */
const MAX_FILE_IN_MEMORY = 2 ** 31;

/** Who made a package's keys. */
export interface TranscribedSetup {
  readonly ceremony: Ceremony;
  /** SHA-256 of the transcript. */
  readonly transcriptHash: string;
  /** What the registry knows the model by; it covers the transcript. 0x-prefixed. */
  readonly contentHash: string;
  readonly verificationKey: Groth16VerificationKey;
}

/**
 * Checks that a package's files belong together, that its transcript says what its proving key says, and that its
 * verification key is the proving key's. What the proving key says is not checked yet: `verifyOrigin` does.
 *
 * @throws ZkmlError `FILE_MISSING`, `FILE_CORRUPTED` or `SETUP_INVALID`.
 */
export async function verifyTranscript(folder: string): Promise<TranscribedSetup> {
  const { contentHash } = await readPackage(folder);
  const { keys, ceremony, transcriptHash } = await readKeys(folder);
  await requireTranscript(ceremony, keys);
  await requireSameKey(keys);
  return { ceremony, transcriptHash, contentHash, verificationKey: keys.verificationKey };
}

/**
 * Checks that a package's proving key was made from its circuit and the Powers of Tau that its transcript names, by nothing
 * but the contributions in it.
 *
 * @param tau The Powers of Tau file.
 * @throws ZkmlError `SETUP_INVALID`, or of the files that are read.
 */
export async function verifyOrigin(folder: string, tau: string): Promise<void> {
  const { manifest, ceremony, keys } = await readPackage(folder);
  const { file, ...found } = await identifyTau(tau, { neededPower: manifest.domainPower });
  if (!isDeepStrictEqual(found, ceremony.powersOfTau)) {
    throw new ZkmlError(
      "SETUP_INVALID",
      `"${file}" is ${nameOf(found)}; the transcript names ${nameOf(ceremony.powersOfTau)}.`,
      "Name the file that the keys were made from.",
    );
  }
  const material = { r1cs: await readR1cs(folder), tau: await inMemoryIfItFits(tau) };
  await verifyKeys(material, keys.provingKey);
}

/** Verifying, snarkjs leaves a file open, which Node will call an error one day. In memory there is nothing to close. */
async function inMemoryIfItFits(file: string): Promise<string | Uint8Array> {
  const { size } = await stat(file);
  return size < MAX_FILE_IN_MEMORY ? new Uint8Array(await readFile(file)) : file;
}

function nameOf({ origin, power, blake2b }: PowersOfTau): string {
  return `the ${origin} file of power ${power} with the BLAKE2b hash ${blake2b}`;
}

async function requireTranscript(ceremony: Ceremony, { provingKey }: CircuitKeys): Promise<void> {
  const { circuit, contributions } = await readKeyTranscript(provingKey);
  const said = { circuit: ceremony.circuit, contributions: ceremony.contributions };
  if (isDeepStrictEqual({ circuit, contributions }, said)) return;
  throw doubtful("ceremony.json does not say what proving.zkey says about who took part.");
}

async function requireSameKey({ provingKey, verificationKey }: CircuitKeys): Promise<void> {
  const exported = await exportVerificationKey(provingKey);
  if (isDeepStrictEqual(exported, verificationKey)) return;
  throw doubtful("verification-key.json is not the verification key of proving.zkey.");
}

async function exportVerificationKey(provingKey: Uint8Array): Promise<unknown> {
  try {
    const key = await zKey.exportVerificationKey(provingKey);
    return parseVerificationKey(new TextEncoder().encode(JSON.stringify(key)));
  } catch (cause) {
    throw doubtful("proving.zkey cannot be read.", cause);
  }
}

function doubtful(message: string, cause?: unknown): ZkmlError {
  const hint = "Do not use this package; ask whoever offers it for another.";
  return new ZkmlError("SETUP_INVALID", message, hint, { cause });
}
