import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { ZeroAddress } from "ethers";
import { AWS_NITRO_ROOT_HASH } from "../../sdk/nitro/aws-root.ts";
import { PROOF_KINDS } from "../../sdk/proof-kinds.ts";
import { TIERS } from "../../sdk/tiers.ts";
import { giveToGuardian, proxied } from "../building.ts";
import NitroParts from "./NitroParts.ts";
import Protocol from "./Protocol.ts";

/**
 * 7. What attests enclaves' keys, and the Attested tier on top of it. Simulated hardware has verifiers only where the
 * parameters name them, which Base refuses.
 */
export default buildModule("Attestation", (m) => {
  const protocol = m.useModule(Protocol);
  const { manager, nodeRegistry, verifierRouter, feeEscrow } = protocol;

  const { p384Verifier, sha384Hasher } = m.useModule(NitroParts);
  const parts = [manager, p384Verifier, sha384Hasher, AWS_NITRO_ROOT_HASH];
  const nitroVerifier = m.contract("NitroVerifier", parts);
  giveToGuardian(m, { manager, target: nitroVerifier }, ["revoke(bytes32,uint256)"]);
  const tdxVerifier = m.contract("TdxVerifier", [m.getParameter("dcapAttestation", ZeroAddress)]);
  const verifiers = {
    nitro: nitroVerifier,
    tdx: tdxVerifier,
    nitroSim: m.getParameter("simulatedNitroVerifier", ZeroAddress),
    tdxSim: m.getParameter("simulatedTdxVerifier", ZeroAddress),
  };
  const enclaveRegistry = proxied(m, "EnclaveRegistry", {
    constructor: [nodeRegistry, verifiers],
    initialize: [manager, m.getParameter("keyLifetimeSeconds")],
  });
  giveToGuardian(m, { manager, target: enclaveRegistry }, [
    "revoke(address)",
    "revokeMeasurement(bytes32,uint40)",
  ]);

  const attestedVerifier = m.contract("AttestedVerifier", [enclaveRegistry]);
  const route = [PROOF_KINDS.attestedReceiptV1, TIERS.Attested, attestedVerifier];
  m.call(verifierRouter, "openRoute", route, { id: "attested_route" });
  m.call(feeEscrow, "setAttestedKeys", [enclaveRegistry]);

  return { ...protocol, nitroVerifier, tdxVerifier, enclaveRegistry, attestedVerifier };
});
