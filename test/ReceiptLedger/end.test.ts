import { expect } from "chai";
import { id, ZeroHash } from "ethers";
import { batchHead, batchId } from "../../sdk/inference-batch.ts";
import { roleSet } from "../../sdk/tiers.ts";
import { at } from "../../zkml/arrays.ts";
import {
  BATCH,
  CLAIM_WINDOW,
  collateralOf,
  commitAnswers,
  openLedger,
  passDeadline,
  potOf,
  shown,
  TERMS,
} from "../fixtures/ledger.ts";
import { loadFixture, time } from "../fixtures/network.ts";
import { opg } from "../fixtures/protocol.ts";

describe("ReceiptLedger: attest", () => {
  it("pays verifiers their share of the pot, and the node the rest", async () => {
    const fixture = await loadFixture(openLedger);
    const { ledger, verifier, operator, feeEscrow, staking } = fixture;
    const before = await feeEscrow.balanceOf(operator);
    const { batch } = await commitAnswers(fixture, [{}, {}, {}]);
    const weight = collateralOf(batch) / 4n;
    await expect(ledger.connect(verifier).attestBatch(batch, verifier, weight))
      .to.emit(ledger, "BatchAttested")
      .withArgs(batchId(batch), verifier, weight);
    expect(await staking.collateralOf(verifier, ledger)).to.equal(weight);
    expect(await ledger.attestationOf(batchId(batch), verifier)).to.equal(weight);
    await expect(ledger.settleAttestation(batch, verifier))
      .to.be.revertedWithCustomError(ledger, "ReceiptLedgerWrongStatus")
      .withArgs(batchId(batch), BATCH.Committed);
    await passDeadline();
    await ledger.finalize(batch);
    const share = potOf(batch) / 4n;
    expect(await feeEscrow.balanceOf(operator)).to.equal(before - share);
    await expect(ledger.settleAttestation(batch, verifier))
      .to.emit(ledger, "AttestationSettled")
      .withArgs(batchId(batch), verifier, share, 0);
    expect(await feeEscrow.earningsOf(verifier)).to.equal(share);
    expect((await feeEscrow.lockOf(ledger, batchId(batch))).payer).to.match(/^0x0+$/);
    expect(await ledger.freeCollateralOf(verifier)).to.equal(weight);
    await expect(ledger.settleAttestation(batch, verifier))
      .to.be.revertedWithCustomError(ledger, "ReceiptLedgerNotAttested")
      .withArgs(batchId(batch), verifier);
  });

  it("counts weight up to the quorum; shares of any sizes add up to the pot", async () => {
    const fixture = await loadFixture(openLedger);
    const { ledger, verifier, keeper, nodeRegistry, feeEscrow, operator } = fixture;
    const roles = roleSet("Verifier");
    await nodeRegistry
      .connect(keeper)
      .register({ roles, signer: keeper, endpoint: "" }, opg(9_000));
    const before = await feeEscrow.balanceOf(operator);
    const { batch } = await commitAnswers(fixture, [{ quote: { base: 1_000_003n } }]);
    const first = collateralOf(batch) / 3n;
    await ledger.connect(verifier).attestBatch(batch, verifier, first);
    const rest = collateralOf(batch) - first;
    await expect(ledger.connect(keeper).attestBatch(batch, keeper, 2n ** 96n - 1n))
      .to.emit(ledger, "BatchAttested")
      .withArgs(batchId(batch), keeper, rest);
    const { publisher, nodeSigner } = fixture;
    await nodeRegistry
      .connect(publisher)
      .register({ roles, signer: publisher, endpoint: "" }, opg(1_000));
    await expect(ledger.connect(publisher).attestBatch(batch, publisher, 5))
      .to.be.revertedWithCustomError(ledger, "ReceiptLedgerNoWeight")
      .withArgs(batchId(batch), 5, 0);
    await passDeadline();
    await ledger.connect(nodeSigner).finalize(batch);
    await ledger.settleAttestation(batch, keeper);
    await ledger.settleAttestation(batch, verifier);
    const earned = [await feeEscrow.earningsOf(keeper), await feeEscrow.earningsOf(verifier)];
    expect(at(earned, 0) + at(earned, 1)).to.equal(potOf(batch));
    expect((await feeEscrow.lockOf(ledger, batchId(batch))).amount).to.equal(0n);
    expect(await feeEscrow.balanceOf(operator)).to.equal(before - potOf(batch));
  });

  it("is for verifiers, of others' batches, once, in time, with something", async () => {
    const fixture = await loadFixture(openLedger);
    const { ledger, verifier, operator, nodeRegistry, nodeSigner, stranger, staking } = fixture;
    const { batch } = await commitAnswers(fixture);
    const as = ledger.connect(verifier);
    await expect(ledger.connect(stranger).attestBatch(batch, verifier, 1))
      .to.be.revertedWithCustomError(nodeRegistry, "NodeRegistryNotSigner")
      .withArgs(verifier, stranger);
    await expect(ledger.connect(operator).attestBatch(batch, operator, 1))
      .to.be.revertedWithCustomError(nodeRegistry, "NodeRegistryRoleMissing")
      .withArgs(operator, 1);
    const both = { roles: roleSet("Inference", "Verifier"), signer: nodeSigner, endpoint: "" };
    await nodeRegistry.connect(operator).update(both);
    await expect(ledger.connect(operator).attestBatch(batch, operator, 1))
      .to.be.revertedWithCustomError(ledger, "ReceiptLedgerOwnBatch")
      .withArgs(batchId(batch), operator);
    await expect(as.attestBatch(batch, verifier, 0)).to.be.revertedWithCustomError(
      ledger,
      "ReceiptLedgerNoWeight",
    );
    await as.attestBatch(batch, verifier, 1);
    await expect(as.attestBatch(batch, verifier, 1))
      .to.be.revertedWithCustomError(ledger, "ReceiptLedgerAttestedBefore")
      .withArgs(batchId(batch), verifier);
    const rich = await commitAnswers(fixture, [
      { quote: { base: opg(1_000) }, receipt: { fee: opg(1_000) } },
    ]);
    await staking.connect(verifier).beginUnstake(verifier, opg(9_999));
    await expect(as.attestBatch(rich.batch, verifier, opg(1_000))).to.be.revertedWithCustomError(
      staking,
      "StakingInsufficientStake",
    );
    await passDeadline();
    await expect(as.attestBatch(batch, verifier, 1)).to.be.revertedWithCustomError(
      ledger,
      "ReceiptLedgerTooLate",
    );
  });

  it("costs verifiers their weight when the batch is rejected, also after it was closed", async () => {
    const fixture = await loadFixture(openLedger);
    const { ledger, verifier, keeper, nodeRegistry, staking } = fixture;
    const roles = roleSet("Verifier");
    await nodeRegistry
      .connect(keeper)
      .register({ roles, signer: keeper, endpoint: "" }, opg(9_000));
    const made = await commitAnswers(fixture, [{ signature: "0x" }]);
    await ledger.connect(verifier).attestBatch(made.batch, verifier, opg(3));
    await ledger.connect(keeper).attestBatch(made.batch, keeper, opg(2));
    await ledger.challengeSignature(made.batch, shown(made));
    const reporter = fixture.stranger;
    await expect(ledger.connect(reporter).settleAttestation(made.batch, verifier))
      .to.emit(ledger, "AttestationSettled")
      .withArgs(batchId(made.batch), verifier, 0, opg(3));
    expect(await staking.proceedsOf(reporter)).to.equal(opg("0.3"));
    expect(await staking.collateralOf(verifier, ledger)).to.equal(0n);
    await passDeadline();
    await time.increase(TERMS.proveWindow);
    await ledger.closeRejected(made.batch);
    await ledger.settleAttestation(made.batch, keeper);
    expect(await staking.collateralOf(keeper, ledger)).to.equal(0n);
  });

  it("is only given back when it is too late for a slash", async () => {
    const fixture = await loadFixture(openLedger);
    const { ledger, verifier, staking } = fixture;
    const made = await commitAnswers(fixture, [{ signature: "0x" }]);
    await ledger.connect(verifier).attestBatch(made.batch, verifier, opg(3));
    await ledger.challengeSignature(made.batch, shown(made));
    const { deadline } = await ledger.batchOf(batchId(made.batch));
    await time.increaseTo(deadline + TERMS.proveWindow + CLAIM_WINDOW + 1n);
    await ledger.settleAttestation(made.batch, verifier);
    expect(await ledger.freeCollateralOf(verifier)).to.equal(opg(3));
    expect(await staking.collateralOf(verifier, ledger)).to.equal(opg(3));
  });
});

describe("ReceiptLedger: end", () => {
  it("is final after the window, for good, and the collateral is free", async () => {
    const fixture = await loadFixture(openLedger);
    const { ledger, operator, stranger, feeEscrow } = fixture;
    const before = await feeEscrow.balanceOf(operator);
    const made = await commitAnswers(fixture);
    const { deadline } = await ledger.batchOf(batchId(made.batch));
    await time.setNextBlockTimestamp(deadline);
    await expect(ledger.connect(stranger).finalize(made.batch))
      .to.be.revertedWithCustomError(ledger, "ReceiptLedgerTooEarly")
      .withArgs(batchId(made.batch), deadline, deadline);
    await time.setNextBlockTimestamp(deadline + 1n);
    await expect(ledger.connect(stranger).finalize(made.batch))
      .to.emit(ledger, "BatchFinalized")
      .withArgs(batchId(made.batch), operator);
    expect(await ledger.freeCollateralOf(operator)).to.equal(collateralOf(made.batch));
    expect(await feeEscrow.balanceOf(operator)).to.equal(before);
    for (const again of [
      () => ledger.finalize(made.batch),
      () => ledger.challengeSignature(made.batch, shown(made)),
      () => ledger.demand(made.batch, 0),
      () => ledger.closeRejected(made.batch),
    ])
      await expect(again())
        .to.be.revertedWithCustomError(ledger, "ReceiptLedgerWrongStatus")
        .withArgs(batchId(made.batch), BATCH.Final);
    await ledger.connect(operator).releaseCollateral(collateralOf(made.batch));
    await expect(ledger.finalize({ ...made.batch, totalFee: 0n })).to.be.revertedWithCustomError(
      ledger,
      "ReceiptLedgerUnknown",
    );
  });

  it("moves a busy node's stake once", async () => {
    const fixture = await loadFixture(openLedger);
    const { ledger, operator, staking } = fixture;
    const made = await commitAnswers(fixture);
    await passDeadline();
    await ledger.finalize(made.batch);
    const next = await commitAnswers(fixture);
    expect(await ledger.freeCollateralOf(operator)).to.equal(0n);
    expect(await staking.collateralOf(operator, ledger)).to.equal(collateralOf(next.batch));
    await expect(ledger.connect(operator).releaseCollateral(1))
      .to.be.revertedWithCustomError(ledger, "CollateralAllotmentsInUse")
      .withArgs(operator, 0, 1);
  });

  it("shows any receipt of a final batch, and nothing else", async () => {
    const fixture = await loadFixture(openLedger);
    const { ledger } = fixture;
    for (const count of [1, 3, 4]) {
      const made = await commitAnswers(
        fixture,
        Array.from({ length: count }, () => ({})),
      );
      const head = batchHead(made.batch);
      const { receipt, signature, path, index } = shown(made, count - 1);
      const leaf = at(made.leaves, index);
      const verifying = () => ledger.verifyReceipt(receipt, signature, head, index, path);
      expect(await ledger.isSettled(head, leaf, index, path)).to.equal(false);
      await expect(verifying())
        .to.be.revertedWithCustomError(ledger, "ReceiptLedgerWrongStatus")
        .withArgs(batchId(made.batch), BATCH.Committed);
      await passDeadline();
      await ledger.finalize(made.batch);
      expect(await ledger.isSettled(head, leaf, index, path)).to.equal(true);
      await verifying();
      for (const [otherHead, otherLeaf, otherIndex, otherPath] of [
        [ZeroHash, leaf, index, path],
        [head, ZeroHash, index, path],
        [head, leaf, count, path],
        [head, leaf, BigInt(index) + 2n ** 32n, path],
        [head, made.batch.root, 0, count === 1 ? [ZeroHash] : []],
      ] as const)
        expect(await ledger.isSettled(otherHead, otherLeaf, otherIndex, [...otherPath])).to.equal(
          false,
        );
      await expect(
        ledger.verifyReceipt({ ...receipt, outputHash: id("x") }, signature, head, index, path),
      ).to.be.revertedWithCustomError(ledger, "ReceiptLedgerNotInBatch");
      await expect(
        ledger.verifyReceipt(receipt, `${signature}00`, head, index, path),
      ).to.be.revertedWithCustomError(ledger, "ReceiptLedgerNotInBatch");
    }
  });
});

describe("ReceiptLedger: terms", () => {
  it("are governance's, and apply to what comes", async () => {
    const fixture = await loadFixture(openLedger);
    const { ledger, stranger } = fixture;
    const old = await commitAnswers(fixture);
    const terms = { ...TERMS, challengeWindow: 6_000n };
    await expect(ledger.connect(stranger).setTerms(terms)).to.be.revertedWithCustomError(
      ledger,
      "AccessManagedUnauthorized",
    );
    await expect(ledger.setTerms(terms)).to.emit(ledger, "LedgerTermsChanged");
    expect((await ledger.currentTerms()).version).to.equal(2n);
    expect((await ledger.termsOf(1)).challengeWindow).to.equal(TERMS.challengeWindow);
    const made = await commitAnswers(fixture);
    const { deadline, termsVersion } = await ledger.batchOf(batchId(made.batch));
    expect([deadline, termsVersion]).to.deep.equal([BigInt(await time.latest()) + 6_000n, 2n]);
    await passDeadline();
    await ledger.finalize(old.batch);
    await expect(ledger.finalize(made.batch)).to.be.revertedWithCustomError(
      ledger,
      "ReceiptLedgerTooEarly",
    );
  });

  it("have bounds", async () => {
    const { ledger } = await loadFixture(openLedger);
    for (const bad of [
      { challengeWindow: 3n * 86_400n + 1n },
      { responseWindow: 0n },
      { responseWindow: 1_201n },
      { proveWindow: 0n },
      { proveWindow: 86_401n },
      { collateralBps: 9_999n },
      { collateralBps: 50_001n },
      { verifierBps: 5_001n },
      { quorumBps: 0n },
      { quorumBps: 20_001n },
      { minCollateral: 0n },
      { demandBond: 0n },
      { proofBond: 0n },
    ])
      await expect(
        ledger.setTerms({ ...TERMS, ...bad }),
        JSON.stringify(Object.keys(bad)),
      ).to.be.revertedWithCustomError(ledger, "ReceiptLedgerBadTerms");
    await ledger.setTerms({ ...TERMS, challengeWindow: 3n * 86_400n, proveWindow: 86_400n });
  });

  it("end with the 255th version", async () => {
    const { ledger } = await loadFixture(openLedger);
    for (let version = 2; version <= 255; version++) await ledger.setTerms(TERMS);
    await expect(ledger.setTerms(TERMS))
      .to.be.revertedWithCustomError(ledger, "ReceiptLedgerTermsFull")
      .withArgs(255);
  });
});
