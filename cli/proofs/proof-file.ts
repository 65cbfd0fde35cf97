import { z } from "zod";
import { ZkmlError } from "../../zkml/errors.ts";
import { readInputFile } from "../files.ts";
import { claimSchema } from "./claim.ts";
import { bytes, hash } from "./hex.ts";

const proofFileSchema = z.object({
  format: z.literal("opengradient-proof/2"),
  claim: claimSchema.extend({ modelId: hash, inputHash: hash }),
  output: bytes,
  /** As the market takes it: the kind of proof, and the proof. */
  evidence: bytes,
});

/** A proof with all that is needed to check it, but for the verification key. */
export type ProofFile = z.infer<typeof proofFileSchema>;

export function encodeProofFile(proof: ProofFile): string {
  const { claim, ...rest } = proof;
  const plain = { ...rest, claim: { ...claim, chainId: claim.chainId.toString() } };
  return `${JSON.stringify(plain, undefined, 2)}\n`;
}

/** @throws ZkmlError `FILE_MISSING` or `FILE_CORRUPTED`. */
export async function readProofFile(file: string): Promise<ProofFile> {
  const text = new TextDecoder().decode(await readInputFile(file));
  try {
    return proofFileSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new ZkmlError(
      "FILE_CORRUPTED",
      `"${file}" is not a proof file.`,
      "Name a file that opg model prove wrote.",
      { cause },
    );
  }
}
