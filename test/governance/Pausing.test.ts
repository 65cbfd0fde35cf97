import { expect } from "chai";
import { ROLES } from "../../deploy/roles.ts";
import { channelId, signChannelMessage } from "../../sdk/channel.ts";
import { REQUEST_STATUS } from "../../sdk/request-status.ts";
import { at } from "../../zkml/arrays.ts";
import { channelFixture, DEPOSIT, submit, voucherClaim } from "../fixtures/channels.ts";
import { runningMarket } from "../fixtures/market.ts";
import { answer, ask, INPUT, parametersOf, type OpenRequest } from "../fixtures/models.ts";
import { ethers, loadFixture, time } from "../fixtures/network.ts";
import { optimisticMarket, WINDOW } from "../fixtures/optimistic.ts";
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

  it("lets answers be settled together", async () => {
    const context = await loadFixture(paused);
    const { market, feeEscrow, published, operator, open, held } = context;
    const node = operator.address;
    const fulfilments = [];
    for (const request of [open, held]) {
      const served = await answer(context, published, { ...request, node });
      fulfilments.push({ terms: request.terms, node, ...served });
    }
    await market.fulfilBatch(fulfilments);
    expect(await feeEscrow.earningsOf(operator)).to.equal(opg(18));
  });

  it("lets answers be posted, believed, doubted, proved and rejected", async () => {
    const context = await loadFixture(optimisticMarket);
    const { market, published, operator, keeper, stranger, governor } = context;
    const requests: (OpenRequest & { node: string })[] = [];
    for (const salt of [1, 2, 3]) {
      const request = await ask(context, published, { tier: "Optimistic", salt });
      await market.connect(operator).lock(request.terms, operator);
      requests.push({ ...request, node: operator.address });
    }
    for (const contract of pausable(context)) await contract.connect(governor).pause();

    const { terms: proved } = at(requests, 0);
    const { terms: believed } = at(requests, 1);
    const { terms: rejected } = at(requests, 2);
    const { output, evidence } = await answer(context, published, at(requests, 0));
    for (const { terms } of requests)
      await market.connect(operator).fulfil(terms, operator, output, "0x");
    await market.connect(keeper).challenge(proved);
    await market.connect(keeper).challenge(rejected);
    await market.prove(proved, output, evidence);
    await time.increase(WINDOW + 1);
    await market.finalize(believed, output);
    await market.connect(stranger).expire(rejected);
    const states = await Promise.all(requests.map(({ requestId }) => market.stateOf(requestId)));
    const { Fulfilled, Rejected } = REQUEST_STATUS;
    expect(states.map(({ status }) => status)).to.deep.equal([Fulfilled, Fulfilled, Rejected]);
  });

  it("lets channels be claimed and closed, in every way", async () => {
    const context = await loadFixture(channelFixture);
    const { escrow, operator, payer, governor, deployment } = context;
    for (const salt of [1, 2]) await escrow.connect(payer).openChannel(operator, salt, opg(3));
    await escrow.connect(governor).pause();
    await submit(context, await voucherClaim(context, opg(40)));
    expect(await escrow.earningsOf(operator)).to.equal(opg(40));
    await escrow.connect(payer).startClose(operator, 0);
    await time.increase(3 * 86_400 + 1);
    await escrow.close(payer, operator, 0);
    await escrow.connect(operator).closeByNode(payer, 1);
    const { payer: from, node } = context.terms;
    const message = { channelId: channelId({ payer: from, node, salt: 2n }), cumulative: 0n };
    const consent = await signChannelMessage(deployment, operator, "CooperativeClose", message);
    await escrow.connect(payer).closeCooperatively(operator, 2, 0, consent);
    expect(await escrow.balanceOf(payer)).to.equal(DEPOSIT - opg(40) + opg(6));
  });

  it("lets earnings be paid out to where the node said", async () => {
    const context = await loadFixture(paused);
    const { market, feeEscrow, published, operator, keeper, held } = context;
    const node = operator.address;
    const { output, evidence } = await answer(context, published, { ...held, node });
    await market.fulfil(held.terms, operator, output, evidence);
    await feeEscrow.connect(operator).setPayoutAddress(keeper);
    await expect(feeEscrow.payOut(operator)).to.changeTokenBalance(
      ethers,
      context.opg,
      keeper,
      (opg(9) * 95n) / 100n,
    );
  });

  it("lets stake go", async () => {
    const { staking, nodeRegistry, otherOperator } = await loadFixture(paused);
    await nodeRegistry.connect(otherOperator).exit();
    await staking.connect(otherOperator).beginUnstake(otherOperator, opg(5_000));
    await time.increase(604_800);
    await staking.connect(otherOperator).withdraw(otherOperator, otherOperator);
  });

  it("lets collateral go that its market forgot", async () => {
    const { staking, operator, market } = await loadFixture(paused);
    await time.increaseTo((await staking.collateralExpiryOf(operator, market)) + 1n);
    await staking.reclaim(operator, market);
    expect((await staking.poolOf(operator)).locked).to.equal(0);
  });

  it("lets rewards reach those who are in", async () => {
    const { staking, operator, stranger } = await loadFixture(paused);
    await staking.connect(stranger).addRewards(operator, opg(5));
    expect((await staking.poolOf(operator)).stake).to.equal(opg(5_005));
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
