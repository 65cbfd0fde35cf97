import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { p384Table } from "../../sdk/p384-table.ts";

/** 5. What checks signatures of AWS Nitro, whatever the root: neither has storage or authority. */
export default buildModule("NitroParts", (m) => {
  const p384Verifier = m.contract("P384Verifier", [p384Table()]);
  const sha384Hasher = m.contract("Sha384Hasher");
  return { p384Verifier, sha384Hasher };
});
