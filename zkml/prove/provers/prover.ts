import type { Groth16Proof } from "snarkjs";

/** The provers there are. All write the same proofs; they differ in time, memory and what they need. */
export const PROVER_NAMES = ["snarkjs", "warm", "rapidsnark"] as const;
export type ProverName = (typeof PROVER_NAMES)[number];

/**
 * Turns witnesses into Groth16 proofs. A proving key is recognised by its array: the same one for every proof of a model.
 *
 * NOTE: provers do not check what they make; `proveVerified` does, through which every proof leaves.
 */
export interface Prover {
  readonly name: ProverName;
  /**
   * Does once what makes later proofs of this key faster, at the cost of time now and memory until `stop`.
   *
   * @param provingKey `.zkey` file.
   * @param witness `.wtns` file of a typical witness.
   */
  prepare(provingKey: Uint8Array, witness: Uint8Array): Promise<void>;
  /** @throws ZkmlError `FILE_CORRUPTED` or `PROVER_FAILED`. */
  prove(provingKey: Uint8Array, witness: Uint8Array): Promise<Groth16Proof>;
  /** Gives back threads, memory and files. The prover can be used again. */
  stop(): Promise<void>;
}
