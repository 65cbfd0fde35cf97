import { concat, dataSlice, id, type BytesLike } from "ethers";

/** Kinds of evidence by name; 4-byte 0x-prefixed hex, as in `contracts/types/ProofKind.sol`. */
export const PROOF_KINDS = {
  provenGroth16V1: id("opengradient.proof.proven.groth16.v1").slice(0, 10),
  provenGroth16SharedV1: id("opengradient.proof.proven.groth16-shared.v1").slice(0, 10),
  signedReceiptV1: id("opengradient.proof.signed.receipt.v1").slice(0, 10),
  attestedReceiptV1: id("opengradient.proof.attested.receipt.v1").slice(0, 10),
} as const;

export type ProofKindName = keyof typeof PROOF_KINDS;

/** Kind of a model's proofs, which carry so many inferences. */
export function proofKindOf({ inferences }: { readonly inferences: number }): ProofKindName {
  return inferences === 1 ? "provenGroth16V1" : "provenGroth16SharedV1";
}

/** Evidence as the market takes it: its kind, then what the kind's verifier reads. */
export function evidenceOf(kind: ProofKindName, content: BytesLike): string {
  return concat([PROOF_KINDS[kind], content]);
}

/** The reverse of {@link evidenceOf}; `undefined` for kinds that are not known. */
export function splitEvidence(
  evidence: string,
): { readonly kind: ProofKindName; readonly content: string } | undefined {
  const names = Object.keys(PROOF_KINDS) as ProofKindName[];
  const kind = names.find((name) => evidence.toLowerCase().startsWith(PROOF_KINDS[name]));
  return kind && { kind, content: dataSlice(evidence, 4) };
}
