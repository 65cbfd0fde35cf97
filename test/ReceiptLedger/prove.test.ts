import { expect } from "chai";
import { concat, keccak256, ZeroHash } from "ethers";
import { directRequestId, type DirectRequest } from "../../sdk/direct-request.ts";
import { batchId } from "../../sdk/inference-batch.ts";
import { PROOF_KINDS } from "../../sdk/proof-kinds.ts";
import { at } from "../../zkml/arrays.ts";
import {
  answerDirectly,
  BATCH,
  commit,
  commitAnswers,
  FAULTS,
  makeBatch,
  openLedger,
  passDeadline,
  shown,
  TERMS,
  type AnswerOptions,
} from "../fixtures/ledger.ts";
import { answer, INPUT, publish, tinyModel } from "../fixtures/models.ts";
import { loadFixture, time } from "../fixtures/network.ts";

const PROVEN = 3n;
const OPTIMISTIC = 2n;
const UNITS = { inputUnits: 12n, outputUnits: 12n };

/** The ledger with a model that can be proved. */
async function provingLedger() {
  const fixture = await openLedger();
  const published = await publish(fixture, await tinyModel(), { tiers: ["Proven", "Optimistic"] });
  return { ...fixture, modelId: published.modelId, published };
}

type Proving = Awaited<ReturnType<typeof provingLedger>>;

/** Runs and proves the model for a direct request, as the node. */
async function prove(fixture: Proving, request: DirectRequest) {
  const { settlement, published, operator } = fixture;
  return answer(fixture, published, {
    requestId: directRequestId(settlement, request),
    input: INPUT,
    node: operator.address,
    market: settlement.settledBy,
  });
}

/** Commits one answer of a tier that is what the model says, but for what is bent. */
async function commitProved(
  fixture: Proving,
  tier: bigint,
  { receipt, ...bent }: AnswerOptions = {},
) {
  const seq = await fixture.ledger.nextSeqOf(fixture.operator, fixture.nodeSigner);
  const options = { seq, ...bent, request: { inputHash: keccak256(INPUT) } };
  const { request } = await answerDirectly(fixture, { ...options, receipt: { tier } });
  const { output, evidence } = await prove(fixture, request);
  const hashes = { outputHash: keccak256(output), evidenceHash: keccak256(evidence) };
  const fee = 10n ** 18n + 12n * 3n * 10n ** 17n;
  const made = await makeBatch(fixture, [
    await answerDirectly(fixture, {
      ...options,
      receipt: { tier, ...hashes, ...UNITS, fee, ...receipt },
    }),
  ]);
  await commit(fixture, made);
  return { made, output, evidence };
}

describe("ReceiptLedger: proofs", () => {
  it("convicts of evidence that proves nothing, and of none that does", async () => {
    const fixture = await loadFixture(provingLedger);
    const { ledger, operator } = fixture;
    const { made, output, evidence } = await commitProved(fixture, PROVEN);
    await expect(ledger.challengeProof(made.batch, shown(made), output, evidence))
      .to.be.revertedWithCustomError(ledger, "ReceiptChallengesReceiptHolds")
      .withArgs(batchId(made.batch), 0);
    await expect(
      ledger.challengeProof(made.batch, shown(made), "0x00", evidence),
    ).to.be.revertedWithCustomError(ledger, "ReceiptChallengesOtherData");
    await expect(
      ledger.challengeProof(made.batch, shown(made), output, `${evidence}00`),
    ).to.be.revertedWithCustomError(ledger, "ReceiptChallengesOtherData");

    const wrong = "0x000000000000000000000000";
    const lying = await commitProved(fixture, PROVEN, {
      receipt: { outputHash: keccak256(wrong) },
    });
    await expect(ledger.challengeProof(lying.made.batch, shown(lying.made), wrong, lying.evidence))
      .to.emit(ledger, "BatchRejected")
      .withArgs(batchId(lying.made.batch), operator, FAULTS.Proof, fixture.governor);
  });

  it("does not starve the verifier of gas to convict", async () => {
    const fixture = await loadFixture(provingLedger);
    const { ledger } = fixture;
    const { made, output, evidence } = await commitProved(fixture, PROVEN);
    for (const gasLimit of [400_000, 1_000_000, 8_000_000])
      await expect(
        ledger.challengeProof(made.batch, shown(made), output, evidence, { gasLimit }),
      ).to.be.revertedWithCustomError(ledger, "ReceiptChallengesGasTooLow");
    expect((await ledger.batchOf(batchId(made.batch))).status).to.equal(BATCH.Committed);
  });

  it("does not convict of evidence that no verifier reads; a demand for a proof does", async () => {
    const fixture = await loadFixture(provingLedger);
    const { ledger, verifierRouter, keeper, operator } = fixture;
    const junk = "0x12345678abcd";
    const made = await commitAnswers(fixture, [
      { receipt: { tier: PROVEN, evidenceHash: keccak256(junk), outputHash: keccak256("0x01") } },
    ]);
    await expect(ledger.challengeProof(made.batch, shown(made), "0x01", junk))
      .to.be.revertedWithCustomError(verifierRouter, "VerifierRouterNoRoute")
      .withArgs("0x12345678");
    const honest = await commitProved(fixture, PROVEN);
    await verifierRouter.closeRoute(PROOF_KINDS.provenGroth16V1);
    const { output, evidence } = honest;
    await expect(
      ledger.challengeProof(honest.made.batch, shown(honest.made), output, evidence),
    ).to.be.revertedWithCustomError(verifierRouter, "VerifierRouterNoRoute");

    await ledger.connect(keeper).demandProof(made.batch, shown(made));
    await time.increase(TERMS.proveWindow + 1n);
    await expect(ledger.expireProof(made.batch, shown(made)))
      .to.emit(ledger, "BatchRejected")
      .withArgs(batchId(made.batch), operator, FAULTS.Unproved, keeper);
  });

  it("hears of no proof in other tiers", async () => {
    const fixture = await loadFixture(openLedger);
    const { ledger, keeper } = fixture;
    const made = await commitAnswers(fixture);
    await expect(ledger.challengeProof(made.batch, shown(made), "0x", "0x"))
      .to.be.revertedWithCustomError(ledger, "ReceiptChallengesWrongTier")
      .withArgs(0);
    await expect(ledger.connect(keeper).demandProof(made.batch, shown(made)))
      .to.be.revertedWithCustomError(ledger, "ReceiptDemandsNotProvable")
      .withArgs(0);
  });

  it("lets an optimistic answer be proved for the bond, once", async () => {
    const fixture = await loadFixture(provingLedger);
    const { ledger, keeper, operator, feeEscrow } = fixture;
    const { made, output, evidence } = await commitProved(fixture, OPTIMISTIC);
    const id0 = batchId(made.batch);
    await expect(
      ledger.proveReceipt(made.batch, shown(made), output, evidence),
    ).to.be.revertedWithCustomError(ledger, "ReceiptDemandsNotOpen");
    const { deadline } = await ledger.batchOf(id0);
    await time.setNextBlockTimestamp(deadline);
    await ledger.connect(keeper).demandProof(made.batch, shown(made));
    await expect(
      ledger.connect(keeper).demandProof(made.batch, shown(made)),
    ).to.be.revertedWithCustomError(ledger, "ReceiptLedgerTooLate");
    await expect(ledger.finalize(made.batch)).to.be.revertedWithCustomError(
      ledger,
      "ReceiptLedgerDemandsOpen",
    );
    await expect(
      ledger.proveReceipt(made.batch, shown(made), "0x00", evidence),
    ).to.be.revertedWithCustomError(ledger, "ReceiptDemandsOtherOutput");
    const forged = concat([evidence.slice(0, 10), `0x${"00".repeat(evidence.length / 2 - 5)}`]);
    await expect(
      ledger.proveReceipt(made.batch, shown(made), output, forged),
    ).to.be.revertedWithCustomError(fixture.provenVerifier, "ProvenVerifierWrongModel");
    await time.setNextBlockTimestamp(deadline + TERMS.proveWindow);
    await ledger.proveReceipt(made.batch, shown(made), output, evidence);
    expect(await feeEscrow.earningsOf(operator)).to.equal(TERMS.proofBond);
    await expect(
      ledger.proveReceipt(made.batch, shown(made), output, evidence),
    ).to.be.revertedWithCustomError(ledger, "ReceiptDemandsNotOpen");
    await ledger.finalize(made.batch);
  });

  it("convicts of an optimistic answer that is not proved in time", async () => {
    const fixture = await loadFixture(provingLedger);
    const { ledger, keeper, operator, payer, staking, feeEscrow } = fixture;
    const { made, output, evidence } = await commitProved(fixture, OPTIMISTIC, {
      receipt: { outputHash: ZeroHash },
    });
    const balance = await feeEscrow.balanceOf(keeper);
    await ledger.connect(keeper).demandProof(made.batch, shown(made));
    const { deadline } = await ledger.proofDemandOf(batchId(made.batch), 0);
    await expect(
      ledger.proveReceipt(made.batch, shown(made), output, evidence),
    ).to.be.revertedWithCustomError(ledger, "ReceiptDemandsOtherOutput");
    await time.setNextBlockTimestamp(deadline);
    await expect(ledger.expireProof(made.batch, shown(made))).to.be.revertedWithCustomError(
      ledger,
      "ReceiptLedgerTooEarly",
    );
    await time.setNextBlockTimestamp(deadline + 1n);
    await expect(ledger.expireProof(made.batch, shown(made)))
      .to.emit(ledger, "ReceiptConvicted")
      .and.to.emit(ledger, "BatchRejected")
      .withArgs(batchId(made.batch), operator, FAULTS.Unproved, keeper);
    expect(await feeEscrow.balanceOf(keeper)).to.equal(balance);
    expect(await staking.proceedsOf(payer)).to.equal(at(made.answers, 0).receipt.fee);
    await expect(ledger.expireProof(made.batch, shown(made))).to.be.revertedWithCustomError(
      ledger,
      "ReceiptDemandsNotOpen",
    );
  });

  it("convicts once of a receipt that was convicted meanwhile, and gives the bond back", async () => {
    const fixture = await loadFixture(provingLedger);
    const { ledger, keeper, feeEscrow, staking, operator } = fixture;
    const { made } = await commitProved(fixture, OPTIMISTIC, { signature: "0x" });
    const balance = await feeEscrow.balanceOf(keeper);
    await ledger.connect(keeper).demandProof(made.batch, shown(made));
    await ledger.challengeSignature(made.batch, shown(made));
    const held = await staking.collateralOf(operator, ledger);
    await passDeadline();
    await time.increase(TERMS.proveWindow);
    await ledger.expireProof(made.batch, shown(made));
    expect(await staking.collateralOf(operator, ledger)).to.equal(held);
    expect(await feeEscrow.balanceOf(keeper)).to.equal(balance);
    await ledger.closeRejected(made.batch);
  });

  it("holds units to whole inferences of a model with a key", async () => {
    for (const units of [
      { inputUnits: 24n, outputUnits: 24n },
      { inputUnits: 0n, outputUnits: 0n },
      { inputUnits: 12n, outputUnits: 13n },
      { inputUnits: 13n, outputUnits: 12n },
    ]) {
      const fixture = await loadFixture(provingLedger);
      const fee = 10n ** 18n + units.inputUnits * 10n ** 17n + units.outputUnits * 2n * 10n ** 17n;
      const { made } = await commitProved(fixture, PROVEN, { receipt: { ...units, fee } });
      const { request, quote } = at(made.answers, 0);
      await expect(fixture.ledger.challengeFee(made.batch, shown(made), request, quote))
        .to.emit(fixture.ledger, "BatchRejected")
        .withArgs(batchId(made.batch), fixture.operator, FAULTS.Fee, fixture.governor);
    }
    const fixture = await loadFixture(provingLedger);
    const { made } = await commitProved(fixture, PROVEN);
    const { request, quote } = at(made.answers, 0);
    await expect(
      fixture.ledger.challengeFee(made.batch, shown(made), request, quote),
    ).to.be.revertedWithCustomError(fixture.ledger, "ReceiptChallengesReceiptHolds");
  });
});
