import { groth16, type Groth16Proof } from "snarkjs";
import { listOf } from "../arrays.ts";
import { readUint256 } from "../circuit/binary-reader.ts";
import { FIELD_BYTES } from "../circuit/field.ts";
import { ZkmlError } from "../errors.ts";
import type { CircuitKeys } from "../setup/keys.ts";
import type { Prover } from "./provers/prover.ts";
import { readWitness } from "./witness-file.ts";
import { readProvingKey } from "./zkey-file.ts";

/** A proof with what it proves. */
export interface VerifiedProof {
  readonly proof: Groth16Proof;
  /** Public inputs in decimal. */
  readonly publicSignals: readonly string[];
}

/**
 * Proves a witness and verifies the proof before it is handed out: a wrong one would cost its sender gas, and perhaps its
 * collateral. Every proof leaves through here, whatever prover made it.
 *
 * @param witness `.wtns` file.
 * @throws ZkmlError `FILE_CORRUPTED`, `WITNESS_INVALID` for a witness of another circuit, `PROVER_FAILED`, or
 * `PROOF_INVALID` if the witness does not satisfy the circuit or the keys do not belong together.
 */
export async function proveVerified(
  prover: Prover,
  { provingKey, verificationKey }: CircuitKeys,
  witness: Uint8Array,
): Promise<VerifiedProof> {
  const publicSignals = readPublicSignals(provingKey, witness);
  const proof = await prover.prove(provingKey, witness);
  if (await groth16.verify(verificationKey, publicSignals, proof)) return { proof, publicSignals };
  throw new ZkmlError(
    "PROOF_INVALID",
    "The proof does not verify under the model's own key.",
    "Set the model up again: proving key, verification key and circuit do not belong together.",
  );
}

function readPublicSignals(provingKey: Uint8Array, witness: Uint8Array): readonly string[] {
  const { wireCount, publicCount } = readProvingKey(provingKey);
  const values = readWitness(witness);
  const found = values.length / FIELD_BYTES;
  if (found !== wireCount) {
    throw new ZkmlError(
      "WITNESS_INVALID",
      `The witness has ${found} values; the proving key is for ${wireCount}.`,
      "Compute the witness with the circuit that the key was made for.",
    );
  }
  // Wire 0 is the constant 1.
  return listOf(publicCount, (i) => readUint256(values, (i + 1) * FIELD_BYTES).toString());
}
