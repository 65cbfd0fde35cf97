import { randomInt } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { expect } from "chai";
import { treePath } from "../../sdk/receipt-tree.ts";
import { BATCH_STATUS } from "../../worker/verifier/chain/ledger-view.ts";
import { seededRandom } from "../../zkml/random.ts";
import { CheatingNode, type PublishedBatch } from "../fixtures/cheating-node.ts";
import { opg } from "../fixtures/protocol.ts";
import {
  verifiedLedger,
  type StartedVerifier,
  type VerifiedLedger,
} from "../fixtures/verified-ledger.ts";
import { until } from "../worker/jobs.ts";

/** Longer than a batch can be challenged. */
const WINDOW = 3_700;

const BATCHES = 8;

describe("verifier of an honest node", () => {
  let ledger: VerifiedLedger;
  let node: CheatingNode;
  let verifier: StartedVerifier;

  beforeEach(async () => {
    ledger = await verifiedLedger();
    node = new CheatingNode(ledger);
    await node.open();
    const { feeEscrow, receiptLedger, governor } = ledger;
    await feeEscrow.connect(governor).deposit(governor, opg(1_000));
    await feeEscrow.connect(governor).authorizeLocker(receiptLedger);
  });

  afterEach(async () => {
    await verifier.stop();
    await node.close();
    await ledger.close();
  });

  const statusOf = async ({ batchId }: PublishedBatch) =>
    (await ledger.receiptLedger.batchOf(batchId)).status;

  const ownStakeOf = async () => (await ledger.staking.poolOf(ledger.operator)).stake;

  /** Says all that could be said against a batch, true or not. Returns how much of it was taken for true. */
  const slander = async ({ batch, receipts, leaves }: PublishedBatch, index: number) => {
    const { receiptLedger, governor } = ledger;
    const found = receipts[index];
    if (found === undefined) throw new Error("no such receipt");
    const { receipt, signature, request, quote } = found;
    const shown = { receipt, signature, index, path: [...treePath(leaves, index)] };
    const lied = { ...shown, receipt: { ...receipt, fee: receipt.fee + 1n } };
    const as = receiptLedger.connect(governor);
    const challenges = [
      () => as.challengeSignature(batch, shown),
      () => as.challengeSignature(batch, lied),
      () => as.challengePolicy(batch, shown),
      () => as.challengeFee(batch, shown, request, quote),
      () => as.challengeFee(batch, shown, request, { ...quote, base: 1n }),
      () => as.challengeEquivocation(batch, shown, receipt, signature),
      () => as.challengeEquivocation(batch, shown, lied.receipt, signature),
      () => as.challengeProof(batch, shown, found.output ?? "0x", found.evidence ?? "0x"),
      () => as.challengeTotal(batch, [shown]),
      () => as.expireDemand(batch, index),
      () => as.expireProof(batch, shown),
      () => as.closeRejected(batch),
    ];
    let taken = 0;
    for (const challenge of challenges) {
      try {
        await challenge();
        taken += 1;
      } catch {
        // Refused, as it should be.
      }
    }
    return taken;
  };

  /** Demands a receipt, and its proof if there can be one; the node answers late. */
  const harass = async (published: PublishedBatch, index: number) => {
    const { receiptLedger, governor } = ledger;
    const { batch, receipts, leaves } = published;
    const found = receipts[index];
    if (found === undefined) throw new Error("no such receipt");
    await receiptLedger.connect(governor).demand(batch, index);
    const isProvable = found.input !== undefined;
    const { receipt, signature } = found;
    const shown = { receipt, signature, index, path: [...treePath(leaves, index)] };
    if (isProvable) await receiptLedger.connect(governor).demandProof(batch, shown);
    return async () => {
      await node.reveal(published, index);
      if (isProvable) await node.prove(published, index);
    };
  };

  const seed = Number(process.env.SEED ?? randomInt(1e6));

  it(`stands for its batches whatever others say, seed ${seed}`, async () => {
    const random = seededRandom(seed);
    const below = (end: number) => Math.floor(random() * end);
    const { feeEscrow, keeper, receiptLedger } = ledger;
    const stake = await ownStakeOf();
    const published: PublishedBatch[] = [];
    const owed: (() => Promise<void>)[] = [];
    verifier = await ledger.start("verifier");
    for (let i = 0; i < BATCHES; i++) {
      const tiers = ["Signed", "Optimistic", "Signed", "Proven"] as const;
      const count = 1 + below(4);
      const receipts = [];
      const tier = tiers[below(4)] ?? "Signed";
      for (let place = 0; place < count; place++) receipts.push(await node.answer({ tier }));
      const hasLeaves = below(2) === 0;
      const batch = await node.publish(receipts, { hasLeaves });
      published.push(batch);
      // Only counting fees is free to everybody, and comes to nothing.
      if (below(2) === 0) expect(await slander(batch, below(count))).to.be.at.most(1);
      if (below(2) === 0) owed.push(await harass(batch, below(count)));
      if (below(3) === 0) {
        await verifier.stop();
        verifier = await ledger.start("verifier");
      }
      if (below(3) === 0) await node.restart();
      await setTimeout(below(200));
    }
    for (const answer of owed.toSorted(() => random() - 0.5)) await answer();
    for (const { batchId } of published)
      await until(async () => (await verifier.actions.of(batchId))[0]?.state === "Open");
    await ledger.pass(WINDOW);
    for (const batch of published) {
      await until(async () => (await statusOf(batch)) === BATCH_STATUS.Final);
      await until(async () => (await verifier.batches.get(batch.batchId))?.state === "Final");
      await until(async () => (await receiptLedger.attestationOf(batch.batchId, keeper)) === 0n);
      const kinds = (await verifier.actions.of(batch.batchId)).map(({ kind }) => kind);
      expect(new Set(kinds)).to.deep.equal(
        new Set(["attestBatch", "finalize", "settleAttestation"]),
      );
    }
    expect(await ownStakeOf(), "the node's stake").to.equal(stake);
    expect((await feeEscrow.earningsOf(keeper)) > 0n, "the verifier's share").to.equal(true);
    expect(await attestationsSent(), "co-signed once each").to.equal(BATCHES);
  });

  const attestationsSent = async () => {
    const { receiptLedger } = ledger;
    return (await receiptLedger.queryFilter(receiptLedger.filters.BatchAttested())).length;
  };

  it("waits for a node that is down, and demands nothing of one that comes back", async () => {
    const nodes = { privateAddresses: true, patienceMs: 60_000, timeoutMs: 500 };
    verifier = await ledger.start("patient", { nodes });
    await node.close();
    const batch = await node.publish([await node.answer()], { hasLeaves: false });
    await until(async () => (await verifier.batches.get(batch.batchId))?.state === "Found");
    await setTimeout(1_000);
    expect(await verifier.actions.of(batch.batchId)).to.deep.equal([]);
    await node.restart();
    await until(async () => (await verifier.actions.of(batch.batchId))[0]?.state === "Open");
    expect((await verifier.batches.get(batch.batchId))?.state).to.equal("Sound");
  });

  it("spends no more than it may", async () => {
    const attestation = { weight: "10", mostAtOnce: "15", graceSeconds: 0 };
    verifier = await ledger.start("careful", {
      attestation,
      budget: { bonds: "1.5", demandsPerBatch: 2 },
    });
    const first = await node.publish([await node.answer({ tier: "Proven" })]);
    const second = await node.publish([await node.answer({ tier: "Proven" })]);
    const stateOf = async ({ batchId }: PublishedBatch, kind = "attestBatch") =>
      (await verifier.actions.of(batchId)).filter((it) => it.kind === kind).map((it) => it.state);
    await until(async () => (await stateOf(first)).concat(await stateOf(second)).includes("Open"));
    const lie = { hasLeaves: false, withheld: "all" } as const;
    const hidden = await node.publish([await node.answer(), await node.answer()], lie);
    await until(async () => (await stateOf(hidden, "demand")).includes("Open"));
    await setTimeout(1_000);
    const attested = [...(await stateOf(first)), ...(await stateOf(second))];
    expect(attested).to.have.members(["Open", "Wanted"]);
    expect(await stateOf(hidden, "demand")).to.have.members(["Open", "Wanted"]);
  });

  it("does not stand for what it cannot check", async () => {
    verifier = await ledger.start("ignorant", { models: [] });
    const batch = await node.publish([await node.answer({ tier: "Optimistic" })]);
    await until(async () => (await verifier.batches.get(batch.batchId))?.state === "Sound");
    expect((await verifier.batches.get(batch.batchId))?.reason).to.match(
      /cannot be computed again/,
    );
    expect(await verifier.actions.of(batch.batchId)).to.deep.equal([]);
  });
});
