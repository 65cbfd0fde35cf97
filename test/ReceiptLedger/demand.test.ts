import { expect } from "chai";
import { ZeroHash } from "ethers";
import { batchId } from "../../sdk/inference-batch.ts";
import { at } from "../../zkml/arrays.ts";
import {
  BATCH,
  CLAIM_WINDOW,
  collateralOf,
  commitAnswers,
  FAULTS,
  openLedger,
  passDeadline,
  shown,
  TERMS,
  type LedgerFixture,
  type MadeBatch,
} from "../fixtures/ledger.ts";
import { loadFixture, time } from "../fixtures/network.ts";

const STATUS = { None: 0n, Open: 1n, Answered: 2n, Expired: 3n } as const;

const reveal = ({ ledger }: LedgerFixture, made: MadeBatch, index = 0) => {
  const { request, quote } = at(made.answers, index);
  return ledger.reveal(made.batch, shown(made, index), request, quote);
};

describe("ReceiptLedger: demand a receipt", () => {
  it("is answered for the bond, once", async () => {
    const fixture = await loadFixture(openLedger);
    const { ledger, keeper, operator, feeEscrow } = fixture;
    const made = await commitAnswers(fixture, [{}, {}]);
    const id0 = batchId(made.batch);
    const balance = await feeEscrow.balanceOf(keeper);
    await expect(ledger.connect(keeper).demand(made.batch, 1))
      .to.emit(ledger, "ReceiptDemanded")
      .withArgs(id0, 1, keeper, BigInt(await time.latest()) + 1n + TERMS.responseWindow);
    expect(await feeEscrow.balanceOf(keeper)).to.equal(balance - TERMS.demandBond);
    expect((await ledger.batchOf(id0)).openDemands).to.equal(1n);
    await expect(ledger.connect(keeper).demand(made.batch, 1))
      .to.be.revertedWithCustomError(ledger, "ReceiptDemandsMadeBefore")
      .withArgs(id0, 1, STATUS.Open);
    await expect(reveal(fixture, made, 0))
      .to.be.revertedWithCustomError(ledger, "ReceiptDemandsNotOpen")
      .withArgs(id0, 0, STATUS.None);

    await expect(reveal(fixture, made, 1)).to.emit(ledger, "ReceiptRevealed");
    expect(await feeEscrow.earningsOf(operator)).to.equal(TERMS.demandBond);
    expect((await ledger.demandOf(id0, 1)).status).to.equal(STATUS.Answered);
    for (const again of [
      () => ledger.connect(keeper).demand(made.batch, 1),
      () => ledger.demand(made.batch, 1),
    ])
      await expect(again()).to.be.revertedWithCustomError(ledger, "ReceiptDemandsMadeBefore");
    await expect(reveal(fixture, made, 1)).to.be.revertedWithCustomError(
      ledger,
      "ReceiptDemandsNotOpen",
    );
    await expect(ledger.expireDemand(made.batch, 1)).to.be.revertedWithCustomError(
      ledger,
      "ReceiptDemandsNotOpen",
    );
    await passDeadline();
    await ledger.finalize(made.batch);
  });

  it("is made in time, of a place in the batch, by who can pay", async () => {
    const fixture = await loadFixture(openLedger);
    const { ledger, keeper, stranger, feeEscrow } = fixture;
    const made = await commitAnswers(fixture, [{}, {}, {}]);
    const id0 = batchId(made.batch);
    for (const index of [3n, 4n, 2n ** 256n - 1n])
      await expect(ledger.connect(keeper).demand(made.batch, index))
        .to.be.revertedWithCustomError(ledger, "ReceiptLedgerNotInBatch")
        .withArgs(id0, index);
    await expect(ledger.connect(stranger).demand(made.batch, 0)).to.be.revertedWithCustomError(
      feeEscrow,
      "FeeEscrowLockerNotAuthorized",
    );
    const { deadline } = await ledger.batchOf(id0);
    const last = deadline - 2n * TERMS.responseWindow;
    await time.setNextBlockTimestamp(last);
    await ledger.connect(keeper).demand(made.batch, 0);
    await expect(ledger.connect(keeper).demand(made.batch, 1))
      .to.be.revertedWithCustomError(ledger, "ReceiptLedgerTooLate")
      .withArgs(id0, last + 1n, last);
    // What the last demand shows can still be judged.
    await time.setNextBlockTimestamp(last + TERMS.responseWindow);
    await reveal(fixture, made);
    expect(deadline - BigInt(await time.latest())).to.equal(TERMS.responseWindow);
  });

  it("is answered with what fits together, in time", async () => {
    const fixture = await loadFixture(openLedger);
    const { ledger, keeper } = fixture;
    const made = await commitAnswers(fixture, [{}, {}]);
    await ledger.connect(keeper).demand(made.batch, 0);
    const { request, quote } = at(made.answers, 0);
    await expect(
      ledger.reveal(made.batch, shown(made), { ...request, nonce: ZeroHash }, quote),
    ).to.be.revertedWithCustomError(ledger, "ReceiptDemandsOtherRequest");
    await expect(
      ledger.reveal(made.batch, shown(made), request, { ...quote, base: 0n }),
    ).to.be.revertedWithCustomError(ledger, "ReceiptDemandsOtherQuote");
    await expect(
      ledger.reveal(made.batch, { ...shown(made, 1), index: 0 }, request, quote),
    ).to.be.revertedWithCustomError(ledger, "ReceiptLedgerNotInBatch");
    const { deadline } = await ledger.demandOf(batchId(made.batch), 0);
    await time.setNextBlockTimestamp(deadline + 1n);
    await expect(ledger.reveal(made.batch, shown(made), request, quote))
      .to.be.revertedWithCustomError(ledger, "ReceiptLedgerTooLate")
      .withArgs(batchId(made.batch), deadline + 1n, deadline);
  });

  it("rejects the batch if it expires; payers first, then all of the collateral", async () => {
    const fixture = await loadFixture(openLedger);
    const { ledger, keeper, operator, feeEscrow, staking, payer } = fixture;
    const made = await commitAnswers(fixture, [{}, { signature: "0x" }]);
    const id0 = batchId(made.batch);
    const balance = await feeEscrow.balanceOf(keeper);
    await ledger.connect(keeper).demand(made.batch, 0);
    const { deadline } = await ledger.demandOf(id0, 0);
    await time.setNextBlockTimestamp(deadline);
    await expect(ledger.expireDemand(made.batch, 0))
      .to.be.revertedWithCustomError(ledger, "ReceiptLedgerTooEarly")
      .withArgs(id0, deadline, deadline);
    await time.setNextBlockTimestamp(deadline + 1n);
    await expect(ledger.expireDemand(made.batch, 0))
      .to.emit(ledger, "DemandExpired")
      .withArgs(id0, 0, keeper)
      .and.to.emit(ledger, "BatchRejected")
      .withArgs(id0, operator, FAULTS.Withheld, keeper);
    expect(await feeEscrow.balanceOf(keeper)).to.equal(balance);
    expect(await staking.proceedsOf(keeper)).to.equal(TERMS.minCollateral / 10n);
    await ledger.challengeSignature(made.batch, shown(made, 1));
    expect(await staking.proceedsOf(payer)).to.equal(at(made.answers, 1).receipt.fee);
    await passDeadline();
    await time.increase(TERMS.proveWindow);
    await expect(ledger.closeRejected(made.batch))
      .to.emit(ledger, "BatchClosed")
      .withArgs(id0, operator, 0);
    expect(await staking.collateralOf(operator, ledger)).to.equal(0n);
  });

  it("stays open when the batch is rejected for something else", async () => {
    const fixture = await loadFixture(openLedger);
    const { ledger, keeper, operator, staking } = fixture;
    const made = await commitAnswers(fixture, [{ signature: "0x" }, {}, {}]);
    await ledger.connect(keeper).demand(made.batch, 1);
    await ledger.challengeSignature(made.batch, shown(made));
    // Others may want to see what else there is.
    await ledger.connect(keeper).demand(made.batch, 2);
    await reveal(fixture, made, 2);
    await passDeadline();
    await time.increase(TERMS.proveWindow);
    await expect(ledger.closeRejected(made.batch))
      .to.be.revertedWithCustomError(ledger, "ReceiptLedgerDemandsOpen")
      .withArgs(batchId(made.batch), 1);
    await ledger.expireDemand(made.batch, 1);
    await ledger.closeRejected(made.batch);
    expect(await staking.collateralOf(operator, ledger)).to.equal(0n);
  });

  it("keeps the batch from being final while it is open", async () => {
    const fixture = await loadFixture(openLedger);
    const { ledger, keeper } = fixture;
    const made = await commitAnswers(fixture);
    await ledger.connect(keeper).demand(made.batch, 0);
    await passDeadline();
    await expect(ledger.finalize(made.batch))
      .to.be.revertedWithCustomError(ledger, "ReceiptLedgerDemandsOpen")
      .withArgs(batchId(made.batch), 1);
  });

  it("slashes nothing that stands behind newer batches, when it expires too late", async () => {
    const fixture = await loadFixture(openLedger);
    const { ledger, keeper, operator, staking } = fixture;
    const old = await commitAnswers(fixture);
    await ledger.connect(keeper).demand(old.batch, 0);
    const { deadline } = await ledger.batchOf(batchId(old.batch));
    await time.increaseTo(deadline + TERMS.proveWindow + CLAIM_WINDOW);
    const newer = await commitAnswers(fixture);
    const held = await staking.collateralOf(operator, ledger);
    await ledger.expireDemand(old.batch, 0);
    expect((await ledger.batchOf(batchId(old.batch))).status).to.equal(BATCH.Rejected);
    await ledger.closeRejected(old.batch);
    expect(await staking.collateralOf(operator, ledger)).to.equal(held);
    expect(await ledger.freeCollateralOf(operator)).to.equal(held - collateralOf(newer.batch));
    // After the allotment ended, nothing of it is free either.
    const older = await commitAnswers(fixture);
    await ledger.connect(keeper).demand(older.batch, 0);
    await time.increase(40 * 86_400);
    await staking.reclaim(operator, ledger);
    const newest = await commitAnswers(fixture);
    await ledger.expireDemand(older.batch, 0);
    await ledger.closeRejected(older.batch);
    expect(await ledger.freeCollateralOf(operator)).to.equal(0n);
    expect(await staking.collateralOf(operator, ledger)).to.equal(collateralOf(newest.batch));
  });
});
