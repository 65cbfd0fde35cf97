import { hexlify, keccak256 } from "ethers";
import { TIERS } from "../../../sdk/tiers.ts";
import type { ShownReceipt } from "../batch.ts";
import type { Finding } from "../fault.ts";

/** What was shown as a receipt's proof, and is what the receipt commits to. */
export interface ShownProof {
  /** 0x-prefixed hex. */
  readonly output: string;
  readonly evidence: string;
}

/** The proof of a Proven receipt; undefined if it was not shown, or another one was. */
export function shownProof({ receipt, output, evidence }: ShownReceipt): ShownProof | undefined {
  if (output === undefined || evidence === undefined) return undefined;
  const fits =
    keccak256(output) === receipt.outputHash && keccak256(evidence) === receipt.evidenceHash;
  return fits ? { output: hexlify(output), evidence } : undefined;
}

/**
 * How `VerifierRouter` sees a proof. `closed`: it reads such proofs no more, which is no fault of the node; `unread`: it never did.
 */
export type ProofVerdict = "valid" | "invalid" | "closed" | "unread";

/**
 * A Proven receipt without a proof, or with one that does not hold.
 *
 * @param verdict On the shown proof; undefined if none was shown.
 */
export function checkProof(
  shown: ShownReceipt,
  verdict: ProofVerdict | undefined,
): Finding | undefined {
  if (shown.receipt.tier !== BigInt(TIERS.Proven)) return undefined;
  const proof = shownProof(shown);
  if (proof === undefined || verdict === undefined || verdict === "unread") {
    const reason = "the node does not show a proof that the receipt commits to, and that is read";
    return { challenge: "demandProof", shown, reason };
  }
  if (verdict !== "invalid") return undefined;
  return { challenge: "challengeProof", shown, ...proof, reason: "the proof does not hold" };
}
