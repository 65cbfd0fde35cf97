import { groth16, type Groth16Proof } from "snarkjs";
import { ZkmlError } from "../../errors.ts";
import { stopProverThreads } from "../threads.ts";
import type { Prover } from "./prover.ts";

/** snarkjs as it is: the reference. It reads the key anew for every proof. */
export class SnarkjsProver implements Prover {
  readonly name = "snarkjs";

  /** Does nothing: snarkjs keeps nothing but its threads. */
  prepare(): Promise<void> {
    return Promise.resolve();
  }

  async prove(provingKey: Uint8Array, witness: Uint8Array): Promise<Groth16Proof> {
    try {
      return (await groth16.prove(provingKey, witness)).proof;
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new ZkmlError(
        "PROVER_FAILED",
        `snarkjs failed: ${reason}.`,
        "Set the model up again, and compute the witness again.",
        { cause },
      );
    }
  }

  stop(): Promise<void> {
    return stopProverThreads();
  }
}
