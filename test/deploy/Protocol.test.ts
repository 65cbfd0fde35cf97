import path from "node:path";
import { expect } from "chai";
import { id, ZeroAddress, type BaseContract } from "ethers";
import hre from "hardhat";
import { deployProtocol as deployWithModules, LOCAL_PARAMETERS } from "../../deploy/deploy.ts";
import Handover from "../../deploy/modules/Handover.ts";
import { ADMIN_ROLE, ROLES } from "../../deploy/roles.ts";
import {
  AccessManager__factory,
  EnclaveRegistry__factory,
  FeeEscrow__factory,
  FeePolicy__factory,
  InferenceMarket__factory,
  ModelRegistry__factory,
  NitroVerifier__factory,
  NodeRegistry__factory,
  Staking__factory,
} from "../../typechain-types/index.js";
import { PROOF_KINDS } from "../../sdk/proof-kinds.ts";
import { NODE_ROLES, TIERS } from "../../sdk/tiers.ts";
import { connectProtocol } from "../../sdk/protocol.ts";
import { TEST_ROOT_HASH } from "../fixtures/nitro-enclaves.ts";
import { chain, ethers, loadFixture, time } from "../fixtures/network.ts";
import { deployProtocol, opg, PARAMETERS, type Fixture } from "../fixtures/protocol.ts";

const PARAMETER_FILES = path.dirname(LOCAL_PARAMETERS);

/** ERC-1967's slot of the implementation's address: keccak256("eip1967.proxy.implementation") - 1. */
const IMPLEMENTATION_SLOT = BigInt(id("eip1967.proxy.implementation")) - 1n;

const PROXIED = [
  "feeEscrow",
  "staking",
  "nodeRegistry",
  "modelRegistry",
  "feePolicy",
  "inferenceMarket",
  "enclaveRegistry",
] as const;

async function implementationOf(contract: BaseContract): Promise<string> {
  const word = await ethers.provider.getStorage(contract, IMPLEMENTATION_SLOT);
  return ethers.getAddress(`0x${word.slice(26)}`);
}

describe("deployment", () => {
  it("wires the contracts to each other", async () => {
    const {
      inferenceMarket,
      feeEscrow,
      feePolicy,
      staking,
      nodeRegistry,
      modelRegistry,
      verifierRouter,
      groth16Verifier,
      signedVerifier,
      attestedVerifier,
      enclaveRegistry,
      nitroVerifier,
      tdxVerifier,
      opg: token,
    } = await loadFixture(deployProtocol);
    const wired = [
      [await inferenceMarket.FEE_ESCROW(), feeEscrow],
      [await inferenceMarket.STAKING(), staking],
      [await inferenceMarket.MODEL_REGISTRY(), modelRegistry],
      [await inferenceMarket.NODE_REGISTRY(), nodeRegistry],
      [await inferenceMarket.VERIFIER_ROUTER(), verifierRouter],
      [await inferenceMarket.FEE_POLICY(), feePolicy],
      [await feeEscrow.OPG_TOKEN(), token],
      [await feeEscrow.MODEL_REGISTRY(), modelRegistry],
      [await staking.OPG_TOKEN(), token],
      [await staking.FEE_ESCROW(), feeEscrow],
      [await nodeRegistry.STAKING(), staking],
      [await modelRegistry.OPG_TOKEN(), token],
      [await modelRegistry.GROTH16_VERIFIER(), groth16Verifier],
      [await signedVerifier.NODE_REGISTRY(), nodeRegistry],
      [await enclaveRegistry.NODE_REGISTRY(), nodeRegistry],
      [await enclaveRegistry.NITRO_VERIFIER(), nitroVerifier],
      [await enclaveRegistry.TDX_VERIFIER(), tdxVerifier],
      [await attestedVerifier.ENCLAVE_REGISTRY(), enclaveRegistry],
      [await verifierRouter.route(PROOF_KINDS.attestedReceiptV1, TIERS.Attested), attestedVerifier],
      [await feeEscrow.attestedKeys(), enclaveRegistry],
    ] as const;
    for (const [found, contract] of wired) expect(found).to.equal(await contract.getAddress());
  });

  it("sets what the parameter file says", async () => {
    const {
      feeEscrow,
      staking,
      nodeRegistry,
      modelRegistry,
      feePolicy,
      inferenceMarket,
      governor,
    } = await loadFixture(deployProtocol);
    expect(await feeEscrow.treasury()).to.deep.equal([
      governor.address,
      PARAMETERS.treasuryShareBps,
    ]);
    expect(await staking.unbondingPeriod()).to.equal(PARAMETERS.unbondingSeconds);
    expect(await staking.reporterShare()).to.equal(PARAMETERS.reporterShareBps);
    for (const role of Object.values(NODE_ROLES))
      expect(await nodeRegistry.minimumStake(role)).to.equal(PARAMETERS.minimumStake);
    expect(await modelRegistry.depositRequired()).to.equal(PARAMETERS.modelDeposit);
    const { floor, target, windowSeconds } = PARAMETERS.priceRules;
    expect(await feePolicy.priceRules()).to.deep.equal([floor, target, windowSeconds]);
    const { multipliers, inputRate, outputRate } = PARAMETERS.workRates;
    for (const [tier, multiplier] of multipliers.entries()) {
      const work = 7n * multiplier + 5n * inputRate + 3n * outputRate;
      expect(await inferenceMarket.quote(7, tier, 5, 3)).to.equal(floor * work);
    }
  });

  it("gives each role to one contract and nobody else", async () => {
    const { manager, inferenceMarket, nodeRegistry, staking, governor, stranger } =
      await loadFixture(deployProtocol);
    expect(await manager.hasRole(ROLES.market, inferenceMarket)).to.deep.equal([true, 0n]);
    expect(await manager.hasRole(ROLES.nodeRegistry, nodeRegistry)).to.deep.equal([true, 0n]);
    expect(await manager.hasRole(ROLES.staking, staking)).to.deep.equal([true, 0n]);
    // Until a guardian is named, the deployer is.
    expect(await manager.hasRole(ROLES.guardian, governor)).to.deep.equal([true, 0n]);
    for (const account of [governor, stranger]) {
      for (const [name, role] of Object.entries(ROLES))
        expect((await manager.hasRole(role, account))[0]).to.equal(
          name === "guardian" && account === governor,
        );
    }
  });

  it("puts every contract under the access manager", async () => {
    const fixture = await loadFixture(deployProtocol);
    const manager = await fixture.manager.getAddress();
    for (const name of PROXIED) expect(await fixture[name].authority()).to.equal(manager);
    expect(await fixture.verifierRouter.authority()).to.equal(manager);
  });

  /** Every function that governance alone may call, with harmless arguments. */
  function restrictedCalls(fixture: Fixture): Record<string, () => Promise<unknown>> {
    const {
      feeEscrow,
      staking,
      nodeRegistry,
      modelRegistry,
      inferenceMarket,
      verifierRouter,
      stranger,
    } = fixture;
    const enclaves = fixture.enclaveRegistry.connect(stranger);
    const upgrade = (contract: typeof feeEscrow | typeof inferenceMarket) =>
      contract.connect(stranger).upgradeToAndCall(stranger, "0x");
    return {
      "FeeEscrow.setTreasury": () => feeEscrow.connect(stranger).setTreasury(stranger, 0),
      "Staking.setUnbondingPeriod": () => staking.connect(stranger).setUnbondingPeriod(604_800),
      "Staking.setReporterShare": () => staking.connect(stranger).setReporterShare(0),
      "Staking.unpause": () => staking.connect(stranger).unpause(),
      "Staking.pause": () => staking.connect(stranger).pause(),
      "FeeEscrow.unpause": () => feeEscrow.connect(stranger).unpause(),
      "FeeEscrow.pause": () => feeEscrow.connect(stranger).pause(),
      "InferenceMarket.unpause": () => inferenceMarket.connect(stranger).unpause(),
      "InferenceMarket.pause": () => inferenceMarket.connect(stranger).pause(),
      "FeePolicy.setPriceRules": () =>
        fixture.feePolicy.connect(stranger).setPriceRules(PARAMETERS.priceRules),
      "FeePolicy.setWorkRates": () =>
        fixture.feePolicy.connect(stranger).setWorkRates(PARAMETERS.workRates),
      "FeePolicy upgrade": () =>
        fixture.feePolicy.connect(stranger).upgradeToAndCall(stranger, "0x"),
      "Staking.lock": () => staking.connect(stranger).lock(stranger, 0, 0),
      "Staking.stakeFrom": () => staking.connect(stranger).stakeFrom(stranger, 1),
      "NodeRegistry.setMinimumStake": () => nodeRegistry.connect(stranger).setMinimumStake(0, 0),
      "ModelRegistry.setDeposit": () => modelRegistry.connect(stranger).setDeposit(0),
      "VerifierRouter.openRoute": () =>
        verifierRouter.connect(stranger).openRoute("0x01020304", 0, feeEscrow),
      "VerifierRouter.closeRoute": () => verifierRouter.connect(stranger).closeRoute("0x01020304"),
      "FeeEscrow upgrade": () => upgrade(feeEscrow),
      "Staking upgrade": () => staking.connect(stranger).upgradeToAndCall(stranger, "0x"),
      "NodeRegistry upgrade": () => nodeRegistry.connect(stranger).upgradeToAndCall(stranger, "0x"),
      "ModelRegistry upgrade": () =>
        modelRegistry.connect(stranger).upgradeToAndCall(stranger, "0x"),
      "InferenceMarket upgrade": () => upgrade(inferenceMarket),
      "FeeEscrow.setAttestedKeys": () => feeEscrow.connect(stranger).setAttestedKeys(stranger),
      "EnclaveRegistry.revokeMeasurement": () => enclaves.revokeMeasurement(id("x"), 0),
      "EnclaveRegistry upgrade": () => enclaves.upgradeToAndCall(stranger, "0x"),
      "NitroVerifier.revoke": () => fixture.nitroVerifier.connect(stranger).revoke(id("x"), 0),
    };
  }

  it("lets a stranger call nothing that is governed", async () => {
    const fixture = await loadFixture(deployProtocol);
    for (const [name, call] of Object.entries(restrictedCalls(fixture))) {
      await expect(call(), name)
        .to.be.revertedWithCustomError(fixture.feeEscrow, "AccessManagedUnauthorized")
        .withArgs(fixture.stranger);
    }
  });

  it("can be initialised once, implementations not at all", async () => {
    const fixture = await loadFixture(deployProtocol);
    const { manager, feeEscrow, staking, nodeRegistry, modelRegistry, inferenceMarket, governor } =
      fixture;
    const { priceRules, workRates } = PARAMETERS;
    const initialisers = {
      feePolicy: (at: string) =>
        FeePolicy__factory.connect(at, governor).initialize(manager, priceRules, workRates),
      feeEscrow: (at: string) =>
        FeeEscrow__factory.connect(at, governor).initialize(manager, governor, 0),
      staking: (at: string) =>
        Staking__factory.connect(at, governor).initialize(manager, 604_800, 0),
      nodeRegistry: (at: string) =>
        NodeRegistry__factory.connect(at, governor).initialize(manager, [0, 0, 0]),
      modelRegistry: (at: string) =>
        ModelRegistry__factory.connect(at, governor).initialize(manager, 0),
      inferenceMarket: (at: string) =>
        InferenceMarket__factory.connect(at, governor).initialize(manager, {
          challengeWindow: 1,
          proveWindow: 1,
          challengeBond: 1,
        }),
      enclaveRegistry: (at: string) =>
        EnclaveRegistry__factory.connect(at, governor).initialize(manager, 604_800),
    };
    const contracts = {
      feeEscrow,
      staking,
      nodeRegistry,
      modelRegistry,
      feePolicy: fixture.feePolicy,
      inferenceMarket,
      enclaveRegistry: fixture.enclaveRegistry,
    };
    for (const name of PROXIED) {
      const proxy = await contracts[name].getAddress();
      for (const at of [proxy, await implementationOf(contracts[name])]) {
        await expect(initialisers[name](at), name).to.be.revertedWithCustomError(
          feeEscrow,
          "InvalidInitialization",
        );
      }
    }
  });

  it("is upgraded by governance, keeping its state", async () => {
    const {
      feeEscrow,
      opg: token,
      modelRegistry,
      governor,
      payer,
    } = await loadFixture(deployProtocol);
    await token.approve(feeEscrow, opg(5));
    await feeEscrow.deposit(payer, opg(5));
    const next = await new FeeEscrow__factory(governor).deploy(token, modelRegistry);
    await expect(feeEscrow.upgradeToAndCall(next, "0x"))
      .to.emit(feeEscrow, "Upgraded")
      .withArgs(next);
    expect(await implementationOf(feeEscrow)).to.equal(await next.getAddress());
    expect(await feeEscrow.balanceOf(payer)).to.equal(opg(5));
    await expect(feeEscrow.upgradeToAndCall(token, "0x")).to.be.revertedWithCustomError(
      feeEscrow,
      "ERC1967InvalidImplementation",
    );
  });

  it("is handed over to a governor who has to wait, and nothing stays with the deployer", async () => {
    const { ignition } = chain;
    const [deployer, governor] = await ethers.getSigners();
    if (deployer === undefined || governor === undefined) throw new Error("there are no accounts");
    const { manager } = await ignition.deploy(Handover, {
      parameters: {
        Protocol: {
          treasuryShareBps: 0,
          unbondingSeconds: 604_800,
          reporterShareBps: 0,
          minimumInferenceStake: 0,
          minimumVerifierStake: 0,
          minimumDataStake: 0,
          modelDeposit: 0,
          challengeWindowSeconds: 1,
          proveWindowSeconds: 1,
          challengeBond: 1,
          priceFloor: 1_000_000,
          workTarget: 1,
          priceWindowSeconds: 60,
          tierMultipliers: [1, 1, 1, 1],
          inputRate: 0,
          outputRate: 0,
        },
        Attestation: { keyLifetimeSeconds: 604_800 },
        Ledger: {
          minCollateral: 1,
          collateralBps: 10_000,
          challengeWindowSeconds: 3,
          responseWindowSeconds: 1,
          proveWindowSeconds: 1,
          verifierBps: 0,
          quorumBps: 10_000,
          demandBond: 1,
          proofBond: 1,
        },
        Handover: { governor: governor.address, governorDelaySeconds: 3_600 },
      },
    });
    const { hasRole } = AccessManager__factory.connect(await manager.getAddress(), governor);
    expect(await hasRole(ADMIN_ROLE, governor)).to.deep.equal([true, 3_600n]);
    expect(await hasRole(ADMIN_ROLE, deployer)).to.deep.equal([false, 0n]);
  });

  it("trusts simulated enclaves only under the root that it is given", async () => {
    const { enclaveRegistry, governor } = await loadFixture(deployProtocol);
    const simulated = await enclaveRegistry.NITRO_SIM_VERIFIER();
    const verifier = NitroVerifier__factory.connect(simulated, governor);
    expect(await verifier.rootHash()).to.equal(TEST_ROOT_HASH);
    expect(await enclaveRegistry.TDX_SIM_VERIFIER()).to.equal(ZeroAddress);
    const parameters = LOCAL_PARAMETERS;
    const { deployment } = await deployWithModules(chain, { parameters, keepJournal: false });
    const without = EnclaveRegistry__factory.connect(
      deployment.addresses.enclaveRegistry,
      governor,
    );
    expect(await without.NITRO_SIM_VERIFIER()).to.equal(ZeroAddress);
    expect(await without.keyLifetime()).to.equal(604_800);
  });

  it("deploys on Base, where no simulated enclave can be trusted", async () => {
    const base = await hre.network.create({ network: "default", override: { chainId: 8453 } });
    const parameters = path.join(PARAMETER_FILES, "base.json5");
    const { deployment } = await deployWithModules(base, { parameters, keepJournal: false });
    const [governor] = await base.ethers.getSigners();
    if (governor === undefined) throw new Error("there are no accounts");
    const { enclaveRegistry, tdxVerifier } = connectProtocol(deployment, governor);
    expect(await enclaveRegistry.NITRO_SIM_VERIFIER()).to.equal(ZeroAddress);
    expect(await tdxVerifier.DCAP_ATTESTATION()).not.to.equal(ZeroAddress);
    const failure = await deployWithModules(base, {
      parameters,
      keepJournal: false,
      simulatedRoot: TEST_ROOT_HASH,
    }).then(() => "none", String);
    expect(failure).to.include("CertStoreWrongRoot");
  });

  it("makes governance wait where its role has a delay", async () => {
    const { manager, staking, governor, stranger } = await loadFixture(deployProtocol);
    const delay = 86_400;
    await manager.grantRole(0, stranger, delay);
    await manager.connect(governor).renounceRole(0, governor);
    const data = staking.interface.encodeFunctionData("setReporterShare", [7]);
    await expect(staking.connect(stranger).setReporterShare(7)).to.be.revertedWithCustomError(
      manager,
      "AccessManagerNotScheduled",
    );
    await manager.connect(stranger).schedule(staking, data, 0);
    await expect(staking.connect(stranger).setReporterShare(7)).to.be.revertedWithCustomError(
      manager,
      "AccessManagerNotReady",
    );
    await time.increase(delay);
    await staking.connect(stranger).setReporterShare(7);
    expect(await staking.reporterShare()).to.equal(7);
  });
});
