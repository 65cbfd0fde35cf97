import { expect } from "chai";
import { id, Wallet, ZeroHash } from "ethers";
import { batchId } from "../../sdk/inference-batch.ts";
import { signReceipt } from "../../sdk/receipt.ts";
import { at } from "../../zkml/arrays.ts";
import {
  answerDirectly,
  BATCH,
  collateralOf,
  commitAnswers,
  FAULTS,
  openLedger,
  passDeadline,
  potOf,
  shown,
  TERMS,
  type LedgerFixture,
  type MadeBatch,
} from "../fixtures/ledger.ts";
import { loadFixture, time } from "../fixtures/network.ts";
import { opg } from "../fixtures/protocol.ts";

/** What a conviction of a receipt with this fee takes. */
const taken = (fee: bigint) => (fee * TERMS.collateralBps) / 10_000n;

async function expectHolds(
  { ledger }: LedgerFixture,
  challenging: Promise<unknown>,
  made: MadeBatch,
  index = 0,
) {
  await expect(challenging)
    .to.be.revertedWithCustomError(ledger, "ReceiptChallengesReceiptHolds")
    .withArgs(batchId(made.batch), index);
}

async function expectConvicted(
  { ledger, governor, operator }: LedgerFixture,
  challenging: Promise<unknown>,
  made: MadeBatch,
  fault: bigint,
) {
  const { receipt } = at(made.answers, 0);
  const fee = receipt.fee < made.batch.totalFee ? receipt.fee : made.batch.totalFee;
  const slashed = TERMS.minCollateral + taken(fee);
  await expect(challenging)
    .to.emit(ledger, "BatchRejected")
    .withArgs(batchId(made.batch), operator, fault, governor)
    .and.to.emit(ledger, "ReceiptConvicted")
    .withArgs(batchId(made.batch), 0, fault, governor, slashed);
  expect((await ledger.batchOf(batchId(made.batch))).status).to.equal(BATCH.Rejected);
  expect(await ledger.isConvicted(batchId(made.batch), 0)).to.equal(true);
}

describe("ReceiptLedger: challenge", () => {
  it("rejects the batch, compensates the payer, rewards the challenger, returns the pot", async () => {
    const fixture = await loadFixture(openLedger);
    const { ledger, staking, feeEscrow, operator, payer, keeper } = fixture;
    const before = await feeEscrow.balanceOf(operator);
    const made = await commitAnswers(fixture, [{ signature: `0x${"12".repeat(64)}` }, {}]);
    expect(await feeEscrow.balanceOf(operator)).to.equal(before - potOf(made.batch));
    await ledger.connect(keeper).challengeSignature(made.batch, shown(made));

    const { fee } = at(made.answers, 0).receipt;
    const slashed = TERMS.minCollateral + taken(fee);
    expect(await staking.proceedsOf(payer)).to.equal(fee);
    expect(await staking.proceedsOf(keeper)).to.equal((slashed - fee) / 10n);
    expect(await staking.collateralOf(operator, ledger)).to.equal(
      collateralOf(made.batch) - slashed,
    );
    expect(await feeEscrow.balanceOf(operator)).to.equal(before);
    await passDeadline();
    await expect(ledger.finalize(made.batch))
      .to.be.revertedWithCustomError(ledger, "ReceiptLedgerWrongStatus")
      .withArgs(batchId(made.batch), BATCH.Rejected);
  });

  it("takes each further receipt's part once, until the last word, and frees the rest", async () => {
    const fixture = await loadFixture(openLedger);
    const { ledger, staking, operator, payer } = fixture;
    const wrong = { signature: `0x${"12".repeat(64)}` };
    const made = await commitAnswers(fixture, [wrong, wrong, wrong, {}]);
    await ledger.challengeSignature(made.batch, shown(made, 0));
    await ledger.challengeSignature(made.batch, shown(made, 1));
    await expect(ledger.challengeSignature(made.batch, shown(made, 1)))
      .to.be.revertedWithCustomError(ledger, "ReceiptChallengesConvictedBefore")
      .withArgs(batchId(made.batch), 1);
    await expectHolds(fixture, ledger.challengeSignature(made.batch, shown(made, 3)), made, 3);
    const { fee } = at(made.answers, 0).receipt;
    expect(await staking.proceedsOf(payer)).to.equal(2n * fee);
    const { deadline } = await ledger.batchOf(batchId(made.batch));
    const lastWord = deadline + TERMS.proveWindow;
    await expect(ledger.closeRejected(made.batch)).to.be.revertedWithCustomError(
      ledger,
      "ReceiptLedgerTooEarly",
    );
    await time.setNextBlockTimestamp(lastWord);
    await ledger.challengeSignature(made.batch, shown(made, 2));
    await expect(ledger.closeRejected(made.batch))
      .to.emit(ledger, "BatchClosed")
      .withArgs(batchId(made.batch), operator, taken(fee));
    expect(await ledger.freeCollateralOf(operator)).to.equal(taken(fee));
    expect(await staking.collateralOf(operator, ledger)).to.equal(taken(fee));
    await expect(ledger.closeRejected(made.batch)).to.be.revertedWithCustomError(
      ledger,
      "ReceiptLedgerWrongStatus",
    );
    await expect(
      ledger.challengeSignature(made.batch, shown(made, 3)),
    ).to.be.revertedWithCustomError(ledger, "ReceiptLedgerWrongStatus");
  });

  it("hears nothing after the deadline, nor of what is unknown or not in the batch", async () => {
    const fixture = await loadFixture(openLedger);
    const { ledger } = fixture;
    const made = await commitAnswers(fixture, [{ signature: "0x" }, {}, {}]);
    const other = await commitAnswers(fixture, [{}, {}, {}]);
    const id0 = batchId(made.batch);
    const place = shown(made);
    await expect(
      ledger.challengeSignature({ ...made.batch, count: 4 }, place),
    ).to.be.revertedWithCustomError(ledger, "ReceiptLedgerUnknown");
    for (const wrong of [
      { ...place, index: 1 },
      { ...place, index: 3 },
      { ...place, index: 4 },
      { ...place, index: 2n ** 256n - 1n },
      { ...place, path: place.path.slice(1) },
      { ...place, path: [...place.path, ZeroHash] },
      { ...place, path: [] },
      { ...place, signature: "0x00" },
      { ...place, receipt: { ...place.receipt, fee: 1n } },
      shown(other),
    ])
      await expect(ledger.challengeSignature(made.batch, wrong))
        .to.be.revertedWithCustomError(ledger, "ReceiptLedgerNotInBatch")
        .withArgs(id0, wrong.index);
    const { deadline } = await ledger.batchOf(id0);
    await time.setNextBlockTimestamp(deadline + 1n);
    await expect(ledger.challengeSignature(made.batch, place))
      .to.be.revertedWithCustomError(ledger, "ReceiptLedgerTooLate")
      .withArgs(id0, deadline + 1n, deadline);
  });

  it("hears what comes with the last second", async () => {
    const fixture = await loadFixture(openLedger);
    const { ledger } = fixture;
    const made = await commitAnswers(fixture, [{ signature: "0x" }]);
    const { deadline } = await ledger.batchOf(batchId(made.batch));
    await time.setNextBlockTimestamp(deadline);
    await ledger.challengeSignature(made.batch, shown(made));
  });

  describe("signature", () => {
    it("convicts of what the signer cannot stand for", async () => {
      for (const bent of [
        { signature: "0x" },
        { signature: `0x${"12".repeat(65)}` },
        { signer: Wallet.createRandom() },
        { receipt: { node: Wallet.createRandom().address } },
        { receipt: { startedAt: 2n ** 64n - 1n } },
      ]) {
        const fixture = await loadFixture(openLedger);
        const made = await commitAnswers(fixture, [bent]);
        const challenging = fixture.ledger.challengeSignature(made.batch, shown(made));
        await expectConvicted(fixture, challenging, made, FAULTS.Signature);
      }
    });

    it("convicts of a receipt with another number than its place says", async () => {
      for (const firstSeq of [4n, 6n]) {
        const fixture = await loadFixture(openLedger);
        const made = await commitAnswers(fixture, [{ seq: 5n }], { batch: { firstSeq } });
        const challenging = fixture.ledger.challengeSignature(made.batch, shown(made));
        await expectConvicted(fixture, challenging, made, FAULTS.Signature);
      }
    });

    it("convicts of a receipt that was completed after the batch", async () => {
      const fixture = await loadFixture(openLedger);
      const now = BigInt(await time.latest());
      const made = await commitAnswers(fixture, [{ receipt: { completedAt: now } }], {
        batch: { completedAt: now - 1n },
      });
      const challenging = fixture.ledger.challengeSignature(made.batch, shown(made));
      await expectConvicted(fixture, challenging, made, FAULTS.Signature);
    });

    it("convicts of an Attested receipt of a key that is no enclave's", async () => {
      const fixture = await loadFixture(openLedger);
      const made = await commitAnswers(fixture, [{ receipt: { tier: 1n } }]);
      const challenging = fixture.ledger.challengeSignature(made.batch, shown(made));
      await expectConvicted(fixture, challenging, made, FAULTS.Signature);
    });

    it("finds nothing wrong with an honest receipt", async () => {
      const fixture = await loadFixture(openLedger);
      const made = await commitAnswers(fixture, [{}, {}]);
      for (const index of [0, 1]) {
        const challenging = fixture.ledger.challengeSignature(made.batch, shown(made, index));
        await expectHolds(fixture, challenging, made, index);
      }
    });
  });

  describe("equivocation", () => {
    it("convicts of the same number or request with another receipt", async () => {
      for (const changes of [
        { requestId: id("another"), seq: 0n },
        { seq: 8n, outputHash: ZeroHash },
        { outputHash: ZeroHash },
      ]) {
        const fixture = await loadFixture(openLedger);
        const { ledger, settlement, nodeSigner } = fixture;
        const made = await commitAnswers(fixture);
        const other = { ...at(made.answers, 0).receipt, ...changes };
        const signature = await signReceipt(settlement, nodeSigner, other);
        const challenging = ledger.challengeEquivocation(
          ...([made.batch, shown(made), other, signature] as const),
        );
        await expectConvicted(fixture, challenging, made, FAULTS.Equivocation);
      }
    });

    it("does not of the same receipt, of others, or of what others signed", async () => {
      const fixture = await loadFixture(openLedger);
      const { ledger, settlement, nodeSigner, payer } = fixture;
      const made = await commitAnswers(fixture);
      const { receipt, signature } = at(made.answers, 0);
      const distinct = { ...receipt, seq: 9n, requestId: id("another") };
      const signed = await signReceipt(settlement, nodeSigner, distinct);
      for (const [other, otherSignature] of [
        [receipt, signature],
        [distinct, signed],
      ] as const)
        await expect(
          ledger.challengeEquivocation(made.batch, shown(made), other, otherSignature),
        ).to.be.revertedWithCustomError(ledger, "ReceiptChallengesNoContradiction");
      const forged = { ...receipt, fee: 1n };
      const elsewhere = { ...settlement, settledBy: payer.address };
      for (const otherSignature of [
        signature,
        await signReceipt(settlement, payer, forged),
        await signReceipt(elsewhere, nodeSigner, forged),
        "0x",
      ])
        await expect(ledger.challengeEquivocation(made.batch, shown(made), forged, otherSignature))
          .to.be.revertedWithCustomError(ledger, "ReceiptChallengesNotSigned")
          .withArgs(nodeSigner);
    });
  });

  describe("fee", () => {
    it("convicts of other terms, another fee, or another price", async () => {
      const stranger = Wallet.createRandom().address;
      for (const bent of [
        { receipt: { fee: 1n } },
        { receipt: { inputUnits: 11n } },
        { receipt: { outputUnits: 0n } },
        { receipt: { payer: stranger } },
        { receipt: { inputHash: ZeroHash } },
        { request: { tier: 2n }, receipt: { tier: 0n } },
        { request: { node: stranger }, receipt: {} },
        { quote: { node: stranger } },
        { quote: { tier: 2n } },
        { quote: { modelId: id("another model") } },
      ]) {
        const fixture = await loadFixture(openLedger);
        const made = await commitAnswers(fixture, [bent]);
        const { request, quote } = at(made.answers, 0);
        const challenging = fixture.ledger.challengeFee(made.batch, shown(made), request, quote);
        await expectConvicted(fixture, challenging, made, FAULTS.Fee);
      }
    });

    it("holds a receipt to nothing but its own request and that request's price", async () => {
      const fixture = await loadFixture(openLedger);
      const { ledger } = fixture;
      const made = await commitAnswers(fixture);
      const { request, quote } = at(made.answers, 0);
      const challenging = ledger.challengeFee(made.batch, shown(made), request, quote);
      await expectHolds(fixture, challenging, made);
      await expect(
        ledger.challengeFee(made.batch, shown(made), { ...request, nonce: ZeroHash }, quote),
      ).to.be.revertedWithCustomError(ledger, "ReceiptDemandsOtherRequest");
      await expect(
        ledger.challengeFee(made.batch, shown(made), request, { ...quote, base: 0n }),
      ).to.be.revertedWithCustomError(ledger, "ReceiptDemandsOtherQuote");
    });

    it("takes the highest rates and units without overflow", async () => {
      const fixture = await loadFixture(openLedger);
      const rate = 2n ** 128n - 1n;
      const units = 2n ** 32n - 1n;
      const receipt = { fee: 2n ** 128n - 1n, inputUnits: units, outputUnits: units };
      const made = await commitAnswers(
        fixture,
        [{ quote: { base: rate, perInputUnit: rate, perOutputUnit: rate }, receipt }],
        { batch: { totalFee: opg(1) } },
      );
      const { request, quote } = at(made.answers, 0);
      const challenging = fixture.ledger.challengeFee(made.batch, shown(made), request, quote);
      await expectConvicted(fixture, challenging, made, FAULTS.Fee);
    });
  });

  describe("total", () => {
    it("convicts of fees that are more, counted in one go or in several", async () => {
      const fixture = await loadFixture(openLedger);
      const { ledger, operator, keeper, staking } = fixture;
      const fee = opg(3);
      const made = await commitAnswers(fixture, [{}, {}, {}], {
        batch: { totalFee: 3n * fee - 1n },
      });
      const id0 = batchId(made.batch);
      const counting = ledger.connect(keeper);
      await expect(counting.challengeTotal(made.batch, [shown(made, 0), shown(made, 1)]))
        .to.emit(ledger, "FeesCounted")
        .withArgs(id0, keeper, 2, 2n * fee);
      await expect(counting.challengeTotal(made.batch, [shown(made, 1)]))
        .to.be.revertedWithCustomError(ledger, "ReceiptChallengesOutOfOrder")
        .withArgs(1, 2);
      // Another's count is another's.
      await ledger.challengeTotal(made.batch, [shown(made, 2)]);
      await expect(counting.challengeTotal(made.batch, [shown(made, 2)]))
        .to.emit(ledger, "BatchRejected")
        .withArgs(id0, operator, FAULTS.Total, keeper);
      await expect(counting.challengeTotal(made.batch, [])).to.be.revertedWithCustomError(
        ledger,
        "ReceiptLedgerWrongStatus",
      );
      // What no payer is compensated with is taken in the end.
      await passDeadline();
      await time.increase(TERMS.proveWindow);
      await ledger.closeRejected(made.batch);
      expect(await staking.collateralOf(operator, ledger)).to.equal(0n);
    });

    it("does not of a total that is right, or too high, or counted twice", async () => {
      const fixture = await loadFixture(openLedger);
      const { ledger } = fixture;
      const made = await commitAnswers(fixture, [{}, {}]);
      await expect(
        ledger.challengeTotal(made.batch, [shown(made, 0), shown(made, 0)]),
      ).to.be.revertedWithCustomError(ledger, "ReceiptChallengesOutOfOrder");
      await expect(
        ledger.challengeTotal(made.batch, [shown(made, 1), shown(made, 0)]),
      ).to.be.revertedWithCustomError(ledger, "ReceiptChallengesOutOfOrder");
      await ledger.challengeTotal(made.batch, [shown(made, 0), shown(made, 1)]);
      expect((await ledger.batchOf(batchId(made.batch))).status).to.equal(BATCH.Committed);
    });
  });

  describe("policy", () => {
    it("convicts of a batch without leaves, once the publisher's wish applies", async () => {
      const fixture = await loadFixture(openLedger);
      const { ledger, publisher, modelId, stranger } = fixture;
      await expect(ledger.connect(stranger).setDataPolicy(modelId, true))
        .to.be.revertedWithCustomError(ledger, "ReceiptLedgerNotPublisher")
        .withArgs(modelId, stranger, publisher);
      const early = await commitAnswers(fixture);
      await ledger.connect(publisher).setDataPolicy(modelId, true);
      const since = BigInt(await time.latest()) + 3_600n;
      expect(await ledger.leavesNeededSince(modelId)).to.equal(since);
      await expect(ledger.connect(publisher).setDataPolicy(modelId, true))
        .to.be.revertedWithCustomError(ledger, "ReceiptLedgerPolicyUnchanged")
        .withArgs(modelId, true);
      await expectHolds(fixture, ledger.challengePolicy(early.batch, shown(early)), early);
      await time.increaseTo(since + 10n);
      const before = await commitAnswers(fixture, [
        { receipt: { startedAt: 0n, completedAt: since - 1n } },
      ]);
      await expectHolds(fixture, ledger.challengePolicy(before.batch, shown(before)), before);
      const bare = await commitAnswers(fixture, [
        { receipt: { startedAt: 0n, completedAt: since } },
      ]);
      const challenging = ledger.challengePolicy(bare.batch, shown(bare));
      await expectConvicted(fixture, challenging, bare, FAULTS.Policy);
      const open = await commitAnswers(fixture, [{}], { withLeaves: true });
      await expectHolds(fixture, ledger.challengePolicy(open.batch, shown(open)), open);
      const later = await commitAnswers(fixture);
      await ledger.connect(publisher).setDataPolicy(modelId, false);
      await expectHolds(fixture, ledger.challengePolicy(later.batch, shown(later)), later);
      expect((await answerDirectly(fixture)).receipt.modelId).to.equal(modelId);
    });
  });
});
