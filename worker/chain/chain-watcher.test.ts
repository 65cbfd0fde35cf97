import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { PGlite } from "@electric-sql/pglite";
import { expect } from "chai";
import { id, type Provider } from "ethers";
import pino from "pino";
import type { Deployment } from "../../sdk/deployment.ts";
import { WorkerEvents, type WorkerEventMap } from "../events.ts";
import { Answerers } from "../jobs/answerer.ts";
import { JobQueue } from "../jobs/job-queue.ts";
import { JobStore } from "../jobs/job-store.ts";
import type { FoundRequest } from "../jobs/job.ts";
import { openDatabase } from "../storage/database.ts";
import { ChainWatcher } from "./chain-watcher.ts";
import { CheckpointStore } from "./checkpoints.ts";
import { RequestReader } from "./request-reader.ts";
import { TransactionJournal } from "./transaction-journal.ts";

const log = pino({ level: "silent" });

/** A chain of empty blocks that changes its branch at a chosen moment: between two answers of its RPC node. */
class Chain {
  length = 5;
  /** Blocks from this one on are those of another branch. */
  forkedAt = Infinity;
  /** First block of another branch, from the next `getLogs` on. */
  forksAtLogs = Infinity;
  /** The same, from the next look at the newest block on. */
  forksAtNewest = Infinity;

  getBlockNumber() {
    return Promise.resolve(this.length - 1);
  }

  getBlock(number: number) {
    if (number === this.length - 1) this.forkedAt = Math.min(this.forkedAt, this.forksAtNewest);
    const branch = number >= this.forkedAt ? "new" : "old";
    return Promise.resolve(number < this.length ? { hash: id(`${branch} ${number}`) } : null);
  }

  getLogs() {
    this.forkedAt = Math.min(this.forkedAt, this.forksAtLogs);
    return Promise.resolve([]);
  }
}

describe("chain watcher", () => {
  let folder: string;
  let database: PGlite;
  let queue: JobQueue;
  let chain: Chain;
  let watcher: ChainWatcher<FoundRequest>;
  let checkpoints: CheckpointStore;
  let reorganisations: WorkerEventMap["reorganisation"][0][];

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "opg-watcher-"));
    database = await openDatabase(folder);
    queue = new JobQueue(database, log);
    await queue.start();
    chain = new Chain();
    checkpoints = new CheckpointStore(database);
    reorganisations = [];
    const events = new WorkerEvents().on("reorganisation", (it) => reorganisations.push(it));
    const provider = chain as unknown as Provider;
    const deployment = { addresses: { inferenceMarket: "0x" } } as Deployment;
    watcher = new ChainWatcher({
      provider,
      reader: new RequestReader({ provider, deployment, answerers: new Answerers([]), log }),
      checkpoints,
      jobs: new JobStore({
        database,
        queue,
        transactions: new TransactionJournal(database),
        events,
      }),
      events,
      log,
      startBlock: 0,
      confirmations: 1,
      pollingIntervalMs: 1,
      signal: new AbortController().signal,
    });
  });

  afterEach(async () => {
    await queue.stop();
    await database.close();
    await rm(folder, { recursive: true });
  });

  async function readOn() {
    while (await watcher.advance());
    return checkpoints.last();
  }

  it("goes back to the last block that is still in the chain", async () => {
    await readOn();
    chain.length = 7;
    await readOn();
    [chain.forkedAt, chain.length] = [6, 9];
    expect(await readOn()).to.deep.equal({ blockNumber: 8, blockHash: id("new 8") });
    expect(reorganisations).to.deep.equal([{ from: 6, to: 4 }]);
  });

  it("sees a reorganisation that comes between two answers of the RPC node", async () => {
    await readOn();
    chain.length = 7;
    chain.forksAtLogs = 3;
    expect(await readOn()).to.deep.equal({ blockNumber: 6, blockHash: id("new 6") });
    expect(reorganisations).to.deep.equal([{ from: 4, to: 0 }]);
  });

  it("sees one that comes right before the newest block is looked at", async () => {
    await readOn();
    chain.length = 7;
    chain.forksAtNewest = 3;
    expect(await readOn()).to.deep.equal({ blockNumber: 6, blockHash: id("new 6") });
    expect(reorganisations).to.deep.equal([{ from: 4, to: 0 }]);
  });
});
