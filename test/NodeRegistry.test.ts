import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { NODE_ROLES, roleSet } from "../sdk/tiers.ts";
import { ethers, loadFixture } from "./fixtures/network.ts";
import { fundedProtocol, opg, PARAMETERS } from "./fixtures/protocol.ts";

const ENDPOINT = "https://node.example";

describe("NodeRegistry", () => {
  async function fixture() {
    const protocol = await fundedProtocol();
    const registration = {
      roles: roleSet("Inference"),
      signer: protocol.nodeSigner.address,
      endpoint: ENDPOINT,
    };
    return { ...protocol, registry: protocol.nodeRegistry, registration };
  }

  async function registered() {
    const context = await fixture();
    await context.registry
      .connect(context.operator)
      .register(context.registration, PARAMETERS.minimumStake);
    return context;
  }

  describe("register", () => {
    it("stakes on the way and keeps what the operator said", async () => {
      const { registry, staking, opg: token, operator, registration } = await loadFixture(fixture);
      const register = registry.connect(operator).register(registration, opg(5_000));
      await expect(register)
        .to.emit(registry, "NodeRegistered")
        .withArgs(operator, registration.roles, registration.signer, ENDPOINT);
      await expect(register).to.changeTokenBalances(
        ethers,
        token,
        [operator, staking],
        [-opg(5_000), opg(5_000)],
      );
      expect((await staking.poolOf(operator)).stake).to.equal(opg(5_000));
      expect(await registry.node(operator)).to.deep.equal([
        BigInt(registration.roles),
        registration.signer,
        ENDPOINT,
      ]);
      expect(await registry.signerOf(operator)).to.equal(registration.signer);
      expect(await registry.hasRole(operator, NODE_ROLES.Inference)).to.equal(true);
      expect(await registry.hasRole(operator, NODE_ROLES.Verifier)).to.equal(false);
    });

    it("counts stake that is there already", async () => {
      const { registry, staking, operator, registration } = await loadFixture(fixture);
      await staking.connect(operator).stake(operator, PARAMETERS.minimumStake);
      await registry.connect(operator).register(registration, 0);
    });

    it("refuses too little stake, and takes none of it", async () => {
      const { registry, staking, operator, registration } = await loadFixture(fixture);
      const short = PARAMETERS.minimumStake - 1n;
      await expect(registry.connect(operator).register(registration, short))
        .to.be.revertedWithCustomError(registry, "NodeRegistryStakeTooLow")
        .withArgs(operator, short, PARAMETERS.minimumStake);
      expect((await staking.poolOf(operator)).stake).to.equal(0);
    });

    it("happens once", async () => {
      const { registry, operator, registration } = await loadFixture(registered);
      await expect(registry.connect(operator).register(registration, 0))
        .to.be.revertedWithCustomError(registry, "NodeRegistryAlreadyRegistered")
        .withArgs(operator);
    });

    for (const roles of [0, 8, 0x0f, 0x80]) {
      it(`refuses the roles 0x${roles.toString(16)}`, async () => {
        const { registry, operator, registration } = await loadFixture(fixture);
        await expect(registry.connect(operator).register({ ...registration, roles }, opg(1_000)))
          .to.be.revertedWithCustomError(registry, "NodeRegistryBadRoles")
          .withArgs(roles);
      });
    }

    it("refuses a node without a signer", async () => {
      const { registry, operator, registration } = await loadFixture(fixture);
      await expect(
        registry.connect(operator).register({ ...registration, signer: ZeroAddress }, opg(1_000)),
      ).to.be.revertedWithCustomError(registry, "NodeRegistryNoSigner");
    });

    it("takes endpoints of up to 256 bytes", async () => {
      const { registry, operator, otherOperator, registration } = await loadFixture(fixture);
      await registry
        .connect(operator)
        .register({ ...registration, endpoint: "x".repeat(256) }, opg(1_000));
      await expect(
        registry
          .connect(otherOperator)
          .register({ ...registration, endpoint: "x".repeat(257) }, opg(1_000)),
      )
        .to.be.revertedWithCustomError(registry, "NodeRegistryEndpointTooLong")
        .withArgs(257, 256);
    });
  });

  describe("update", () => {
    it("replaces what the operator said", async () => {
      const { registry, operator, stranger } = await loadFixture(registered);
      const registration = {
        roles: roleSet("Inference", "Data"),
        signer: stranger.address,
        endpoint: "",
      };
      await expect(registry.connect(operator).update(registration))
        .to.emit(registry, "NodeUpdated")
        .withArgs(operator, registration.roles, stranger, "");
      expect(await registry.node(operator)).to.deep.equal([
        BigInt(registration.roles),
        stranger.address,
        "",
      ]);
    });

    it("takes the own stake of the most demanding role, whatever is delegated", async () => {
      const { registry, staking, operator, payer, registration } = await loadFixture(registered);
      const minimum = PARAMETERS.minimumStake + 1n;
      await expect(registry.setMinimumStake(NODE_ROLES.Data, minimum))
        .to.emit(registry, "MinimumStakeChanged")
        .withArgs(NODE_ROLES.Data, minimum);
      await registry.connect(operator).update(registration);
      await staking.connect(payer)["delegate(address,uint256)"](operator, opg(100));
      const roles = roleSet("Inference", "Data");
      await expect(registry.connect(operator).update({ ...registration, roles }))
        .to.be.revertedWithCustomError(registry, "NodeRegistryStakeTooLow")
        .withArgs(operator, PARAMETERS.minimumStake, minimum);
      await staking.connect(payer).stake(operator, 1);
      await registry.connect(operator).update({ ...registration, roles });
      expect(await registry.minimumStakeOf(roles)).to.equal(minimum);
    });

    it("is for registered operators", async () => {
      const { registry, stranger, registration } = await loadFixture(registered);
      await expect(registry.connect(stranger).update(registration))
        .to.be.revertedWithCustomError(registry, "NodeRegistryNotRegistered")
        .withArgs(stranger);
    });
  });

  describe("exit", () => {
    it("ends the registration and leaves the stake where it is", async () => {
      const { registry, staking, operator } = await loadFixture(registered);
      await expect(registry.connect(operator).exit())
        .to.emit(registry, "NodeExited")
        .withArgs(operator);
      for (const read of [registry.node(operator), registry.signerOf(operator)])
        await expect(read)
          .to.be.revertedWithCustomError(registry, "NodeRegistryNotRegistered")
          .withArgs(operator);
      expect(await registry.hasRole(operator, NODE_ROLES.Inference)).to.equal(false);
      expect((await staking.poolOf(operator)).stake).to.equal(PARAMETERS.minimumStake);
      await expect(registry.connect(operator).exit()).to.be.revertedWithCustomError(
        registry,
        "NodeRegistryNotRegistered",
      );
    });
  });

  describe("requireActor", () => {
    it("lets operator and signer act, and nobody else", async () => {
      const { registry, operator, nodeSigner, stranger } = await loadFixture(registered);
      await registry.requireActor(operator, NODE_ROLES.Inference, operator);
      await registry.requireActor(operator, NODE_ROLES.Inference, nodeSigner);
      await expect(registry.requireActor(operator, NODE_ROLES.Inference, stranger))
        .to.be.revertedWithCustomError(registry, "NodeRegistryNotSigner")
        .withArgs(operator, stranger);
    });

    it("asks for the role", async () => {
      const { registry, operator, stranger } = await loadFixture(registered);
      for (const [node, role] of [
        [operator, NODE_ROLES.Data],
        [stranger, NODE_ROLES.Inference],
      ] as const) {
        await expect(registry.requireActor(node, role, node))
          .to.be.revertedWithCustomError(registry, "NodeRegistryRoleMissing")
          .withArgs(node, role);
        await expect(registry.requireRole(node, role))
          .to.be.revertedWithCustomError(registry, "NodeRegistryRoleMissing")
          .withArgs(node, role);
      }
    });
  });
});
