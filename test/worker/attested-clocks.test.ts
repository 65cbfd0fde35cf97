import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { hexlify } from "ethers";
import pino from "pino";
import { decodeAttestedEvidence } from "../../sdk/receipt.ts";
import { readWorkerConfig } from "../../worker/config.ts";
import { WorkerEvents } from "../../worker/events.ts";
import { startWorker, type Worker } from "../../worker/worker.ts";
import { attestedNode, question, type AttestedNode } from "../fixtures/attested-node.ts";
import { ask } from "../fixtures/models.ts";
import { endOf } from "./jobs.ts";

const log = pino({ level: process.env.LOG_LEVEL ?? "silent" });

/** More than a certificate begins before its document, and far less than what a worker gives up at. */
const LAG_SECONDS = 10;

/** More than what passes between an attestation and the first question. */
const LEAD_SECONDS = 20;

describe("worker with an enclave whose clock is not the chain's", () => {
  let node: AttestedNode;

  beforeEach(async () => {
    node = await attestedNode();
    await node.approve(await node.measure());
  });

  afterEach(() => node.close());

  const now = () => Math.floor(Date.now() / 1_000);

  async function chainTime(): Promise<number> {
    return (await node.provider.getBlock("latest"))?.timestamp ?? 0;
  }

  /** Has a chain stand still until it is behind, and then go on. */
  async function holdBack(seconds: number): Promise<void> {
    const { provider } = node;
    await provider.send("evm_setIntervalMining", [0]);
    const stopped = await chainTime();
    await sleep((stopped + seconds - now()) * 1_000);
    await provider.send("evm_setNextBlockTimestamp", [(await chainTime()) + 1]);
    await provider.send("evm_mine", []);
    await provider.send("evm_setIntervalMining", [1_000]);
  }

  /** Starts a worker, asks it something, and tells how that went. */
  async function serve() {
    const events = new WorkerEvents();
    const attestations: string[] = [];
    events.on("transaction", ({ purpose, phase }) => {
      if (phase === "signed" && purpose !== "lock") attestations.push(purpose);
    });
    let key = "";
    events.on("enclave", (enclave) => (key = enclave.key));
    const config = await readWorkerConfig(await node.configure("worker"));
    let worker: Worker | undefined;
    try {
      worker = await startWorker(config, { log, events });
      const { published } = node;
      const asked = await ask(node, published, { tier: "Attested", input: question(), salt: 1 });
      expect(await endOf(worker.jobs, asked.requestId)).to.equal("Fulfilled");
      const job = await worker.jobs.get(asked.requestId);
      const said = decodeAttestedEvidence(hexlify(job?.answer?.evidence ?? new Uint8Array()));
      if (said === undefined) throw new Error("there is no receipt");
      const record = await node.enclaveRegistry.enclave(key);
      return { attestations, completedAt: said.statement.completedAt, record };
    } finally {
      await worker?.stop();
    }
  }

  it("attests one document and serves once although the chain lags behind", async () => {
    await holdBack(LAG_SECONDS);
    expect(now() - (await chainTime())).to.be.greaterThan(LAG_SECONDS - 5);
    const { attestations, completedAt, record } = await serve();
    expect(attestations).to.deep.equal(["attest", "fulfil"]);
    expect(completedAt).to.be.at.least(record.from);
    expect(await chainTime()).to.be.at.least(Number(completedAt));
  });

  it("answers only once its key counts by the enclave's clock where the chain runs ahead", async () => {
    await node.provider.send("evm_increaseTime", [LEAD_SECONDS]);
    await node.provider.send("evm_mine", []);
    const { attestations, completedAt, record } = await serve();
    expect(attestations).to.deep.equal(["attest", "fulfil"]);
    expect(completedAt).to.be.at.least(record.from);
    expect(now()).to.be.at.least(Number(record.from));
  });
});
