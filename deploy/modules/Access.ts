import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/** 1. The one authority over everything that can be governed; its first admin deploys and wires the rest. */
export default buildModule("Access", (m) => {
  const admin = m.getAccount(0);
  const manager = m.contract("AccessManager", [admin]);
  return { manager };
});
