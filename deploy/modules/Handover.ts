import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { ADMIN_ROLE, ROLES } from "../roles.ts";
import Ledger from "./Ledger.ts";

/**
 * 9. Hands everything that can be governed to `governor`, and takes it from the deployer. Run on its own, after the
 * deployment was looked over: there is no way back.
 */
export default buildModule("Handover", (m) => {
  const { manager } = m.useModule(Ledger);
  const delay = m.getParameter("governorDelaySeconds");
  const granted = m.call(manager, "grantRole", [ADMIN_ROLE, m.getParameter("governor"), delay]);
  // A deployer that was left as guardian is none any more; governance names another.
  const revoked = m.call(manager, "revokeRole", [ROLES.guardian, m.getAccount(0)], {
    after: [granted],
  });
  // Whoever has renounced cannot finish what is left of the deployment.
  m.call(manager, "renounceRole", [ADMIN_ROLE, m.getAccount(0)], {
    after: [granted, revoked, Ledger],
  });
  return { manager };
});
