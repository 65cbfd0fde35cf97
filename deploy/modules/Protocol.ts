import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import type {
  ArgumentType,
  IgnitionModuleBuilder,
  NamedArtifactContractDeploymentFuture,
} from "@nomicfoundation/ignition-core";
import { PROOF_KINDS } from "../../sdk/proof-kinds.ts";
import { TIERS } from "../../sdk/tiers.ts";
import { giveToGuardian, grant, proxied, type Contract } from "../building.ts";
import { ROLES } from "../roles.ts";
import Access from "./Access.ts";
import Token from "./Token.ts";
import Verifiers from "./Verifiers.ts";

/**
 * 4. The stateful contracts behind their proxies, in the order in which they refer to each other, and the roles that let
 * them call each other.
 */
export default buildModule("Protocol", (m) => {
  const { manager } = m.useModule(Access);
  const { opg } = m.useModule(Token);
  const verifiers = m.useModule(Verifiers);

  const modelRegistry = proxied(m, "ModelRegistry", {
    constructor: [opg, verifiers.groth16Verifier],
    initialize: [manager, m.getParameter("modelDeposit")],
  });
  const feeEscrow = proxied(m, "FeeEscrow", {
    constructor: [opg, modelRegistry],
    initialize: [
      manager,
      m.getParameter("treasury", m.getAccount(0)),
      m.getParameter("treasuryShareBps"),
    ],
  });
  const staking = proxied(m, "Staking", {
    constructor: [opg, feeEscrow],
    initialize: [manager, m.getParameter("unbondingSeconds"), m.getParameter("reporterShareBps")],
  });
  const nodeRegistry = proxied(m, "NodeRegistry", {
    constructor: [staking],
    initialize: [manager, minimumStakes(m)],
  });
  const feePolicy = proxied(m, "FeePolicy", {
    constructor: [],
    initialize: [manager, priceRules(m), workRates(m)],
  });
  const batchSettlement = m.contract("BatchSettlement", [
    feeEscrow,
    nodeRegistry,
    verifiers.verifierRouter,
    feePolicy,
  ]);
  const inferenceMarket = proxied(m, "InferenceMarket", {
    constructor: [staking, modelRegistry, batchSettlement],
    initialize: [manager, challengeTerms(m)],
  });

  const signedVerifier = routedSignedVerifier(m, verifiers.verifierRouter, nodeRegistry);
  wireRoles(m, { manager, feeEscrow, staking, nodeRegistry, inferenceMarket });

  return {
    manager,
    opg,
    ...verifiers,
    signedVerifier,
    feeEscrow,
    staking,
    nodeRegistry,
    modelRegistry,
    feePolicy,
    inferenceMarket,
  };
});

/** Own stake that each role takes, in the order of `NodeRole`. */
function minimumStakes(m: IgnitionModuleBuilder): ArgumentType {
  return [
    m.getParameter("minimumInferenceStake"),
    m.getParameter("minimumVerifierStake"),
    m.getParameter("minimumDataStake"),
  ];
}

/** How the price of work moves; see `PriceRules`. */
function priceRules(m: IgnitionModuleBuilder): ArgumentType {
  return {
    floor: m.getParameter("priceFloor"),
    target: m.getParameter("workTarget"),
    windowSeconds: m.getParameter("priceWindowSeconds"),
  };
}

/** What a unit of work is; see `WorkRates`. */
function workRates(m: IgnitionModuleBuilder): ArgumentType {
  return {
    multipliers: m.getParameter("tierMultipliers"),
    inputRate: m.getParameter("inputRate"),
    outputRate: m.getParameter("outputRate"),
  };
}

/** Times and stakes of challenges in the Optimistic tier. */
function challengeTerms(m: IgnitionModuleBuilder) {
  return {
    challengeWindow: m.getParameter("challengeWindowSeconds"),
    proveWindow: m.getParameter("proveWindowSeconds"),
    challengeBond: m.getParameter("challengeBond"),
  };
}

/** Not among the other verifiers, because it asks the registry for the nodes' keys. */
function routedSignedVerifier(
  m: IgnitionModuleBuilder,
  verifierRouter: NamedArtifactContractDeploymentFuture<"VerifierRouter">,
  nodeRegistry: Contract,
): NamedArtifactContractDeploymentFuture<"SignedVerifier"> {
  const verifier = m.contract("SignedVerifier", [nodeRegistry]);
  const route = [PROOF_KINDS.signedReceiptV1, TIERS.Signed, verifier];
  m.call(verifierRouter, "openRoute", route, { id: "signed_route" });
  return verifier;
}

interface Wired {
  readonly manager: NamedArtifactContractDeploymentFuture<"AccessManager">;
  readonly feeEscrow: Contract;
  readonly staking: Contract;
  readonly nodeRegistry: Contract;
  readonly inferenceMarket: Contract;
}

/** Lets the contracts call each other, and the guardian pause them. */
function wireRoles(
  m: IgnitionModuleBuilder,
  { manager, feeEscrow, staking, nodeRegistry, inferenceMarket }: Wired,
): void {
  grant(m, { manager, target: staking, role: "market", member: inferenceMarket }, [
    "lock(address,uint256,uint40)",
  ]);
  grant(m, { manager, target: staking, role: "nodeRegistry", member: nodeRegistry }, [
    "stakeFrom(address,uint256)",
  ]);
  grant(m, { manager, target: feeEscrow, role: "staking", member: staking }, [
    "deposit(address,uint256)",
  ]);
  const guardian = m.getParameter("guardian", m.getAccount(0));
  m.call(manager, "grantRole", [ROLES.guardian, guardian, 0], { id: "guardian_member" });
  for (const target of [feeEscrow, staking, inferenceMarket]) {
    giveToGuardian(m, { manager, target }, ["pause()"]);
  }
}
