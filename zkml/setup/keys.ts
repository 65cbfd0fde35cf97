import { randomBytes } from "node:crypto";
import { zKey, type Groth16VerificationKey } from "snarkjs";
import { ZkmlError } from "../errors.ts";

/** What a circuit is proved and verified with. */
export interface CircuitKeys {
  /** snarkjs' `.zkey` file. */
  readonly provingKey: Uint8Array;
  readonly verificationKey: Groth16VerificationKey;
}

export interface KeyMaterial {
  /** `.r1cs` file of the circuit. */
  readonly r1cs: Uint8Array;
  /** Prepared `.ptau` file for at least the circuit's domain: its path, or its content. */
  readonly tau: string | Uint8Array;
  /** Name that the contribution carries in the key's transcript. */
  readonly contributor: string;
}

export interface ContributionOptions {
  readonly name: string;
  /** Mixed into the randomness of the operating system; cannot make it worse. */
  readonly entropy?: string;
}

export interface BeaconOptions {
  readonly name: string;
  /** Hex digits of 1 to 255 bytes that nobody could know or choose before the last contribution. */
  readonly value: string;
  /** The value is hashed `2^iterationsExponent` times. */
  readonly iterationsExponent: number;
}

/**
 * Phase 2 of the set-up with one contribution of fresh randomness, which is forgotten.
 *
 * Whoever kept it could forge proofs for this circuit: one contribution is enough for a network of one's own, a
 * production key needs several by parties that do not collude.
 *
 * @throws ZkmlError `SETUP_FAILED` if snarkjs refuses the files, for example because the domain is too large for them.
 */
export async function makeKeys({ r1cs, tau, contributor }: KeyMaterial): Promise<CircuitKeys> {
  const initial = inMemory();
  const made = await zKey.newZKey(r1cs, tau, initial).catch(() => -1 as const);
  if (made === -1) {
    throw new ZkmlError(
      "SETUP_FAILED",
      "Key set-up stopped: the Powers of Tau file is not readable or too small for the circuit.",
      "Use a prepared Powers of Tau file of at least the circuit's power.",
    );
  }
  return contribute(initial.data, { name: contributor });
}

/**
 * Adds a contribution of fresh randomness to a proving key. Proofs under the old key do not verify under the new one.
 *
 * @throws ZkmlError `SETUP_FAILED` if snarkjs cannot read the key.
 */
export function contribute(
  provingKey: Uint8Array,
  { name, entropy = "" }: ContributionOptions,
): Promise<CircuitKeys> {
  const randomness = randomBytes(64).toString("hex") + entropy;
  return transform((result) => zKey.contribute(provingKey, result, name, randomness));
}

/**
 * Ends a ceremony with a contribution that everybody can compute, out of a value that nobody could choose: so the last
 * contributor did not choose the key.
 *
 * @throws ZkmlError `SETUP_FAILED` if snarkjs cannot read the key or does not take the options.
 */
export function applyBeacon(
  provingKey: Uint8Array,
  { name, value, iterationsExponent }: BeaconOptions,
): Promise<CircuitKeys> {
  return transform((result) => zKey.beacon(provingKey, result, name, value, iterationsExponent));
}

/**
 * Checks that a proving key was made from this circuit and these Powers of Tau, by nothing but sound contributions.
 *
 * @throws ZkmlError `SETUP_INVALID`.
 */
export async function verifyKeys(
  { r1cs, tau }: Pick<KeyMaterial, "r1cs" | "tau">,
  provingKey: Uint8Array,
): Promise<void> {
  const isValid = await zKey.verifyFromR1cs(r1cs, tau, provingKey).catch(() => false);
  if (isValid) return;
  throw new ZkmlError(
    "SETUP_INVALID",
    "The proving key was not made from this circuit and these Powers of Tau by sound contributions.",
    "Do not use this package; ask whoever offers it for another.",
  );
}

interface MemoryFile {
  readonly type: "mem";
  data: Uint8Array;
}

function inMemory(): MemoryFile {
  return { type: "mem", data: new Uint8Array() };
}

/** Makes one proving key of another, and its verification key. */
async function transform(
  apply: (result: MemoryFile) => Promise<Uint8Array | -1 | false>,
): Promise<CircuitKeys> {
  const result = inMemory();
  try {
    const hash = await apply(result);
    if (!(hash instanceof Uint8Array)) throw new Error("snarkjs refused the key");
    const verificationKey = await zKey.exportVerificationKey(result);
    return { provingKey: result.data, verificationKey };
  } catch (cause) {
    throw new ZkmlError(
      "SETUP_FAILED",
      "The proving key cannot be contributed to: snarkjs does not read it.",
      "Fetch the package again, or set the model up again.",
      { cause },
    );
  }
}
