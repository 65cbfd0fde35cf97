import { expect } from "chai";
import pino from "pino";
import { readWorkerConfig } from "../../worker/config.ts";
import { askTwice } from "../../worker/testing/ask-twice.ts";
import { startWorker } from "../../worker/worker.ts";
import { directNode, type DirectNode } from "../fixtures/direct-node.ts";
import { until } from "./jobs.ts";
import { runUntilKilled } from "./mortality.ts";

/** Every moment in the life of answers and their batch after which the journal has to know what was going on, in order. */
const UNTIL_COMMITTED = [
  "charging",
  "answered",
  "Sealed",
  "Signed",
  "commit signed",
  "commit sent",
  "commit mined",
  "Committed",
] as const;

const WHEN_DEMANDED = [
  "demand Open",
  "reveal signed",
  "reveal sent",
  "reveal mined",
  "demand Answered",
] as const;

const AFTER_THE_WINDOW = ["finalize signed", "finalize sent", "finalize mined", "Final"] as const;

/** Of `BatchView`. */
const FINAL = 2n;

describe("node that is killed", () => {
  let node: DirectNode;

  before(async () => {
    node = await directNode();
  });

  after(() => node.close());

  async function killAt(configuration: string, moments: readonly string[]) {
    for (const moment of moments)
      expect(await runUntilKilled(configuration, moment, "mortal-node.ts"), moment).to.equal(
        "SIGKILL",
      );
  }

  it("loses no receipt and doubles none, whenever it was killed", async () => {
    const { receiptLedger, keeper, provider, nodeSigner, operator } = node;
    const { filters } = receiptLedger;
    const configuration = await node.configureTensors("mortal");
    const sentBefore = await provider.getTransactionCount(nodeSigner.address);

    await killAt(configuration, UNTIL_COMMITTED);
    const [committed, ...more] = await receiptLedger.queryFilter(filters.BatchCommitted());
    expect(more).to.have.length(0);
    if (committed === undefined) throw new Error("nothing was committed");
    const { batchId } = committed.args;
    const { node: owner, signer, root, firstSeq, count, totalFee } = committed.args.batch;
    const { completedAt, dataHash } = committed.args.batch;
    const members = { node: owner, signer, root, firstSeq, count, totalFee };
    const batch = { ...members, completedAt, dataHash };
    await (await receiptLedger.connect(keeper).demand(batch, 1)).wait();
    await killAt(configuration, WHEN_DEMANDED);
    await node.pass(4_000);
    await killAt(configuration, AFTER_THE_WINDOW);

    const log = pino({ level: "silent" });
    const worker = await startWorker(await readWorkerConfig(configuration), { log });
    try {
      const answers = await askTwice(worker.direct);
      expect(answers.map(({ isRepeated }) => isRepeated)).to.deep.equal([true, true]);
      expect(answers.map(({ record }) => record.receipt.seq)).to.deep.equal([0n, 1n]);
      const { database } = worker.direct;
      const { rows } = await database.query("SELECT DISTINCT request_id FROM test_charges");
      const all = await database.query("SELECT request_id FROM test_charges");
      expect([rows.length, all.rows.length]).to.deep.equal([2, 2]);
    } finally {
      await worker.stop();
    }
    await until(async () => (await receiptLedger.batchOf(batchId)).status === FINAL);
    const revealed = await receiptLedger.queryFilter(filters.ReceiptRevealed(batchId));
    const finalized = await receiptLedger.queryFilter(filters.BatchFinalized(batchId));
    expect([revealed.length, finalized.length]).to.deep.equal([1, 1]);
    // One transaction each to commit, to reveal and to finalise.
    expect(await provider.getTransactionCount(nodeSigner.address)).to.equal(sentBefore + 3);
    expect(await receiptLedger.nextSeqOf(operator, nodeSigner)).to.equal(2n);
  });
});
