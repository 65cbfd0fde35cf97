import { expect } from "chai";
import { ZeroHash, Wallet } from "ethers";
import { batchDigest, batchHead, batchId } from "../../sdk/inference-batch.ts";
import { directRequestId } from "../../sdk/direct-request.ts";
import { receiptDigest } from "../../sdk/receipt.ts";
import { receiptLeaf } from "../../sdk/receipt-tree.ts";
import { roleSet } from "../../sdk/tiers.ts";
import { at } from "../../zkml/arrays.ts";
import {
  answerDirectly,
  BATCH,
  collateralOf,
  commit,
  commitAnswers,
  FAULTS,
  makeBatch,
  openLedger,
  potOf,
  shown,
  TERMS,
} from "../fixtures/ledger.ts";
import { loadFixture, time } from "../fixtures/network.ts";
import { opg } from "../fixtures/protocol.ts";

const MAX_UINT64 = 2n ** 64n - 1n;

describe("ReceiptLedger: commit", () => {
  it("puts stake and the verifiers' pot behind a batch, and says so", async () => {
    const fixture = await loadFixture(openLedger);
    const { ledger, operator, nodeSigner, feeEscrow, staking } = fixture;
    const answers = [await answerDirectly(fixture), await answerDirectly(fixture, { seq: 2n })];
    const made = await makeBatch(fixture, answers);
    const committing = commit(fixture, made);
    await expect(committing).to.emit(ledger, "BatchCommitted");
    const deadline = BigInt(await time.latest()) + TERMS.challengeWindow;
    const [event] = await ledger.queryFilter(ledger.filters.BatchCommitted());
    expect(event?.args.slice(0, 3)).to.deep.equal([
      batchId(made.batch),
      operator.address,
      nodeSigner.address,
    ]);
    expect([...(event?.args.batch ?? [])]).to.deep.equal(Object.values(made.batch));
    // Numbers begin with 1 here.
    expect(event?.args.slice(4)).to.deep.equal([1n, false, deadline]);

    const collateral = collateralOf(made.batch);
    expect(await ledger.collateralFor(made.batch.totalFee)).to.equal(collateral);
    expect(await staking.collateralOf(operator, ledger)).to.equal(collateral);
    const pot = await feeEscrow.lockOf(ledger, batchId(made.batch));
    expect([pot.payer, pot.amount]).to.deep.equal([operator.address, potOf(made.batch)]);
    const view = await ledger.batchOf(batchId(made.batch));
    expect([...view]).to.deep.equal([
      ...[BATCH.Committed, operator.address, deadline, 1n],
      ...[2n, false, 0n, 0n],
    ]);
    expect(await ledger.nextSeqOf(operator, nodeSigner)).to.equal(3n);
  });

  it("hashes as the SDK does", async () => {
    const fixture = await loadFixture(openLedger);
    const { ledger, settlement } = fixture;
    const { batch, answers } = await makeBatch(fixture, [await answerDirectly(fixture)]);
    const { receipt, signature, request } = at(answers, 0);
    expect(await ledger.batchIdOf(batch)).to.equal(batchId(batch));
    expect(await ledger.headOf(batch)).to.equal(batchHead(batch));
    expect(await ledger.batchDigestOf(batch)).to.equal(batchDigest(settlement, batch));
    expect(await ledger.leafOf(receipt, signature)).to.equal(receiptLeaf({ receipt, signature }));
    expect(await ledger.receiptDigestOf(receipt)).to.equal(receiptDigest(settlement, receipt));
    expect(await ledger.requestIdOf(request)).to.equal(directRequestId(settlement, request));
  });

  for (const count of [1, 2, 3, 5, 8]) {
    it(`takes ${count} leaves from anyone, and makes their tree`, async () => {
      const fixture = await loadFixture(openLedger);
      const { ledger, stranger } = fixture;
      const answers = [];
      for (let i = 0; i < count; i++)
        answers.push(await answerDirectly(fixture, { seq: BigInt(i) }));
      const { batch, leaves, signature } = await makeBatch(fixture, answers);
      await ledger.connect(stranger).commitBatchWithLeaves(batch, [...leaves], signature);
      expect((await ledger.batchOf(batchId(batch))).hasLeaves).to.equal(true);
    });
  }

  it("takes no other leaves", async () => {
    const fixture = await loadFixture(openLedger);
    const { ledger } = fixture;
    const answers = [await answerDirectly(fixture), await answerDirectly(fixture, { seq: 2n })];
    const { batch, leaves, signature } = await makeBatch(fixture, answers);
    const swapped = leaves.toReversed();
    for (const wrong of [swapped, [at(leaves, 0), ZeroHash]])
      await expect(
        ledger.commitBatchWithLeaves(batch, wrong, signature),
      ).to.be.revertedWithCustomError(ledger, "ReceiptLedgerOtherLeaves");
    for (const wrong of [[], leaves.slice(1), [...leaves, ZeroHash]])
      await expect(ledger.commitBatchWithLeaves(batch, wrong, signature))
        .to.be.revertedWithCustomError(ledger, "ReceiptLedgerBadCount")
        .withArgs(wrong.length, 2);
  });

  it("leaves leaves out only for the node", async () => {
    const fixture = await loadFixture(openLedger);
    const { ledger, operator, stranger, publisher, modelId } = fixture;
    await ledger.connect(publisher).setDataPolicy(modelId, true);
    await time.increase(3_601);
    const made = await makeBatch(fixture, [await answerDirectly(fixture)]);
    const { batch, leaves, signature } = made;
    // Else a front-runner could drop the leaves, and convict the node for it.
    await expect(ledger.connect(stranger).commitBatch(batch, signature))
      .to.be.revertedWithCustomError(fixture.nodeRegistry, "NodeRegistryNotSigner")
      .withArgs(operator, stranger);
    await ledger.connect(stranger).commitBatchWithLeaves(batch, [...leaves], signature);
    await expect(ledger.challengePolicy(batch, shown(made))).to.be.revertedWithCustomError(
      ledger,
      "ReceiptChallengesReceiptHolds",
    );
  });

  it("takes the signature of nobody else", async () => {
    const fixture = await loadFixture(openLedger);
    const { ledger, operator, payer } = fixture;
    const answer = await answerDirectly(fixture);
    for (const authority of [payer, operator]) {
      const made = await makeBatch(fixture, [answer], { authority });
      await expect(commit(fixture, made))
        .to.be.revertedWithCustomError(ledger, "ReceiptLedgerNotSigned")
        .withArgs(operator, made.batch.signer);
    }
    // A key that signs for itself, and is no enclave's.
    const key = Wallet.createRandom();
    const own = await makeBatch(fixture, [await answerDirectly(fixture, { signer: key })], {
      signer: key,
    });
    await expect(commit(fixture, own)).to.be.revertedWithCustomError(
      ledger,
      "ReceiptLedgerNotSigned",
    );
    for (const signature of ["0x", "0x1234", `0x${"ff".repeat(64)}`, `0x${"00".repeat(65)}`])
      await expect(
        commit(fixture, { ...(await makeBatch(fixture, [answer])), signature }),
      ).to.be.revertedWithCustomError(ledger, "ReceiptLedgerNotSigned");
  });

  it("takes a batch once, and numbers once, from zero to the highest", async () => {
    const fixture = await loadFixture(openLedger);
    const { ledger, nodeSigner, operator } = fixture;
    const made = await makeBatch(fixture, [await answerDirectly(fixture, { seq: 7n })]);
    await commit(fixture, made);
    await expect(commit(fixture, made))
      .to.be.revertedWithCustomError(ledger, "ReceiptLedgerKnown")
      .withArgs(batchId(made.batch));
    const overlapping = await makeBatch(fixture, [
      await answerDirectly(fixture, { seq: 7n, receipt: { outputHash: ZeroHash } }),
    ]);
    await expect(commit(fixture, overlapping))
      .to.be.revertedWithCustomError(ledger, "ReceiptLedgerSequenceTaken")
      .withArgs(nodeSigner, 7, 8, MAX_UINT64 - 1n);
    const last = await answerDirectly(fixture, { seq: MAX_UINT64 });
    await expect(commit(fixture, await makeBatch(fixture, [last])))
      .to.be.revertedWithCustomError(ledger, "ReceiptLedgerSequenceTaken")
      .withArgs(nodeSigner, MAX_UINT64, 8, MAX_UINT64 - 1n);
    const beforeLast = await answerDirectly(fixture, { seq: MAX_UINT64 - 1n });
    await commit(fixture, await makeBatch(fixture, [beforeLast]));
    expect(await ledger.nextSeqOf(operator, nodeSigner)).to.equal(MAX_UINT64);
  });

  it("keeps the numbers of a key for each node that it signs for", async () => {
    const fixture = await loadFixture(openLedger);
    const { ledger, nodeRegistry, nodeSigner, keeper, operator, feeEscrow } = fixture;
    const roles = roleSet("Inference");
    await nodeRegistry
      .connect(keeper)
      .register({ roles, signer: keeper, endpoint: "" }, opg(5_000));
    await feeEscrow.connect(keeper).authorizeLocker(ledger);
    const answer = await answerDirectly(fixture, { seq: 1_000n });
    const stolen = await makeBatch(fixture, [answer], {
      ...{ authority: keeper, batch: { node: keeper.address } },
    });
    await ledger.connect(keeper).commitBatch(stolen.batch, stolen.signature);
    expect(await ledger.nextSeqOf(keeper, nodeSigner)).to.equal(1_001n);
    expect(await ledger.nextSeqOf(operator, nodeSigner)).to.equal(0n);
    // The thief stands for receipts of another node, and pays for it.
    await expect(ledger.challengeSignature(stolen.batch, shown(stolen)))
      .to.emit(ledger, "BatchRejected")
      .withArgs(batchId(stolen.batch), keeper, FAULTS.Signature, fixture.governor);
    // The victim's own batch is another, of the very same receipts.
    await commit(fixture, await makeBatch(fixture, [answer]));
  });

  it("takes no empty batch, none of the future, and none too large", async () => {
    const fixture = await loadFixture(openLedger);
    const { ledger } = fixture;
    const answer = await answerDirectly(fixture);
    for (const count of [0n, 4_097n, 2n ** 32n - 1n])
      await expect(commit(fixture, await makeBatch(fixture, [answer], { batch: { count } })))
        .to.be.revertedWithCustomError(ledger, "ReceiptLedgerBadCount")
        .withArgs(count, 4_096);
    await commit(fixture, await makeBatch(fixture, [answer], { batch: { count: 4_096n } }));
    const later = await answerDirectly(fixture, { seq: 5_000n });
    const completedAt = BigInt(await time.latest()) + 1_000n;
    await expect(
      commit(fixture, await makeBatch(fixture, [later], { batch: { completedAt } })),
    ).to.be.revertedWithCustomError(ledger, "ReceiptLedgerFromTheFuture");
    const limit = 2n ** 96n - 1n;
    await expect(
      commit(fixture, await makeBatch(fixture, [later], { batch: { totalFee: limit + 1n } })),
    )
      .to.be.revertedWithCustomError(ledger, "ReceiptLedgerTotalTooHigh")
      .withArgs(limit + 1n, limit);
    await expect(
      commit(fixture, await makeBatch(fixture, [later], { batch: { totalFee: limit } })),
    ).to.be.revertedWithCustomError(fixture.staking, "StakingInsufficientStake");
  });

  it("needs the role, the stake, and the money of the pot", async () => {
    const fixture = await loadFixture(openLedger);
    const { ledger, operator, nodeRegistry, nodeSigner, feeEscrow } = fixture;
    const made = await makeBatch(fixture, [await answerDirectly(fixture)]);
    await feeEscrow.connect(operator).authorizeLocker(fixture.inferenceMarket);
    await expect(commit(fixture, made)).to.be.revertedWithCustomError(
      feeEscrow,
      "FeeEscrowLockerNotAuthorized",
    );
    await feeEscrow.connect(operator).authorizeLocker(ledger);
    const poor = await feeEscrow.balanceOf(operator);
    await feeEscrow.connect(operator).withdraw(poor, operator);
    await expect(commit(fixture, made)).to.be.revertedWithCustomError(
      feeEscrow,
      "FeeEscrowInsufficientBalance",
    );
    await nodeRegistry
      .connect(operator)
      .update({ roles: roleSet("Verifier"), signer: nodeSigner, endpoint: "" });
    const { batch, leaves, signature } = made;
    for (const committing of [
      () => ledger.connect(operator).commitBatch(batch, signature),
      () => ledger.commitBatchWithLeaves(batch, [...leaves], signature),
    ])
      await expect(committing())
        .to.be.revertedWithCustomError(nodeRegistry, "NodeRegistryRoleMissing")
        .withArgs(operator, 0);
  });

  it("locks no pot where there is none", async () => {
    const fixture = await loadFixture(openLedger);
    const { ledger, feeEscrow } = fixture;
    const free = { base: 0n, perInputUnit: 0n, perOutputUnit: 0n };
    const { batch } = await commitAnswers(fixture, [{ quote: free }]);
    expect((await feeEscrow.lockOf(ledger, batchId(batch))).amount).to.equal(0n);
    await time.increase(TERMS.challengeWindow + 1n);
    await ledger.finalize(batch);
    expect((await ledger.batchOf(batchId(batch))).status).to.equal(BATCH.Final);
  });

  it("is refused while paused; what was committed goes on", async () => {
    const fixture = await loadFixture(openLedger);
    const { ledger, operator } = fixture;
    const made = await commitAnswers(fixture);
    const next = await makeBatch(fixture, [await answerDirectly(fixture, { seq: 9n })]);
    await ledger.pause();
    for (const withLeaves of [true, false])
      await expect(commit(fixture, next, withLeaves)).to.be.revertedWithCustomError(
        ledger,
        "EnforcedPause",
      );
    await expect(
      ledger.connect(fixture.verifier).attestBatch(made.batch, fixture.verifier, 1),
    ).to.be.revertedWithCustomError(ledger, "EnforcedPause");
    await time.increase(TERMS.challengeWindow + 1n);
    await ledger.finalize(made.batch);
    await ledger.connect(operator).releaseCollateral(await ledger.freeCollateralOf(operator));
    expect(await fixture.staking.collateralOf(operator, ledger)).to.equal(0n);
  });
});
