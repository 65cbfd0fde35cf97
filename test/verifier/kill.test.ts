import { expect } from "chai";
import { BATCH_STATUS } from "../../worker/verifier/chain/ledger-view.ts";
import { CheatingNode, type PublishedBatch } from "../fixtures/cheating-node.ts";
import {
  verifiedLedger,
  type StartedVerifier,
  type VerifiedLedger,
} from "../fixtures/verified-ledger.ts";
import { until } from "../worker/jobs.ts";
import { runUntilKilled } from "../worker/mortality.ts";

/** Longer than a batch can be challenged. */
const WINDOW = 3_700;

/** Everything that is journalled or sent on the way to a final batch, and to a conviction. */
const GOOD = [
  ...["Found", "Sound"],
  ...["attestBatch Sending", "attestBatch sent", "attestBatch mined", "attestBatch Open"],
];
const BAD = [
  "Challenged",
  ...["challengeFee Sending", "challengeFee sent", "challengeFee mined", "challengeFee Done"],
  "Rejected",
];

describe("verifier that is killed", () => {
  let ledger: VerifiedLedger;
  let node: CheatingNode;
  let verifier: StartedVerifier | undefined;

  before(async () => {
    ledger = await verifiedLedger();
    node = new CheatingNode(ledger);
    await node.open();
  });

  after(async () => {
    await verifier?.stop();
    await node.close();
    await ledger.close();
  });

  const statusOf = async ({ batchId }: PublishedBatch) =>
    (await ledger.receiptLedger.batchOf(batchId)).status;

  const sentBy = async () => {
    const { provider, stranger } = ledger;
    return provider.getTransactionCount(stranger.address);
  };

  /** Has a verifier die at each moment in turn, and goes on with its journal after the last. */
  const dieAtEach = async (moments: readonly string[]) => {
    const file = await ledger.configure("mortal");
    for (const moment of moments)
      expect(await runUntilKilled(file, moment, "mortal-verifier.ts"), moment).to.equal("SIGKILL");
    verifier = await ledger.start("mortal");
  };

  it("stands for a good batch once, and is paid for it", async () => {
    const before = await sentBy();
    const batch = await node.publish([await node.answer({ tier: "Proven" })]);
    await dieAtEach(GOOD);
    await ledger.pass(WINDOW);
    await until(async () => (await statusOf(batch)) === BATCH_STATUS.Final);
    await until(async () => (await ledger.feeEscrow.earningsOf(ledger.keeper)) > 0n);
    expect((await sentBy()) - before, "attestBatch, finalize, settleAttestation").to.equal(3);
    await verifier?.stop();
    verifier = undefined;
  });

  it("convicts the node of a bad batch once", async () => {
    const before = await sentBy();
    const batch = await node.publish([await node.answer({ receipt: { fee: 900n } })]);
    await dieAtEach(BAD);
    await until(async () => (await verifier?.batches.get(batch.batchId))?.state === "Rejected");
    expect(await statusOf(batch)).to.equal(BATCH_STATUS.Rejected);
    expect((await sentBy()) - before, "challengeFee").to.equal(1);
  });
});
