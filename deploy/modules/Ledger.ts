import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import type { ArgumentType, IgnitionModuleBuilder } from "@nomicfoundation/ignition-core";
import { giveToGuardian, proxied } from "../building.ts";
import { ROLES } from "../roles.ts";
import Attestation from "./Attestation.ts";

/** 8. Where receipts of answers that were given off chain are committed, checked and challenged. */
export default buildModule("Ledger", (m) => {
  const protocol = m.useModule(Attestation);
  const { manager, staking, feeEscrow, verifierRouter, modelRegistry } = protocol;

  const receiptDisputes = m.contract("ReceiptDisputes", [
    staking,
    feeEscrow,
    verifierRouter,
    modelRegistry,
    protocol.enclaveRegistry,
  ]);
  const receiptLedger = proxied(m, "ReceiptLedger", {
    constructor: [protocol.nodeRegistry, receiptDisputes],
    initialize: [manager, ledgerTerms(m)],
  });
  // What the role may do was said with the market, its first member.
  m.call(manager, "grantRole", [ROLES.market, receiptLedger, 0], { id: "ledger_member" });
  giveToGuardian(m, { manager, target: receiptLedger }, ["pause()"]);

  return { ...protocol, receiptLedger };
});

/** What batches put at risk, and for how long; see `LedgerTerms`. */
function ledgerTerms(m: IgnitionModuleBuilder): ArgumentType {
  return {
    minCollateral: m.getParameter("minCollateral"),
    collateralBps: m.getParameter("collateralBps"),
    challengeWindow: m.getParameter("challengeWindowSeconds"),
    responseWindow: m.getParameter("responseWindowSeconds"),
    proveWindow: m.getParameter("proveWindowSeconds"),
    verifierBps: m.getParameter("verifierBps"),
    quorumBps: m.getParameter("quorumBps"),
    demandBond: m.getParameter("demandBond"),
    proofBond: m.getParameter("proofBond"),
  };
}
