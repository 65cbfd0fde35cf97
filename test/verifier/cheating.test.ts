import { writeFile } from "node:fs/promises";
import path from "node:path";
import { expect } from "chai";
import { getBytes, id } from "ethers";
import { z } from "zod";
import { batchedReceiptSchema } from "../../sdk/receipt-envelope.ts";
import type { ActionKind } from "../../worker/verifier/action-states.ts";
import { BATCH_STATUS } from "../../worker/verifier/chain/ledger-view.ts";
import { attest } from "../fixtures/attested.ts";
import {
  CheatingNode,
  otherBytes,
  strangersKey,
  type PublishedBatch,
} from "../fixtures/cheating-node.ts";
import {
  verifiedLedger,
  type StartedVerifier,
  type VerifiedLedger,
} from "../fixtures/verified-ledger.ts";
import { until } from "../worker/jobs.ts";

/** Longer than a batch can be challenged. */
const WINDOW = 3_700;

describe("verifier of a cheating node", () => {
  let ledger: VerifiedLedger;
  let node: CheatingNode;
  let verifier: StartedVerifier;

  before(async () => {
    ledger = await verifiedLedger();
    node = new CheatingNode(ledger);
    await node.open();
    verifier = await ledger.start("verifier");
  });

  after(async () => {
    await verifier.stop();
    await node.close();
    await ledger.close();
  });

  afterEach(() => {
    expect(verifier.warnings, "what the verifier could not do").to.deep.equal([]);
  });

  const statusOf = async ({ batchId }: PublishedBatch) =>
    (await ledger.receiptLedger.batchOf(batchId)).status;

  const actionsOf = async ({ batchId }: PublishedBatch) =>
    (await verifier.actions.of(batchId))
      .filter(({ state }) => state === "Done" || state === "Open")
      .map(({ kind, leaf }) => ({ kind, leaf }));

  /** Waits until the verifier has made a call about a receipt. */
  const called = (batch: PublishedBatch, kind: ActionKind, leaf: number) =>
    until(async () => (await actionsOf(batch)).some((it) => it.kind === kind && it.leaf === leaf));

  const moneyOf = async () => {
    const { staking, payer, stranger } = ledger;
    return {
      payer: await staking.proceedsOf(payer),
      verifier: await staking.proceedsOf(stranger),
    };
  };

  /** Expects that the node was convicted by exactly these calls, and who has what of it. */
  const expectConviction = async (
    batch: PublishedBatch,
    before: Awaited<ReturnType<typeof moneyOf>>,
    {
      convicted,
      calls,
    }: { readonly convicted: readonly number[]; readonly calls: readonly ActionKind[] },
  ) => {
    await until(async () => (await verifier.batches.get(batch.batchId))?.state === "Rejected");
    await until(async () => (await actionsOf(batch)).length >= calls.length);
    expect((await actionsOf(batch)).map(({ kind }) => kind)).to.have.members(calls);
    const paid = await moneyOf();
    const fees = convicted.reduce((sum, i) => sum + (batch.receipts[i]?.receipt.fee ?? 0n), 0n);
    expect(paid.payer - before.payer, "compensation").to.equal(fees);
    expect(paid.verifier > before.verifier, "reward").to.equal(true);
    expect(await statusOf(batch)).to.be.oneOf([BATCH_STATUS.Rejected, BATCH_STATUS.Closed]);
    const finalize = ledger.receiptLedger.finalize(batch.batch);
    await expect(finalize).to.be.revertedWithCustomError(
      ledger.receiptLedger,
      "ReceiptLedgerWrongStatus",
    );
  };

  it("convicts it of a receipt that another key signed", async () => {
    const before = await moneyOf();
    const good = await node.answer();
    const forged = await node.answer({ seq: good.receipt.seq + 1n, signer: strangersKey() });
    await node.answer();
    const batch = await node.publish([good, forged]);
    const calls = ["challengeSignature"] as const;
    await expectConviction(batch, before, { convicted: [1], calls });
  });

  it("convicts it of every receipt that harmed a payer, and of none that did not", async () => {
    const before = await moneyOf();
    const good = await node.answer();
    const overcharged = await node.answer({ receipt: { fee: 900n } });
    const dearer = await node.answer({ receipt: { fee: 1_000_000n } });
    const batch = await node.publish([good, overcharged, dearer]);
    const calls = ["challengeFee", "challengeFee"] as const;
    await expectConviction(batch, before, { convicted: [1, 2], calls });
    expect(await ledger.receiptLedger.isConvicted(batch.batchId, 0)).to.equal(false);
  });

  it("convicts it of a key that was never attested", async () => {
    const before = await moneyOf();
    const signer = strangersKey();
    const batch = await node.publish([await node.answer({ tier: "Attested", signer })]);
    const calls = ["challengeSignature"] as const;
    await expectConviction(batch, before, { convicted: [0], calls });
  });

  it("convicts it of a receipt that was put back to before its key was attested", async () => {
    const before = await moneyOf();
    const signer = strangersKey();
    await attest(ledger, signer);
    const { from } = await ledger.enclaveRegistry.enclave(signer);
    const times = { startedAt: from - 10n, completedAt: from - 10n };
    const honest = await node.answer({ tier: "Attested", signer });
    const late = await node.answer({ tier: "Attested", signer, receipt: times });
    const batch = await node.publish([honest, late]);
    const calls = ["challengeSignature"] as const;
    await expectConviction(batch, before, { convicted: [1], calls });
  });

  it("convicts it of a proof that does not hold", async () => {
    const before = await moneyOf();
    const right = await node.answer({ tier: "Proven" });
    // Of another request: well-formed, and not about this one.
    const wrong = await node.answer({ tier: "Proven", evidence: right.evidence ?? "" });
    const batch = await node.publish([right, wrong]);
    const calls = ["challengeProof"] as const;
    await expectConviction(batch, before, { convicted: [1], calls });
  });

  it("convicts it of two receipts with one number, of which a client has one", async () => {
    const before = await moneyOf();
    const given = await node.answer();
    const committed = await node.answer({ seq: given.receipt.seq });
    const batch = await node.publish([committed]);
    await until(async () => (await verifier.batches.get(batch.batchId))?.state === "Sound");
    const brought = JSON.stringify(z.encode(batchedReceiptSchema, given));
    await writeFile(path.join(ledger.folder, "evidence", "given.json"), brought);
    await until(async () => (await statusOf(batch)) === BATCH_STATUS.Rejected);
    await called(batch, "challengeEquivocation", 0);
    expect((await moneyOf()).payer - before.payer).to.equal(committed.receipt.fee);
  });

  it("convicts it of another answer to the same request", async () => {
    const before = await moneyOf();
    const nonce = id("the same");
    const first = await node.answer({ nonce });
    const second = await node.answer({ nonce, output: getBytes(id("another answer")) });
    const batch = await node.publish([first, second]);
    const calls = ["challengeEquivocation", "challengeEquivocation"] as const;
    await expectConviction(batch, before, { convicted: [0, 1], calls });
  });

  it("convicts it of usage that the model cannot have", async () => {
    const before = await moneyOf();
    const good = await node.answer({ tier: "Optimistic" });
    const padded = await node.answer({ tier: "Optimistic", receipt: { outputUnits: 13n } });
    const batch = await node.publish([good, padded]);
    const calls = ["challengeFee"] as const;
    await expectConviction(batch, before, { convicted: [1], calls });
  });

  it("condemns it for a total that is too low", async () => {
    const before = await moneyOf();
    const receipts = [await node.answer(), await node.answer(), await node.answer()];
    const total = receipts.reduce((sum, { receipt }) => sum + receipt.fee, 0n);
    const batch = await node.publish(receipts, { batch: { totalFee: total - 1n } });
    await until(async () => (await verifier.batches.get(batch.batchId))?.state === "Rejected");
    expect((await moneyOf()).verifier > before.verifier, "reward").to.equal(true);
    await called(batch, "challengeTotal", 0);
    // What no payer claims is slashed at the end.
    await ledger.pass(2 * WINDOW);
    await until(async () => (await statusOf(batch)) === BATCH_STATUS.Closed);
  });

  it("convicts it of another node's receipt", async () => {
    const before = await moneyOf();
    const good = await node.answer();
    const foreign = await node.answer({ receipt: { node: ledger.otherOperator.address } });
    const batch = await node.publish([good, foreign]);
    const calls = ["challengeSignature"] as const;
    await expectConviction(batch, before, { convicted: [1], calls });
  });

  it("convicts it of a batch without leaves, where the publisher wants them", async () => {
    const { receiptLedger, publisher, models } = ledger;
    await receiptLedger.connect(publisher).setDataPolicy(models.plain.modelId, true);
    await ledger.pass(WINDOW);
    const before = await moneyOf();
    const batch = await node.publish([await node.answer()], { hasLeaves: false });
    const calls = ["challengePolicy"] as const;
    await expectConviction(batch, before, { convicted: [0], calls });
    await receiptLedger.connect(publisher).setDataPolicy(models.plain.modelId, false);
  });

  it("condemns it for leaves that it shows to nobody", async () => {
    const before = await moneyOf();
    const lie = { hasLeaves: false, withheld: "all" } as const;
    const batch = await node.publish([await node.answer(), await node.answer()], lie);
    await until(async () => (await verifier.batches.get(batch.batchId))?.state === "Withheld");
    await called(batch, "demand", 0);
    await called(batch, "demand", 1);
    await ledger.pass(1_000);
    await called(batch, "expireDemand", 0);
    await until(async () => (await statusOf(batch)) === BATCH_STATUS.Rejected);
    expect((await moneyOf()).verifier > before.verifier, "reward").to.equal(true);
  });

  it("demands the one receipt that it hides, and convicts it of what it then shows", async () => {
    const before = await moneyOf();
    const good = await node.answer();
    const overcharged = await node.answer({ receipt: { fee: 900n } });
    const batch = await node.publish([good, overcharged], { withheld: [1] });
    await called(batch, "demand", 1);
    expect(await actionsOf(batch)).to.deep.equal([{ kind: "demand", leaf: 1 }]);
    await node.reveal(batch, 1);
    const calls = ["demand", "challengeFee"] as const;
    await expectConviction(batch, before, { convicted: [1], calls });
  });

  it("has it prove a wrong output, which it cannot", async () => {
    const before = await moneyOf();
    const good = await node.answer({ tier: "Optimistic" });
    const wrong = await node.answer({
      tier: "Optimistic",
      output: otherBytes(good.output ?? getBytes("0x")),
    });
    const batch = await node.publish([good, wrong]);
    await called(batch, "demandProof", 1);
    expect(await statusOf(batch)).to.equal(BATCH_STATUS.Committed);
    await ledger.pass(WINDOW);
    const calls = ["demandProof", "expireProof"] as const;
    await expectConviction(batch, before, { convicted: [1], calls });
  });

  it("does not hurry when another verifier is faster", async () => {
    const before = await moneyOf();
    await verifier.stop();
    const batch = await node.publish([await node.answer({ receipt: { fee: 900n } })]);
    const other = await ledger.start("other", { dataFolder: "data-of-another" });
    try {
      await until(async () => (await statusOf(batch)) === BATCH_STATUS.Rejected);
    } finally {
      await other.stop();
    }
    verifier = await ledger.start("verifier");
    await until(async () => (await verifier.batches.get(batch.batchId))?.state === "Rejected");
    const states = (await verifier.actions.of(batch.batchId)).map(({ state }) => state);
    expect(states).to.deep.equal(["Moot"]);
    expect((await moneyOf()).payer - before.payer).to.equal(900n);
  });
});
