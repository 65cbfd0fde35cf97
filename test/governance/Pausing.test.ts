import { expect } from "chai";
import { ROLES } from "../../deploy/roles.ts";
import { runningMarket } from "../fixtures/market.ts";
import { answer, ask, INPUT, parametersOf } from "../fixtures/models.ts";
import { loadFixture, time } from "../fixtures/network.ts";
import { opg, type Fixture } from "../fixtures/protocol.ts";

describe("Pausing", () => {
  const pausable = ({ inferenceMarket, staking, feeEscrow }: Fixture) => [
    inferenceMarket,
    staking,
    feeEscrow,
  ];

  /** A guardian, two requests, of which one is locked, and everything paused. */
  async function paused() {
    const context = await runningMarket();
    const { inferenceMarket: market, manager, keeper: guardian, governor, operator } = context;
    await manager.grantRole(ROLES.guardian, guardian, 0);
    await manager.revokeRole(ROLES.guardian, governor);
    const open = await ask(context, context.published, { salt: 1 });
    const held = await ask(context, context.published, { salt: 2, lockSeconds: 3_000 });
    await market.connect(operator).lock(held.terms, operator);
    await context.feeEscrow.connect(context.payer).openChannel(operator, 0, opg(3));
    for (const contract of pausable(context)) await contract.connect(guardian).pause();
    return { ...context, market, guardian, open, held };
  }

  it("keeps new requests, stake and deposits out", async () => {
    const { market, staking, feeEscrow, nodeRegistry, published, payer, operator, stranger } =
      await loadFixture(paused);
    const parameters = await parametersOf(published.modelId);
    await expect(market.connect(payer).request(parameters, INPUT)).to.be.revertedWithCustomError(
      market,
      "EnforcedPause",
    );
    await expect(staking.connect(operator).stake(operator, 1)).to.be.revertedWithCustomError(
      staking,
      "EnforcedPause",
    );
    await expect(
      nodeRegistry
        .connect(stranger)
        .register({ roles: 1, signer: stranger, endpoint: "" }, opg(5_000)),
    ).to.be.revertedWithCustomError(staking, "EnforcedPause");
    await expect(
      staking.connect(stranger)["delegate(address,uint256)"](operator, 1),
    ).to.be.revertedWithCustomError(staking, "EnforcedPause");
    for (const call of [
      () => feeEscrow.connect(payer).openChannel(operator, 1, 1),
      () => feeEscrow.connect(payer).fundChannel(operator, 0, 1),
    ]) {
      await expect(call()).to.be.revertedWithCustomError(feeEscrow, "EnforcedPause");
    }
    const zero = `0x${"00".repeat(32)}`;
    for (const call of [
      () => feeEscrow.connect(payer).deposit(payer, 1),
      () => feeEscrow.connect(payer).depositWithPermit(payer, 1, 0, 0, zero, zero),
    ]) {
      await expect(call())
        .to.be.revertedWithCustomError(feeEscrow, "AccessManagedUnauthorized")
        .withArgs(payer);
    }
  });

  it("does not come between multicalls and their deposits", async () => {
    const { feeEscrow, payer } = await loadFixture(paused);
    const deposit = feeEscrow.interface.encodeFunctionData("deposit", [payer.address, 1n]);
    await expect(feeEscrow.connect(payer).multicall([deposit]))
      .to.be.revertedWithCustomError(feeEscrow, "AccessManagedUnauthorized")
      .withArgs(payer);
  });

  it("lets requests be locked, served and paid", async () => {
    const context = await loadFixture(paused);
    const { market, feeEscrow, published, operator, open, held } = context;
    await market.connect(operator).lock(open.terms, operator);
    for (const request of [open, held]) {
      const node = operator.address;
      const { output, evidence } = await answer(context, published, { ...request, node });
      await market.fulfil(request.terms, operator, output, evidence);
    }
    expect(await feeEscrow.earningsOf(operator)).to.equal(opg(18));
    // Counting work in a new window, too, leaves the flag alone.
    expect(await market.paused()).to.equal(true);
    await feeEscrow.collectEarnings(operator);
    await feeEscrow.collectRoyalties(published.modelId);
    await feeEscrow.connect(operator).withdraw(opg(17), operator);
    await market.connect(operator).releaseCollateral(opg(100));
  });

  it("lets requests expire, and those who were harmed be paid", async () => {
    const { market, staking, feeEscrow, payer, open, held } = await loadFixture(paused);
    await time.increase(3_700);
    await market.connect(payer).expire(open.terms);
    await market.connect(payer).expire(held.terms);
    await staking.handOn(payer);
    await staking.handOnTreasury();
    const balance = await feeEscrow.balanceOf(payer);
    // The fee of the request that failed, as compensation, and a tenth of the other forty, as its reporter.
    expect(balance).to.equal(opg(1_014));
    await feeEscrow.connect(payer).withdraw(balance, payer);
  });

  it("lets channels be claimed and closed", async () => {
    const { feeEscrow, operator, payer } = await loadFixture(paused);
    await feeEscrow.connect(payer).startClose(operator, 0);
    await time.increase(3 * 86_400 + 1);
    const before = await feeEscrow.balanceOf(payer);
    await feeEscrow.close(payer, operator, 0);
    expect(await feeEscrow.balanceOf(payer)).to.equal(before + opg(3));
  });

  it("lets stake go", async () => {
    const { staking, nodeRegistry, otherOperator } = await loadFixture(paused);
    await nodeRegistry.connect(otherOperator).exit();
    await staking.connect(otherOperator).beginUnstake(otherOperator, opg(5_000));
    await time.increase(604_800);
    await staking.connect(otherOperator).withdraw(otherOperator, otherOperator);
  });

  it("is begun by the guardian and nobody else, and not twice", async () => {
    const context = await loadFixture(paused);
    const { guardian, stranger, governor } = context;
    for (const contract of pausable(context)) {
      await expect(contract.connect(guardian).pause()).to.be.revertedWithCustomError(
        contract,
        "EnforcedPause",
      );
      await contract.connect(governor).unpause();
      for (const caller of [stranger, governor]) {
        await expect(contract.connect(caller).pause())
          .to.be.revertedWithCustomError(contract, "AccessManagedUnauthorized")
          .withArgs(caller);
      }
      await expect(contract.connect(guardian).pause())
        .to.emit(contract, "Paused")
        .withArgs(guardian);
    }
  });

  it("is ended by governance and nobody else, and not twice", async () => {
    const context = await loadFixture(paused);
    const { guardian, stranger, governor, market, published, payer, feeEscrow, staking } = context;
    for (const contract of pausable(context)) {
      for (const caller of [guardian, stranger]) {
        await expect(contract.connect(caller).unpause())
          .to.be.revertedWithCustomError(contract, "AccessManagedUnauthorized")
          .withArgs(caller);
      }
      await expect(contract.connect(governor).unpause())
        .to.emit(contract, "Unpaused")
        .withArgs(governor);
      await expect(contract.connect(governor).unpause()).to.be.revertedWithCustomError(
        contract,
        "ExpectedPause",
      );
    }
    await market.connect(payer).request(await parametersOf(published.modelId), INPUT);
    await feeEscrow.connect(payer).deposit(payer, 1);
    await staking.connect(payer).stake(payer, 1);
  });
});
