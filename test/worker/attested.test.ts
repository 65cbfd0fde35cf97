import { execFileSync } from "node:child_process";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { hexlify, toUtf8String, ZeroAddress } from "ethers";
import pino from "pino";
import { decodeAttestedEvidence, encodeAttestedEvidence } from "../../sdk/receipt.ts";
import { TIERS } from "../../sdk/tiers.ts";
import { TrendReader__factory } from "../../typechain-types/index.js";
import { openEnclave } from "../../worker/attested/open-enclave.ts";
import { readWorkerConfig, type WorkerConfigFile } from "../../worker/config.ts";
import { WorkerEvents, type WorkerEventMap } from "../../worker/events.ts";
import { startWorker, type Worker } from "../../worker/worker.ts";
import { attestedNode, question, type AttestedNode } from "../fixtures/attested-node.ts";
import { expectCode } from "../fixtures/errors.ts";
import { ask, type RequestOptions } from "../fixtures/models.ts";
import { opg } from "../fixtures/protocol.ts";
import { endOf, until } from "./jobs.ts";
import { runUntilKilled } from "./mortality.ts";

const log = pino({ level: process.env.LOG_LEVEL ?? "silent" });

/** Every moment of a job's life after which the journal has to know what was going on, in order. */
const JOB_MOMENTS = [
  "Found",
  "lock signed",
  "lock mined",
  "Locked",
  "Answered",
  "fulfil signed",
  "fulfil sent",
  "fulfil mined",
] as const;

describe("worker with an enclave", () => {
  let node: AttestedNode;
  let worker: Worker | undefined;
  let workers = 0;
  let salt = 0;

  before(async () => {
    node = await attestedNode();
  });

  afterEach(async () => {
    await worker?.stop();
    worker = undefined;
  });

  after(() => node.close());

  async function start(changes: Partial<WorkerConfigFile> = {}, events = new WorkerEvents()) {
    workers += 1;
    const config = await readWorkerConfig(await node.configure(`worker-${workers}`, changes));
    worker = await startWorker(config, { log, events });
    return worker;
  }

  function askModel(options: RequestOptions = {}) {
    salt += 1;
    return ask(node, node.published, { tier: "Attested", input: question(), salt, ...options });
  }

  async function attestations() {
    const { enclaveRegistry } = node;
    const found = await enclaveRegistry.queryFilter(enclaveRegistry.filters.EnclaveAttested());
    return found.map(({ args }) => args.key);
  }

  it("does not start with code that is not approved, names it, and sends nothing", async () => {
    const sentBefore = await node.provider.getTransactionCount(node.nodeSigner.address);
    const { measurementId } = await node.measure();
    const error = await expectCode(() => start(), "MEASUREMENT_NOT_TRUSTED");
    expect(error.message).to.include(measurementId);
    expect(await node.provider.getTransactionCount(node.nodeSigner.address)).to.equal(sentBefore);
  });

  it("is approved, for its model", async () => {
    const measured = await node.measure();
    await node.approve(measured, false);
    const { measurementId } = measured;
    await node.enclaveRegistry.allowModel(measurementId, node.published.modelId, true);
  });

  it("attests its key, answers a contract's question, is paid, and calls it back", async () => {
    const { feeEscrow, operator, opg: token, payer, inferenceMarket, published } = node;
    const { measurementId } = await node.measure();
    const reader = await new TrendReader__factory(payer).deploy(
      inferenceMarket,
      published.modelId,
      TIERS.Attested,
    );
    await token.connect(payer).approve(feeEscrow, opg(100));
    await feeEscrow.connect(payer).deposit(reader, opg(20));

    const events = new WorkerEvents();
    const attested: WorkerEventMap["enclave"][0][] = [];
    events.on("enclave", (event) => attested.push(event));
    const { jobs, modelIds } = await start({}, events);
    expect(modelIds).to.deep.equal([published.modelId]);
    await (await reader.ask(80, 99, opg(10), opg(50))).wait();
    const [asked] = await inferenceMarket.queryFilter(inferenceMarket.filters.InferenceRequested());
    const requestId = asked?.args.requestId ?? "";
    expect(await endOf(jobs, requestId)).to.equal("Fulfilled");

    const job = await jobs.get(requestId);
    expect(toUtf8String(job?.answer?.output ?? new Uint8Array())).to.equal("It rose.");
    // 5 % are the treasury's, which is taken when earnings are collected.
    expect(await feeEscrow.earningsOf(operator)).to.be.greaterThan(0n);
    expect(await reader.trends(requestId)).to.equal(2n);
    expect(await attestations()).to.have.length(1);
    const [{ key, until: end, measurementId: attestedCode } = { key: "" }] = attested;
    expect((await node.enclaveRegistry.enclave(key)).operator).to.equal(operator.address);
    expect(attestedCode).to.equal(measurementId);
    expect(Date.parse(end ?? "")).to.be.greaterThan(Date.now());
  });

  it("declines, before it locks, what its enclave would not answer", async () => {
    const { jobs } = await start();
    const tooLong = "How many words are in this very long question? ".repeat(40);
    const inputs = {
      "CHAT_REQUEST_INVALID: ": new TextEncoder().encode('{ "messages": [] }'),
      "CONTEXT_EXCEEDED: The prompt": question({
        messages: [{ role: "user", content: tooLong }],
      }),
      "CONTEXT_EXCEEDED: ": question({ max_tokens: 100_000 }),
      "CHAT_REQUEST_INVALID: The": question({
        messages: [
          { role: "system", content: "Be brief." },
          { role: "user", content: "Hello." },
        ],
      }),
    };
    for (const [reason, input] of Object.entries(inputs)) {
      const { requestId } = await askModel({ input });
      expect(await endOf(jobs, requestId), reason).to.equal("Declined");
      expect((await jobs.get(requestId))?.reason).to.include(reason);
      expect((await node.inferenceMarket.stateOf(requestId)).node).to.equal(ZeroAddress);
    }
    const asLongAsMayBe = await askModel({ input: question({ max_tokens: 300 }) });
    expect(await endOf(jobs, asLongAsMayBe.requestId)).to.equal("Fulfilled");
  });

  it("passes over requests in a tier that it does not serve the model in", async () => {
    const { jobs } = await start();
    const signed = await askModel({ tier: "Signed" });
    const attested = await askModel();
    expect(await endOf(jobs, attested.requestId)).to.equal("Fulfilled");
    expect(await jobs.get(signed.requestId)).to.equal(undefined);
  });

  it("attests once and serves once, whenever it is killed", async () => {
    const { inferenceMarket, nodeSigner, provider } = node;
    const { enclave, stop } = await node.startEnclave();
    try {
      const configuration = await node.configure("mortal", { enclave });
      const sentBefore = await provider.getTransactionCount(nodeSigner.address);
      const attestedBefore = await attestations();
      for (const moment of ["attest signed", "attest sent", "attest mined"])
        expect(await runUntilKilled(configuration, moment), moment).to.equal("SIGKILL");
      const { requestId } = await askModel({ lifetime: 7_200 });
      for (const moment of JOB_MOMENTS)
        expect(await runUntilKilled(configuration, moment), moment).to.equal("SIGKILL");
      worker = await startWorker(await readWorkerConfig(configuration), { log });
      expect(await endOf(worker.jobs, requestId)).to.equal("Fulfilled");
      const { filters } = inferenceMarket;
      const locked = await inferenceMarket.queryFilter(filters.RequestLocked(requestId));
      const fulfilled = await inferenceMarket.queryFilter(filters.RequestFulfilled(requestId));
      expect([locked.length, fulfilled.length]).to.deep.equal([1, 1]);
      expect((await attestations()).length).to.equal(attestedBefore.length + 1);
      // Attest, lock, fulfil: and nothing beside them.
      expect(await provider.getTransactionCount(nodeSigner.address)).to.equal(sentBefore + 3);
    } finally {
      await worker?.stop();
      worker = undefined;
      await stop();
    }
  });

  it("does not pay for the attestation of an enclave that was killed with it, and ends the key of one", async () => {
    const configuration = await node.configure("with-its-enclave");
    const before = await attestations();
    expect(await runUntilKilled(configuration, "attest signed")).to.equal("SIGKILL");
    expect(await runUntilKilled(configuration, "attest mined")).to.equal("SIGKILL");
    const [former = "", ...others] = (await attestations()).slice(before.length);
    expect(others).to.deep.equal([]);
    const events = new WorkerEvents();
    const mined: string[] = [];
    events.on("transaction", ({ purpose, phase, subject }) => {
      if (phase === "mined") mined.push(`${purpose} ${subject}`);
    });
    worker = await startWorker(await readWorkerConfig(configuration), { log, events });
    await until(() => mined.includes(`retire ${former}`));
    const { until: end } = await node.enclaveRegistry.enclave(former);
    expect(Number(end)).to.be.at.most(Math.floor(Date.now() / 1_000) + 2);
    expect((await attestations()).length).to.equal(before.length + 2);
  });

  it("answers with a new enclave when its own is killed in the midst of an answer", async () => {
    const events = new WorkerEvents();
    const keys: string[] = [];
    events.on("enclave", ({ key }) => keys.push(key));
    let victim = 0;
    events.on("job", ({ state }) => {
      if (state !== "Locked" || victim !== 0) return;
      // It hears the question and says nothing: what dies then was at work.
      victim = enclaveOfThisProcess();
      process.kill(victim, "SIGSTOP");
      setTimeout(() => process.kill(victim, "SIGKILL"), 500);
    });
    const { jobs } = await start({}, events);
    const { requestId } = await askModel();
    expect(await endOf(jobs, requestId)).to.equal("Fulfilled");
    expect(victim).not.to.equal(0);
    const [former = "", current = ""] = keys;
    expect(keys).to.have.length(2);
    await until(async () => {
      const { until: end } = await node.enclaveRegistry.enclave(former);
      return end <= BigInt(Math.floor(Date.now() / 1_000) + 2);
    });
    const record = await node.enclaveRegistry.enclave(current);
    const evidence = (await jobs.get(requestId))?.answer?.evidence ?? new Uint8Array();
    const said = decodeAttestedEvidence(hexlify(evidence));
    expect(said?.statement.completedAt).to.be.at.least(record.from);
  });

  it("cannot be paid with a receipt that its key signed after it was retired", async () => {
    const { inferenceMarket, enclaveRegistry, nodeSigner, operator, deployment } = node;
    const { enclave: config, stop } = await node.startEnclave();
    const enclave = await openEnclave(await enclaveConfig("retired", config), { models: [], log });
    try {
      const { address: key } = await enclave.identity();
      await start({ enclave: config });
      await until(async () => (await enclaveRegistry.enclave(key)).from !== 0n);
      await worker?.stop();
      worker = undefined;
      await (await enclaveRegistry.connect(nodeSigner).retire(key)).wait();
      await sleep(1_500);
      const { requestId, terms, input } = await askModel();
      const { modelId, payer, maxFee: fee } = terms;
      const said = await enclave.infer({
        settlement: {
          chainId: deployment.chainId,
          settledBy: deployment.addresses.inferenceMarket,
        },
        claim: { modelId, requestId, node: operator.address, publisher: node.publisher.address },
        ...{ payer, fee, input, notBefore: 0n },
      });
      await sleep(1_500);
      const { from, until: end } = await enclaveRegistry.enclave(key);
      const fulfil = inferenceMarket
        .connect(nodeSigner)
        .fulfil(terms, operator, hexlify(said.output), encodeAttestedEvidence(said));
      await expect(fulfil)
        .to.be.revertedWithCustomError(enclaveRegistry, "EnclaveRegistryNotAttested")
        .withArgs(key, said.statement.completedAt, from, end);
    } finally {
      await enclave.close();
      await stop();
    }
  });

  it("takes nothing any more when its code is revoked", async () => {
    const { jobs } = await start();
    const served = await askModel();
    expect(await endOf(jobs, served.requestId)).to.equal("Fulfilled");
    const { measurementId } = await node.measure();
    const now = (await node.provider.getBlock("latest"))?.timestamp ?? 0;
    await (await node.enclaveRegistry.revokeMeasurement(measurementId, now)).wait();
    const { requestId } = await askModel();
    expect(await endOf(jobs, requestId)).to.equal("Declined");
    expect((await jobs.get(requestId))?.reason).to.include("MeasurementPolicyNotTrusted(");
    await worker?.stop();
    await expectCode(() => start(), "MEASUREMENT_NOT_TRUSTED");
  });

  async function enclaveConfig(name: string, enclave: WorkerConfigFile["enclave"]) {
    const { enclave: resolved } = await readWorkerConfig(await node.configure(name, { enclave }));
    if (resolved === undefined) throw new Error("no enclave is configured");
    return resolved;
  }
});

/** The enclave that a worker in this process has started. */
function enclaveOfThisProcess(): number {
  const found = execFileSync("pgrep", ["-P", String(process.pid), "-f", "enclave/main.ts"]);
  return Number(found.toString().trim().split("\n").at(-1));
}
