import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { PROOF_KINDS } from "../../sdk/proof-kinds.ts";
import { TIERS } from "../../sdk/tiers.ts";
import Access from "./Access.ts";

/** 3. The verifiers and the router that finds them. None of them can be upgraded. */
export default buildModule("Verifiers", (m) => {
  const { manager } = m.useModule(Access);
  const groth16Verifier = m.contract("Groth16Verifier");
  const provenVerifier = m.contract("ProvenVerifier");
  const verifierRouter = m.contract("VerifierRouter", [manager]);
  m.call(verifierRouter, "openRoute", [PROOF_KINDS.provenGroth16V1, TIERS.Proven, provenVerifier]);
  return { groth16Verifier, provenVerifier, verifierRouter };
});
