import { expect } from "chai";
import hre from "hardhat";
import { concat, id, keccak256, toBeHex, Wallet, ZeroAddress } from "ethers";
import { MEASUREMENT_KINDS, measurementId } from "../../sdk/enclave.ts";
import {
  approvalOf,
  approvedRegistry,
  attest,
  documentOf,
  PCRS,
  scriptedRegistry,
} from "../fixtures/attested.ts";
import { ethers, loadFixture, networkHelpers, time } from "../fixtures/network.ts";
import { EnclaveRegistry__factory } from "../../typechain-types/index.js";

const NO_END = 2n ** 40n - 1n;
const DAY = 86_400n;

/** Where the policy counts measurements: the fifth slot of its namespace (ERC-7201). */
const COUNT_SLOT =
  (BigInt(keccak256(toBeHex(BigInt(id("opengradient.storage.MeasurementPolicy")) - 1n, 32))) &
    ~0xffn) +
  4n;

describe("EnclaveRegistry: measurements", () => {
  /** Approved code, and a key that it holds. */
  async function fixture() {
    const context = await approvedRegistry();
    const enclave = Wallet.createRandom();
    await attest(context, enclave);
    const { from } = await context.registry.enclave(enclave);
    const requireAt = (timestamp: bigint, modelId = id("a model")) =>
      context.registry.requireAttested(enclave, context.operator, modelId, timestamp);
    return { ...context, enclave, from, requireAt };
  }

  async function now(): Promise<bigint> {
    return BigInt(await time.latest());
  }

  it("are identified as the SDK does", async () => {
    const { registry } = await loadFixture(scriptedRegistry);
    for (const [name, size] of [
      ["Nitro", 144],
      ["Tdx", 240],
      ["NitroSim", 144],
      ["TdxSim", 240],
    ] as const) {
      const registers = concat([new Uint8Array(size).fill(3)]);
      const kind = MEASUREMENT_KINDS[name];
      expect(await registry.measurementIdOf(kind, registers)).to.equal(
        measurementId(name, registers),
      );
    }
  });

  describe("approve", () => {
    it("trusts code from now on, without end", async () => {
      const { registry } = await loadFixture(scriptedRegistry);
      const approval = approvalOf();
      const timestamp = (await now()) + 1n;
      const identifier = await registry.approveMeasurement.staticCall(approval);
      await expect(registry.approveMeasurement(approval))
        .to.emit(registry, "MeasurementApproved")
        .withArgs(identifier, Object.values(approval));
      expect(identifier).to.equal(measurementId("NitroSim", PCRS));
      expect(await registry.measurementTrust(identifier)).to.deep.equal([
        timestamp,
        NO_END,
        true,
        false,
      ]);
    });

    it("is for governance", async () => {
      const { registry, stranger } = await loadFixture(scriptedRegistry);
      await expect(registry.connect(stranger).approveMeasurement(approvalOf()))
        .to.be.revertedWithCustomError(registry, "AccessManagedUnauthorized")
        .withArgs(stranger);
    });

    it("is once: nothing that ended begins again", async () => {
      const { registry, measurementId: known } = await loadFixture(fixture);
      const again = () => registry.approveMeasurement(approvalOf({ from: 0n }));
      await expect(again())
        .to.be.revertedWithCustomError(registry, "MeasurementPolicyKnown")
        .withArgs(known);
      await registry.revokeMeasurement(known, await now());
      await expect(again()).to.be.revertedWithCustomError(registry, "MeasurementPolicyKnown");
    });

    it("is for 65,535 measurements, and no number is given twice", async () => {
      const context = await loadFixture(fixture);
      const { registry } = context;
      expect(await ethers.provider.getStorage(registry, COUNT_SLOT)).to.equal(toBeHex(1, 32));
      await networkHelpers.setStorageAt(await registry.getAddress(), COUNT_SLOT, 65_534n);
      const registersOf = (byte: number) => concat([new Uint8Array(144).fill(byte)]);
      const last = registersOf(4);
      await registry.approveMeasurement(approvalOf({ registers: last }));
      const enclave = Wallet.createRandom();
      await attest(context, enclave, { pcrs: last });
      expect((await registry.enclave(enclave)).measurementId).to.equal(
        measurementId("NitroSim", last),
      );
      await expect(registry.approveMeasurement(approvalOf({ registers: registersOf(5) })))
        .to.be.revertedWithCustomError(registry, "MeasurementPolicyFull")
        .withArgs(65_535);
    });

    it("does not reach into the past", async () => {
      const { registry } = await loadFixture(scriptedRegistry);
      const timestamp = (await now()) + 100n;
      await time.setNextBlockTimestamp(timestamp);
      await expect(registry.approveMeasurement(approvalOf({ from: timestamp - 1n })))
        .to.be.revertedWithCustomError(registry, "MeasurementPolicyStartsInThePast")
        .withArgs(timestamp - 1n, timestamp);
      await time.setNextBlockTimestamp(timestamp + 1n);
      await registry.approveMeasurement(approvalOf({ from: timestamp + 1n }));
    });

    it("lets no enclave in before it begins, nor from its end on", async () => {
      const context = await loadFixture(scriptedRegistry);
      const { registry } = context;
      const from = (await now()) + 1_000n;
      const until = from + 1_000n;
      await registry.approveMeasurement(approvalOf({ from, until }));
      const known = measurementId("NitroSim", PCRS);
      expect(await registry.measurementTrust(known)).to.deep.equal([from, until, true, false]);
      const attempts = [];
      for (const timestamp of [from - 1n, from, until - 1n, until])
        attempts.push({
          timestamp,
          ...(await documentOf(context, Wallet.createRandom(), { timestamp })),
        });
      for (const { timestamp, kind, binding, document } of attempts) {
        await time.setNextBlockTimestamp(timestamp);
        const attested = registry.attestNitro(kind, binding, document, []);
        if (timestamp >= from && timestamp < until) await attested;
        else
          await expect(attested)
            .to.be.revertedWithCustomError(registry, "MeasurementPolicyNotTrusted")
            .withArgs(known, timestamp, from, until);
      }
    });

    it("begins before it ends", async () => {
      const { registry } = await loadFixture(scriptedRegistry);
      const from = (await now()) + 100n;
      for (const until of [1n, from])
        await expect(registry.approveMeasurement(approvalOf({ from, until })))
          .to.be.revertedWithCustomError(registry, "MeasurementPolicyBadEnd")
          .withArgs(until, from + 1n, NO_END);
      await registry.approveMeasurement(approvalOf({ from, until: from + 1n }));
    });

    for (const [what, kind, registers] of [
      ["nothing", 0, "0x"],
      ["a register too few", 0, concat([new Uint8Array(96).fill(1)])],
      ["a byte too many", 2, concat([new Uint8Array(145).fill(1)])],
      ["Nitro's registers for TDX", 1, PCRS],
      ["TDX's registers for Nitro", 0, concat([new Uint8Array(240).fill(1)])],
      ["Nitro in debug mode", 0, concat([new Uint8Array(144)])],
      ["a TD that was not measured", 3, concat([new Uint8Array(48), new Uint8Array(192).fill(1)])],
    ] as const) {
      it(`is not for ${what}`, async () => {
        const { registry } = await loadFixture(scriptedRegistry);
        await expect(registry.approveMeasurement(approvalOf({ kind, registers })))
          .to.be.revertedWithCustomError(registry, "MeasurementPolicyNotMeasured")
          .withArgs(kind, registers);
      });
    }

    it("is for a TD whose code extends no register", async () => {
      const { registry } = await loadFixture(scriptedRegistry);
      const registers = concat([new Uint8Array(48).fill(1), new Uint8Array(192)]);
      await registry.approveMeasurement(approvalOf({ kind: MEASUREMENT_KINDS.Tdx, registers }));
    });
  });

  describe("sunset", () => {
    it("ends trust at a time that was said before, to the second", async () => {
      const { registry, measurementId: known, requireAt } = await loadFixture(fixture);
      const until = (await now()) + DAY;
      await expect(registry.sunsetMeasurement(known, until))
        .to.emit(registry, "MeasurementSunset")
        .withArgs(known, until);
      await requireAt(until - 1n);
      const { from } = await registry.measurementTrust(known);
      await expect(requireAt(until))
        .to.be.revertedWithCustomError(registry, "MeasurementPolicyNotTrusted")
        .withArgs(known, until, from, until);
    });

    it("is not in the past, and never later than before", async () => {
      const { registry, measurementId: known } = await loadFixture(fixture);
      const until = (await now()) + DAY;
      await registry.sunsetMeasurement(known, until);
      // Again, which changes nothing.
      await registry.sunsetMeasurement(known, until);
      await expect(registry.sunsetMeasurement(known, until + 1n))
        .to.be.revertedWithCustomError(registry, "MeasurementPolicyBadEnd")
        .withArgs(until + 1n, (await now()) + 1n, until);
      const timestamp = (await now()) + 100n;
      await time.setNextBlockTimestamp(timestamp);
      await expect(registry.sunsetMeasurement(known, timestamp - 1n))
        .to.be.revertedWithCustomError(registry, "MeasurementPolicyBadEnd")
        .withArgs(timestamp - 1n, timestamp, until);
      await time.setNextBlockTimestamp(timestamp + 1n);
      await registry.sunsetMeasurement(known, timestamp + 1n);
    });

    it("is for governance, and for code that is known", async () => {
      const { registry, stranger, measurementId: known } = await loadFixture(fixture);
      await expect(registry.connect(stranger).sunsetMeasurement(known, NO_END))
        .to.be.revertedWithCustomError(registry, "AccessManagedUnauthorized")
        .withArgs(stranger);
      await expect(registry.sunsetMeasurement(id("unknown"), NO_END))
        .to.be.revertedWithCustomError(registry, "MeasurementPolicyUnknown")
        .withArgs(id("unknown"));
    });
  });

  describe("revoke", () => {
    it("ends trust from the time on for which the flaw is known", async () => {
      const context = await loadFixture(fixture);
      const { registry, measurementId: known, requireAt, from } = context;
      await time.increase(DAY);
      const since = from + 100n;
      await expect(registry.revokeMeasurement(known, since))
        .to.emit(registry, "MeasurementRevoked")
        .withArgs(known, since);
      // What was answered before stays; what comes after is void, as is a new key.
      await requireAt(since - 1n);
      await expect(requireAt(since)).to.be.revertedWithCustomError(
        registry,
        "MeasurementPolicyNotTrusted",
      );
      await expect(attest(context, Wallet.createRandom())).to.be.revertedWithCustomError(
        registry,
        "MeasurementPolicyNotTrusted",
      );
      expect((await registry.measurementTrust(known)).revoked).to.equal(true);
    });

    it("voids everything, if the flaw is as old as the code", async () => {
      const {
        registry,
        measurementId: known,
        enclave,
        requireAt,
        from,
      } = await loadFixture(fixture);
      await registry.revokeMeasurement(known, 0);
      for (const timestamp of [0n, from]) {
        expect(await registry.isAttestedAt(enclave, timestamp)).to.equal(false);
        await expect(requireAt(timestamp)).to.be.revert(ethers);
      }
    });

    it("is not for the future, and again only for earlier", async () => {
      const { registry, measurementId: known } = await loadFixture(fixture);
      const timestamp = (await now()) + 100n;
      await time.setNextBlockTimestamp(timestamp);
      await expect(registry.revokeMeasurement(known, timestamp + 1n))
        .to.be.revertedWithCustomError(registry, "MeasurementPolicyBadRevocation")
        .withArgs(timestamp + 1n, timestamp);
      await time.setNextBlockTimestamp(timestamp + 1n);
      await registry.revokeMeasurement(known, timestamp + 1n);
      await expect(registry.revokeMeasurement(known, timestamp + 1n))
        .to.be.revertedWithCustomError(registry, "MeasurementPolicyBadRevocation")
        .withArgs(timestamp + 1n, timestamp + 1n);
      await registry.revokeMeasurement(known, timestamp);
      expect((await registry.measurementTrust(known)).until).to.equal(timestamp);
    });

    it("does not prolong what was over", async () => {
      const { registry, measurementId: known } = await loadFixture(fixture);
      const until = (await now()) + 10n;
      await registry.sunsetMeasurement(known, until);
      await time.increase(DAY);
      await registry.revokeMeasurement(known, until + 100n);
      expect((await registry.measurementTrust(known)).until).to.equal(until);
    });

    it("is for the guardian, at once", async () => {
      const {
        registry,
        manager,
        stranger,
        keeper,
        measurementId: known,
      } = await loadFixture(fixture);
      await expect(registry.connect(stranger).revokeMeasurement(known, 1))
        .to.be.revertedWithCustomError(registry, "AccessManagedUnauthorized")
        .withArgs(stranger);
      await manager.grantRole(3, keeper, 0);
      await registry.connect(keeper).revokeMeasurement(known, 1);
      await expect(registry.revokeMeasurement(id("unknown"), 1))
        .to.be.revertedWithCustomError(registry, "MeasurementPolicyUnknown")
        .withArgs(id("unknown"));
    });
  });

  describe("models", () => {
    const MODEL = id("a model");

    async function narrow() {
      const context = await scriptedRegistry();
      const { registry } = context;
      await registry.approveMeasurement(approvalOf({ anyModel: false }));
      const known = measurementId("NitroSim", PCRS);
      const enclave = Wallet.createRandom();
      await attest(context, enclave);
      const requireAt = (timestamp: bigint, modelId = MODEL) =>
        registry.requireAttested(enclave, context.operator, modelId, timestamp);
      return { ...context, known, enclave, requireAt };
    }

    it("are answered for while they are allowed", async () => {
      const { registry, known, requireAt } = await loadFixture(narrow);
      const from = (await now()) + 100n;
      await time.setNextBlockTimestamp(from);
      expect(await registry.isModelAllowed(known, MODEL)).to.equal(false);
      await expect(registry.allowModel(known, MODEL, true))
        .to.emit(registry, "ModelAllowed")
        .withArgs(known, MODEL, true);
      expect(await registry.isModelAllowed(known, MODEL)).to.equal(true);
      const until = from + 100n;
      await time.setNextBlockTimestamp(until);
      await registry.allowModel(known, MODEL, false);
      expect(await registry.isModelAllowed(known, MODEL)).to.equal(false);
      await requireAt(from);
      await requireAt(until - 1n);
      for (const [timestamp, modelId] of [
        [from - 1n, MODEL],
        [until, MODEL],
        [from, id("another model")],
      ] as const)
        await expect(requireAt(timestamp, modelId))
          .to.be.revertedWithCustomError(registry, "MeasurementPolicyModelNotAllowed")
          .withArgs(known, modelId, timestamp);
    });

    it("that are allowed again have one interval, the new one", async () => {
      const { registry, known, requireAt } = await loadFixture(narrow);
      await registry.allowModel(known, MODEL, true);
      const first = await now();
      await time.increase(100);
      await registry.allowModel(known, MODEL, false);
      await time.increase(100);
      await registry.allowModel(known, MODEL, true);
      await requireAt(await now());
      for (const timestamp of [first, first + 150n])
        await expect(requireAt(timestamp)).to.be.revertedWithCustomError(
          registry,
          "MeasurementPolicyModelNotAllowed",
        );
    });

    it("may be allowed again in the second in which that ended", async () => {
      const { registry, known, requireAt } = await loadFixture(narrow);
      await registry.allowModel(known, MODEL, true);
      await ethers.provider.send("evm_setAutomine", [false]);
      try {
        await registry.allowModel(known, MODEL, false, { gasLimit: 200_000 });
        await registry.allowModel(known, MODEL, true, { gasLimit: 200_000 });
        await networkHelpers.mine();
      } finally {
        await ethers.provider.send("evm_setAutomine", [true]);
      }
      expect(await registry.isModelAllowed(known, MODEL)).to.equal(true);
      await requireAt(await now());
    });

    it("do not stand above the code: what is not trusted answers for none", async () => {
      const { registry, known, requireAt } = await loadFixture(narrow);
      await registry.allowModel(known, MODEL, true);
      const timestamp = await now();
      await requireAt(timestamp);
      await registry.revokeMeasurement(known, timestamp);
      await expect(requireAt(timestamp)).to.be.revertedWithCustomError(
        registry,
        "MeasurementPolicyNotTrusted",
      );
    });

    it("are for governance, for code that is known, and change when they change", async () => {
      const { registry, stranger, known } = await loadFixture(narrow);
      await expect(registry.connect(stranger).allowModel(known, MODEL, true))
        .to.be.revertedWithCustomError(registry, "AccessManagedUnauthorized")
        .withArgs(stranger);
      await expect(registry.allowModel(id("unknown"), MODEL, true))
        .to.be.revertedWithCustomError(registry, "MeasurementPolicyUnknown")
        .withArgs(id("unknown"));
      await expect(registry.allowModel(known, MODEL, false))
        .to.be.revertedWithCustomError(registry, "MeasurementPolicyModelUnchanged")
        .withArgs(known, MODEL, false);
      await registry.allowModel(known, MODEL, true);
      await expect(registry.allowModel(known, MODEL, true))
        .to.be.revertedWithCustomError(registry, "MeasurementPolicyModelUnchanged")
        .withArgs(known, MODEL, true);
    });

    it("do not matter to meters, which answer for none", async () => {
      const { registry, enclave } = await loadFixture(narrow);
      expect(await registry.isAttestedAt(enclave, await now())).to.equal(true);
    });
  });
});

describe("EnclaveRegistry on Base", () => {
  /** Base's chain id, with nothing but what this takes. */
  async function onBase() {
    const { ethers: base } = await hre.network.create({
      network: "default",
      override: { chainId: 8453 },
    });
    const [governor] = await base.getSigners();
    if (governor === undefined) throw new Error("no accounts");
    const manager = await base.deployContract("AccessManager", [governor]);
    const deploy = (verifiers: Partial<Record<"nitro" | "tdx" | "nitroSim" | "tdxSim", string>>) =>
      base.deployContract("EnclaveRegistry", [
        ZeroAddress,
        {
          nitro: ZeroAddress,
          tdx: ZeroAddress,
          nitroSim: ZeroAddress,
          tdxSim: ZeroAddress,
          ...verifiers,
        },
      ]);
    return { base, governor, manager, deploy };
  }

  it("has no verifier of simulated hardware", async () => {
    const { deploy, manager } = await onBase();
    const verifier = await manager.getAddress();
    const real = await deploy({ nitro: verifier, tdx: verifier });
    for (const [name, kind] of [
      ["nitroSim", MEASUREMENT_KINDS.NitroSim],
      ["tdxSim", MEASUREMENT_KINDS.TdxSim],
    ] as const)
      await expect(deploy({ [name]: verifier }))
        .to.be.revertedWithCustomError(real, "MeasurementPolicySimulated")
        .withArgs(kind);
  });

  it("approves no simulated code", async () => {
    const { base, governor, manager, deploy } = await onBase();
    const implementation = await deploy({});
    const initialize = implementation.interface.encodeFunctionData("initialize", [
      await manager.getAddress(),
      604_800,
    ]);
    const proxy = await base.deployContract("ERC1967Proxy", [implementation, initialize]);
    const registry = EnclaveRegistry__factory.connect(await proxy.getAddress(), governor);
    const tdx = concat([new Uint8Array(240).fill(1)]);
    for (const [kind, registers] of [
      [MEASUREMENT_KINDS.NitroSim, PCRS],
      [MEASUREMENT_KINDS.TdxSim, tdx],
    ] as const)
      await expect(registry.approveMeasurement(approvalOf({ kind, registers })))
        .to.be.revertedWithCustomError(registry, "MeasurementPolicySimulated")
        .withArgs(kind);
    await registry.approveMeasurement(approvalOf({ kind: MEASUREMENT_KINDS.Nitro }));
    await registry.approveMeasurement(approvalOf({ kind: MEASUREMENT_KINDS.Tdx, registers: tdx }));
  });
});
