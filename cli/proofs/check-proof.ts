import { getBytes, keccak256, toBeHex } from "ethers";
import type { Groth16VerificationKey } from "snarkjs";
import { splitEvidence } from "../../sdk/proof-kinds.ts";
import { modelIdOf, modelOrigin } from "../../sdk/model-id.ts";
import { decodeEvidence, type Evidence } from "../../zkml/prove/evidence.ts";
import { proofHolds, statementOf } from "../../zkml/prove/verify-evidence.ts";
import { addressOfKey } from "./address-of-key.ts";
import type { ProofFile } from "./proof-file.ts";

/** One condition of a proof, and what was compared. */
export interface ProofCheck {
  readonly check: string;
  readonly holds: boolean;
  readonly detail: string;
}

/** What a proof is checked against. */
export interface CheckingKey {
  readonly verificationKey: Groth16VerificationKey;
  /** Of the package, if the whole package is at hand. */
  readonly contentHash?: string;
}

/**
 * Checks a proof as `ProvenVerifier` and the verification key's address do on chain; with a package also what the registry
 * made sure of, that the model is this package's. The proof holds if all checks do.
 */
export function checkProof(proof: ProofFile, key: CheckingKey): readonly ProofCheck[] {
  const evidence = readEvidence(proof);
  if (evidence === undefined) {
    const detail = `${getBytes(proof.evidence).length} bytes that start with ${proof.evidence.slice(0, 10)}`;
    return [{ check: "evidence is a whole Groth16 proof", holds: false, detail }];
  }
  return [
    checkModelId(proof, evidence),
    ...checkOrigin(proof, evidence, key),
    compare("key is the one given", {
      found: evidence.key,
      wanted: addressOfKey(proof.claim.groth16Verifier, key.verificationKey),
    }),
    compare("input is the one claimed", {
      found: keccak256(evidence.input),
      wanted: proof.claim.inputHash,
    }),
    ...checkStatement(proof, evidence, key),
  ];
}

function readEvidence({ evidence }: ProofFile): Evidence | undefined {
  const { kind, content = "0x" } = splitEvidence(evidence) ?? {};
  if (kind !== "provenGroth16V1" && kind !== "provenGroth16SharedV1") return undefined;
  return decodeEvidence(getBytes(content), { isShared: kind === "provenGroth16SharedV1" });
}

/** The id commits to origin, key and both lengths. */
function checkModelId({ claim, output }: ProofFile, evidence: Evidence): ProofCheck {
  const { origin, key, input, sharing } = evidence;
  const sizes = sharing ?? { inputSize: input.length, outputSize: getBytes(output).length };
  const found = modelIdOf({ origin, key, ...sizes });
  return compare("model is the one claimed", { found, wanted: claim.modelId });
}

function checkOrigin(
  { claim: { publisher } }: ProofFile,
  { origin }: Evidence,
  { contentHash }: CheckingKey,
): ProofCheck[] {
  if (contentHash === undefined) return [];
  const wanted = modelOrigin({ publisher, contentHash });
  return [compare("model is the package's", { found: origin, wanted })];
}

function checkStatement(
  { claim, output }: ProofFile,
  evidence: Evidence,
  { verificationKey }: CheckingKey,
): ProofCheck[] {
  const answer = { requestId: claim.requestId, output: getBytes(output) };
  const statement = statementOf(evidence, [answer], claim);
  if (statement === undefined) {
    const detail = `${evidence.input.length} bytes of input, ${answer.output.length} of output`;
    return [{ check: "sizes are multiples of the model's", holds: false, detail }];
  }
  const [c, r, e] = [statement.commitment, statement.challenge, statement.evaluation].map((value) =>
    toBeHex(value, 32),
  );
  return [
    {
      check: "c is the hash of input and output",
      holds: statement.isCommitted,
      detail: `c = ${c ?? ""}`,
    },
    {
      check: "proof holds for c, r and e",
      holds: proofHolds(verificationKey, evidence, statement),
      detail: `r = ${r ?? ""}, e = ${e ?? ""}`,
    },
  ];
}

function compare(
  check: string,
  { found, wanted }: { readonly found: string; readonly wanted: string },
): ProofCheck {
  const holds = BigInt(found) === BigInt(wanted);
  return { check, holds, detail: holds ? wanted : `${found}, not ${wanted}` };
}
