import { id } from "ethers";

/** Kinds of evidence by name, as in `contracts/types/ProofKind.sol`. */
export const PROOF_KINDS = {
  provenGroth16V1: id("opengradient.proof.proven.groth16.v1").slice(0, 10),
} as const;
