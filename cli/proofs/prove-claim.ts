import { hexlify, keccak256 } from "ethers";
import { modelId, modelOrigin } from "../../sdk/model-id.ts";
import { ZkmlError } from "../../zkml/errors.ts";
import type { ModelPackage } from "../../zkml/model/package.ts";
import { proveInference, type ProvenInference } from "../../zkml/prove/prover.ts";
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
 * @throws ZkmlError `INPUT_SIZE`, `PROOF_INVALID`, or `FILE_CORRUPTED` for a proving key that is damaged.
 */
export async function proveClaim(
  model: ModelPackage,
  input: Uint8Array,
  claim: ProofClaim,
): Promise<ProvenClaim> {
  const { contentHash, manifest, keys } = model;
  const key = addressOfKey(claim.groth16Verifier, keys.verificationKey);
  const identity = { publisher: claim.publisher, contentHash, key, ...manifest };
  const context = { ...claim, modelId: modelId(identity) };
  const parts = { origin: modelOrigin(identity), key };
  const { output, evidence, witnessMs, proofMs } = await namingTheKey(() =>
    proveInference(model, { input, context, parts }),
  );
  const file: ProofFile = {
    format: "opengradient-proof/1",
    claim: { ...context, inputHash: keccak256(input) },
    output: hexlify(output),
    evidence: hexlify(evidence),
  };
  return { file, witnessMs, proofMs };
}

/** The prover's library throws errors of many kinds at a damaged key; nothing else of its input can be damaged. */
async function namingTheKey<T>(prove: () => Promise<T>): Promise<T> {
  try {
    return await prove();
  } catch (cause) {
    if (cause instanceof ZkmlError) throw cause;
    throw new ZkmlError(
      "FILE_CORRUPTED",
      "proving.zkey cannot be proved with: it is damaged, or of another circuit.",
      "Fetch the package again, or set the model up again.",
      { cause },
    );
  }
}
