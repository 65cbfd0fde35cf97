import { hexlify, keccak256 } from "ethers";
import { evidenceOf, proofKindOf } from "../../sdk/proof-kinds.ts";
import { modelId, modelOrigin } from "../../sdk/model-id.ts";
import type { ModelPackage } from "../../zkml/model/package.ts";
import { proveInference, type ProvenInference } from "../../zkml/prove/prover.ts";
import type { Prover } from "../../zkml/prove/provers/prover.ts";
import { addressOfKey } from "./address-of-key.ts";
import type { ProofClaim } from "./claim.ts";
import type { ProofFile } from "./proof-file.ts";

/** A proof file's content, and how long it took. */
export interface ProvenClaim extends Pick<ProvenInference, "witnessMs" | "proofMs"> {
  readonly file: ProofFile;
}

/**
 * Runs a package's model on an input and proves it for a claim.
 *
 * @throws ZkmlError `INPUT_SIZE`, or whatever `proveVerified` does.
 */
export async function proveClaim(
  model: ModelPackage,
  input: Uint8Array,
  { claim, prover }: { readonly claim: ProofClaim; readonly prover: Prover },
): Promise<ProvenClaim> {
  const { contentHash, manifest, keys } = model;
  const key = addressOfKey(claim.groth16Verifier, keys.verificationKey);
  const identity = { publisher: claim.publisher, contentHash, key, ...manifest };
  const context = { ...claim, modelId: modelId(identity) };
  const parts = { origin: modelOrigin(identity), key };
  const request = { input, context, parts };
  const proven = await proveInference(model, request, prover);
  const file: ProofFile = {
    format: "opengradient-proof/2",
    claim: { ...context, inputHash: keccak256(proven.input) },
    output: hexlify(proven.output),
    evidence: evidenceOf(proofKindOf(manifest), proven.evidence),
  };
  return { file, witnessMs: proven.witnessMs, proofMs: proven.proofMs };
}
