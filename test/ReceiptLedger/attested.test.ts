import { expect } from "chai";
import { Wallet } from "ethers";
import { batchId } from "../../sdk/inference-batch.ts";
import { approvalOf, attest, scriptRegistry } from "../fixtures/attested.ts";
import {
  answerDirectly,
  BATCH,
  collateralOf,
  commit,
  commitAnswers,
  FAULTS,
  makeBatch,
  openLedger,
  shown,
} from "../fixtures/ledger.ts";
import { loadFixture, time } from "../fixtures/network.ts";
import { opg } from "../fixtures/protocol.ts";

const ATTESTED = { receipt: { tier: 1n } };
const MAX_RECEIPT_AGE = 25n * 3_600n;

/** The ledger, and an enclave of the node's. */
async function attestedLedger() {
  const fixture = await openLedger();
  const scripted = { ...fixture, ...(await scriptRegistry(fixture)) };
  await scripted.registry.approveMeasurement(approvalOf());
  const measurementId = await scripted.registry.measurementIdOf(
    approvalOf().kind,
    approvalOf().registers,
  );
  const enclave = Wallet.createRandom();
  await attest(scripted, enclave);
  await time.increase(60);
  return { ...scripted, measurementId, enclave };
}

describe("ReceiptLedger: enclaves", () => {
  it("takes a batch that an enclave signed for itself, and no other key's", async () => {
    const fixture = await loadFixture(attestedLedger);
    const { ledger, enclave, registry, operator } = fixture;
    const made = await commitAnswers(fixture, [ATTESTED], { signer: enclave });
    await expect(ledger.challengeSignature(made.batch, shown(made)))
      .to.be.revertedWithCustomError(ledger, "ReceiptChallengesReceiptHolds")
      .withArgs(batchId(made.batch), 0);
    const foreign = Wallet.createRandom();
    await attest(fixture, foreign, { operator: fixture.keeper.address });
    const next = { signer: enclave, seq: 5n, ...ATTESTED };
    const stolen = await makeBatch(fixture, [await answerDirectly(fixture, next)], {
      signer: enclave,
      authority: foreign,
    });
    await expect(commit(fixture, stolen)).to.be.revertedWithCustomError(
      ledger,
      "ReceiptLedgerNotSigned",
    );
    const theirs = await makeBatch(
      fixture,
      [await answerDirectly(fixture, { ...next, signer: foreign })],
      { signer: foreign },
    );
    await expect(commit(fixture, theirs)).to.be.revertedWithCustomError(
      ledger,
      "ReceiptLedgerNotSigned",
    );
    // The node itself can still commit what an enclave signed that is over.
    const kept = await answerDirectly(fixture, next);
    await registry.connect(operator).retire(enclave);
    const byEnclave = await makeBatch(fixture, [kept], { signer: enclave });
    await expect(commit(fixture, byEnclave)).to.be.revertedWithCustomError(
      ledger,
      "ReceiptLedgerNotSigned",
    );
    const byNode = await makeBatch(fixture, [kept], {
      signer: enclave,
      authority: fixture.nodeSigner,
    });
    await commit(fixture, byNode);
    await expect(
      ledger.challengeSignature(byNode.batch, shown(byNode)),
    ).to.be.revertedWithCustomError(ledger, "ReceiptChallengesReceiptHolds");
  });

  it("convicts of a receipt from before or after the key counted, or of other code's model", async () => {
    const fixture = await loadFixture(attestedLedger);
    const { ledger, enclave, registry, operator } = fixture;
    const now = BigInt(await time.latest());
    const early = { tier: 1n, startedAt: now - 9_000n, completedAt: now - 9_000n };
    const made = await commitAnswers(fixture, [{ receipt: early }], { signer: enclave });
    await expect(ledger.challengeSignature(made.batch, shown(made)))
      .to.emit(ledger, "BatchRejected")
      .withArgs(batchId(made.batch), operator, FAULTS.Signature, fixture.governor);
    await registry.connect(operator).retire(enclave);
    await time.increase(10);
    const late = await commitAnswers(fixture, [{ ...ATTESTED, signer: enclave }], {
      signer: enclave,
      authority: fixture.nodeSigner,
    });
    await expect(ledger.challengeSignature(late.batch, shown(late)))
      .to.emit(ledger, "BatchRejected")
      .withArgs(batchId(late.batch), operator, FAULTS.Signature, fixture.governor);
  });

  it("convicts of a receipt that was too old when it was committed, by a second", async () => {
    for (const tooOld of [0n, 1n]) {
      const fixture = await loadFixture(attestedLedger);
      const { ledger, enclave } = fixture;
      const answer = await answerDirectly(fixture, { ...ATTESTED, seq: 0n, signer: enclave });
      const made = await makeBatch(fixture, [answer], { signer: enclave });
      await time.setNextBlockTimestamp(answer.receipt.completedAt + MAX_RECEIPT_AGE + tooOld);
      await commit(fixture, made);
      const challenging = ledger.challengeSignature(made.batch, shown(made));
      if (tooOld === 1n) await expect(challenging).to.emit(ledger, "BatchRejected");
      else
        await expect(challenging).to.be.revertedWithCustomError(
          ledger,
          "ReceiptChallengesReceiptHolds",
        );
    }
  });

  for (const how of ["key", "code"] as const) {
    it(`ends a batch without a slash when its ${how} is voided later`, async () => {
      const fixture = await loadFixture(attestedLedger);
      const { ledger, enclave, registry, operator, staking, verifier, measurementId } = fixture;
      const made = await commitAnswers(fixture, [ATTESTED], { signer: enclave });
      const wrong = await commitAnswers(fixture, [{ ...ATTESTED, signature: "0x" }], {
        signer: enclave,
      });
      await ledger.connect(verifier).attestBatch(made.batch, verifier, opg(1));
      await ledger.connect(fixture.keeper).demand(made.batch, 0);
      const since = (await time.latest()) - 1_000;
      await (how === "key"
        ? registry.revoke(enclave)
        : registry.revokeMeasurement(measurementId, since));
      await expect(ledger.challengeSignature(made.batch, shown(made)))
        .to.emit(ledger, "BatchVoided")
        .withArgs(batchId(made.batch), operator);
      expect((await ledger.batchOf(batchId(made.batch))).status).to.equal(BATCH.Voided);
      expect(await ledger.freeCollateralOf(operator)).to.equal(collateralOf(made.batch));
      await ledger.settleAttestation(made.batch, verifier);
      expect(await ledger.freeCollateralOf(verifier)).to.equal(opg(1));
      await time.increase(1_000);
      await ledger.expireDemand(made.batch, 0);
      expect(await staking.slashableOf(operator)).to.equal(opg(10_000));
      await time.increase(10_000);
      for (const over of [
        () => ledger.finalize(made.batch),
        () => ledger.closeRejected(made.batch),
        () => ledger.challengeSignature(made.batch, shown(made)),
      ])
        await expect(over())
          .to.be.revertedWithCustomError(ledger, "ReceiptLedgerWrongStatus")
          .withArgs(batchId(made.batch), BATCH.Voided);
      // What is wrong for another reason still convicts, while it may be said.
      await expect(
        ledger.challengeSignature(wrong.batch, shown(wrong)),
      ).to.be.revertedWithCustomError(ledger, "ReceiptLedgerTooLate");
    });
  }

  it("convicts of a wrong signature, voided or not", async () => {
    const fixture = await loadFixture(attestedLedger);
    const { ledger, enclave, registry } = fixture;
    const made = await commitAnswers(fixture, [{ ...ATTESTED, signature: "0x" }], {
      signer: enclave,
    });
    await registry.revoke(enclave);
    await expect(ledger.challengeSignature(made.batch, shown(made))).to.emit(
      ledger,
      "BatchRejected",
    );
  });
});
