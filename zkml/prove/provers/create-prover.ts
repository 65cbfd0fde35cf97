import { ZkmlError } from "../../errors.ts";
import { findRapidsnark, RAPIDSNARK_VARIABLE } from "./find-rapidsnark.ts";
import type { Prover, ProverName } from "./prover.ts";
import { RapidsnarkProver } from "./rapidsnark-prover.ts";
import { SnarkjsProver } from "./snarkjs-prover.ts";
import { WarmProver } from "./warm-prover.ts";

export interface ProverChoice {
  /** Without one: rapidsnark if it is there, else the warm prover. */
  readonly name?: ProverName | undefined;
  /** Program to use as rapidsnark. */
  readonly rapidsnark?: string | undefined;
  /** Keys that are kept in memory at the same time. */
  readonly maxKeys?: number;
}

/**
 * The prover of a name. The choice is made once: a prover that fails is never replaced by another.
 *
 * @throws ZkmlError `PROVER_MISSING` if rapidsnark is wanted and cannot be found.
 */
export async function createProver({
  name,
  rapidsnark,
  ...keys
}: ProverChoice = {}): Promise<Prover> {
  if (name === "snarkjs") return new SnarkjsProver();
  if (name === "warm") return new WarmProver(keys);
  const program = await findRapidsnark(rapidsnark);
  if (program !== undefined) return new RapidsnarkProver(program);
  if (name === undefined) return new WarmProver(keys);
  throw new ZkmlError(
    "PROVER_MISSING",
    "There is no rapidsnark on the path.",
    `Name its executable in ${RAPIDSNARK_VARIABLE}, or choose another prover.`,
  );
}
