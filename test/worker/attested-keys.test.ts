import process from "node:process";
import { expect } from "chai";
import pino from "pino";
import { readWorkerConfig } from "../../worker/config.ts";
import { WorkerEvents } from "../../worker/events.ts";
import { startWorker } from "../../worker/worker.ts";
import { attestedNode, type AttestedNode } from "../fixtures/attested-node.ts";
import { until } from "./jobs.ts";
import { runUntilKilled } from "./mortality.ts";

const log = pino({ level: process.env.LOG_LEVEL ?? "silent" });

const HOUR = 3_600n;

type EnclaveProcess = Awaited<ReturnType<AttestedNode["startEnclave"]>>;

/** Moments of a transaction after which the journal has to know of it. */
const MOMENTS = ["signed", "sent", "mined"] as const;

describe("worker that keeps an enclave's key", () => {
  let node: AttestedNode;
  let enclaves: EnclaveProcess[];

  before(async () => {
    node = await attestedNode();
    await node.approve(await node.measure());
  });

  beforeEach(async () => {
    enclaves = [];
    await node.enclaveRegistry.setKeyLifetime(HOUR);
  });

  afterEach(async () => {
    for (const { stop } of enclaves) await stop();
  });

  after(() => node.close());

  async function startEnclave(): Promise<EnclaveProcess["enclave"]> {
    const started = await node.startEnclave(`token-${enclaves.length}`);
    enclaves.push(started);
    return started.enclave;
  }

  /** Runs a worker until something holds, and tells of which keys it heard. */
  async function runUntil(
    configuration: string,
    condition: (keys: readonly string[]) => boolean | Promise<boolean>,
  ): Promise<readonly string[]> {
    const events = new WorkerEvents();
    const keys: string[] = [];
    events.on("enclave", ({ key }) => keys.push(key));
    const worker = await startWorker(await readWorkerConfig(configuration), { log, events });
    try {
      await until(() => condition(keys));
    } finally {
      await worker.stop();
    }
    return keys;
  }

  const sent = () => node.provider.getTransactionCount(node.nodeSigner.address);
  const recordOf = (key: string) => node.enclaveRegistry.enclave(key);

  it("renews it before its end, and tells until when it counts then", async () => {
    const { enclaveRegistry: registry } = node;
    const configuration = await node.configure("renewing", { enclave: await startEnclave() });
    const sentBefore = await sent();
    let end = 0n;
    const keys = await runUntil(configuration, async ([key, again]) => {
      if (key === undefined) return false;
      if (end === 0n) {
        end = (await recordOf(key)).until;
        // An hour is less than a third of this: the key is due.
        await (await registry.setKeyLifetime(4n * HOUR)).wait();
      }
      return again !== undefined;
    });
    const [key = ""] = keys;
    expect(keys).to.deep.equal([key, key]);
    const { from, until: renewed } = await recordOf(key);
    expect(end - from).to.equal(HOUR);
    expect(renewed).to.be.greaterThan(from + 4n * HOUR - 1n);
    expect(await registry.queryFilter(registry.filters.EnclaveRenewed(key))).to.have.length(1);
    expect(await sent()).to.equal(sentBefore + 2);
  });

  it("renews it once, whenever it is killed", async () => {
    const { enclaveRegistry: registry } = node;
    const configuration = await node.configure("mortal", { enclave: await startEnclave() });
    const [key = ""] = await runUntil(configuration, (keys) => keys.length > 0);
    await (await registry.setKeyLifetime(4n * HOUR)).wait();
    const sentBefore = await sent();
    for (const moment of MOMENTS)
      expect(await runUntilKilled(configuration, `renew ${moment}`), moment).to.equal("SIGKILL");
    expect(await runUntil(configuration, (keys) => keys.length > 0)).to.deep.equal([key]);
    expect(await registry.queryFilter(registry.filters.EnclaveRenewed(key))).to.have.length(1);
    expect(await sent()).to.equal(sentBefore + 1);
  });

  it("retires once what it has no more, whenever it is killed", async () => {
    const { enclaveRegistry: registry } = node;
    const configuration = await node.configure("moving", { enclave: await startEnclave() });
    const [former = ""] = await runUntil(configuration, (keys) => keys.length > 0);
    await node.configure("moving", { enclave: await startEnclave() });
    const sentBefore = await sent();
    for (const moment of MOMENTS)
      expect(await runUntilKilled(configuration, `retire ${moment}`), moment).to.equal("SIGKILL");
    const [current = ""] = await runUntil(configuration, (keys) => keys.length > 0);
    expect(current).not.to.equal(former);
    const { filters } = registry;
    expect(await registry.queryFilter(filters.EnclaveRetired(former))).to.have.length(1);
    expect(await registry.queryFilter(filters.EnclaveAttested(current))).to.have.length(1);
    expect((await recordOf(current)).until).to.be.greaterThan((await recordOf(former)).until);
    // One attestation and one retirement.
    expect(await sent()).to.equal(sentBefore + 2);
  });
});
