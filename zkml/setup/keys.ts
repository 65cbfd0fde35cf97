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
  /** Prepared `.ptau` file for at least the circuit's domain. */
  readonly tau: Uint8Array;
  /** Name that the contribution carries in the key's transcript. */
  readonly contributor: string;
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
  const contributed = inMemory();
  requireDone(
    await zKey.newZKey(r1cs, tau, initial).catch(() => -1 as const),
    "the Powers of Tau file is not readable or too small for the circuit",
  );
  const entropy = randomBytes(64).toString("hex");
  requireDone(
    await zKey.contribute(initial, contributed, contributor, entropy),
    "the contribution failed",
  );
  return {
    provingKey: contributed.data,
    verificationKey: await zKey.exportVerificationKey(contributed),
  };
}

/** Whether a proving key belongs to this circuit and this Powers of Tau file, and its contributions are sound. */
export function verifyKeys(
  { r1cs, tau }: Pick<KeyMaterial, "r1cs" | "tau">,
  provingKey: Uint8Array,
): Promise<boolean> {
  return zKey.verifyFromR1cs(r1cs, tau, provingKey);
}

function inMemory(): { type: "mem"; data: Uint8Array } {
  return { type: "mem", data: new Uint8Array() };
}

function requireDone(result: Uint8Array | -1, what: string): void {
  if (result !== -1) return;
  throw new ZkmlError(
    "SETUP_FAILED",
    `Key set-up stopped: ${what}.`,
    "Use a prepared Powers of Tau file of at least the circuit's power.",
  );
}
