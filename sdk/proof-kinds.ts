import { concat, id, type BytesLike } from "ethers";

/** Kinds of evidence by name; 4-byte 0x-prefixed hex, as in `contracts/types/ProofKind.sol`. */
export const PROOF_KINDS = {
  provenGroth16V1: id("opengradient.proof.proven.groth16.v1").slice(0, 10),
  signedReceiptV1: id("opengradient.proof.signed.receipt.v1").slice(0, 10),
} as const;

export type ProofKindName = keyof typeof PROOF_KINDS;

/** Evidence as the market takes it: its kind, then what the kind's verifier reads. */
export function evidenceOf(kind: ProofKindName, content: BytesLike): string {
  return concat([PROOF_KINDS[kind], content]);
}
