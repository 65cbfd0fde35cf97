import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/** 2. The token; its whole supply goes to `recipient`. */
export default buildModule("Token", (m) => {
  const opg = m.contract("OPG", [m.getParameter("recipient", m.getAccount(0))]);
  return { opg };
});
