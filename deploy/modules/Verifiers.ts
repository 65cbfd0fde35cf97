import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { PROOF_KINDS } from "../../sdk/proof-kinds.ts";
import { TIERS } from "../../sdk/tiers.ts";
import Access from "./Access.ts";

/** 3. The verifiers and the router that finds them. None of them can be upgraded. */
export default buildModule("Verifiers", (m) => {
  const { manager } = m.useModule(Access);
  const groth16Verifier = m.contract("Groth16Verifier");
  const provenVerifier = m.contract("ProvenVerifier");
  const sharedProofVerifier = m.contract("SharedProofVerifier");
  const verifierRouter = m.contract("VerifierRouter", [manager]);
  for (const [kind, verifier] of [
    ["provenGroth16V1", provenVerifier],
    ["provenGroth16SharedV1", sharedProofVerifier],
  ] as const) {
    const route = [PROOF_KINDS[kind], TIERS.Proven, verifier];
    m.call(verifierRouter, "openRoute", route, { id: `${kind}_route` });
  }
  return { groth16Verifier, provenVerifier, sharedProofVerifier, verifierRouter };
});
