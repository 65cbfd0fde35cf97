import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { giveToGuardian } from "../building.ts";
import Access from "./Access.ts";
import NitroParts from "./NitroParts.ts";

/**
 * 6. Where the parameters name a root for it: what checks documents of simulated Nitro enclaves. Base refuses any root but
 * AWS's.
 */
export default buildModule("Simulation", (m) => {
  const { manager } = m.useModule(Access);
  const { p384Verifier, sha384Hasher } = m.useModule(NitroParts);
  const root = m.getParameter("simulatedRoot");
  const simulatedNitroVerifier = m.contract("NitroVerifier", [
    manager,
    p384Verifier,
    sha384Hasher,
    root,
  ]);
  giveToGuardian(m, { manager, target: simulatedNitroVerifier }, ["revoke(bytes32,uint256)"]);
  return { simulatedNitroVerifier };
});
