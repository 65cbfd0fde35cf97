import { ZeroAddress, ZeroHash } from "ethers";
import { z } from "zod";
import { ZkmlError } from "../../zkml/errors.ts";
import { readInputFile } from "../files.ts";
import { address, hash } from "./hex.ts";

/** What a proof is for, besides model and bytes. */
export const claimSchema = z.object({
  /** Decimal, in a string if it is large. */
  chainId: z.coerce.bigint().nonnegative(),
  market: address,
  requestId: hash,
  /** Who is to be paid. */
  node: address,
  /** Who registered the model. */
  publisher: address,
  /** Contract that stores verification keys: with a key's content it makes the key's address. */
  groth16Verifier: address,
});

export type ProofClaim = z.infer<typeof claimSchema>;

/** For a proof that only shows something: no market on any chain takes it. */
export const NOBODY: ProofClaim = {
  chainId: 0n,
  market: ZeroAddress,
  requestId: ZeroHash,
  node: ZeroAddress,
  publisher: ZeroAddress,
  groth16Verifier: ZeroAddress,
};

/** @throws ZkmlError `FILE_MISSING` or `CLAIM_INVALID`. */
export async function readClaim(file: string): Promise<ProofClaim> {
  const text = new TextDecoder().decode(await readInputFile(file));
  try {
    return claimSchema.parse(JSON.parse(text));
  } catch (cause) {
    const [issue] = cause instanceof z.ZodError ? cause.issues : [];
    const why =
      issue === undefined ? "it is not JSON" : `"${issue.path.join(".")}": ${issue.message}`;
    throw new ZkmlError(
      "CLAIM_INVALID",
      `"${file}" is not a claim: ${why}.`,
      "Give chainId, market, requestId, node, publisher and groth16Verifier.",
      { cause },
    );
  }
}
