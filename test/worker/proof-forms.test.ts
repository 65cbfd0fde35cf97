import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect } from "chai";
import { concat, getBytes, hexlify } from "ethers";
import pino from "pino";
import { readWorkerConfig } from "../../worker/config.ts";
import { WorkerEvents } from "../../worker/events.ts";
import { startWorker, type Worker } from "../../worker/worker.ts";
import { sealInput } from "../../zkml/circuit/sealed-input.ts";
import { infer } from "../../zkml/integer/run.ts";
import {
  ask,
  booleanModel,
  privateModel,
  sharedModel,
  twinModel,
  type OpenRequest,
  type PublishedModel,
} from "../fixtures/models.ts";
import { expectCode } from "../fixtures/errors.ts";
import { serveMarket, type ServedMarket } from "../fixtures/served-market.ts";
import { endOf, until } from "./jobs.ts";
import { runUntilKilled } from "./mortality.ts";

describe("worker with models of other proof forms", () => {
  let market: ServedMarket;
  let worker: Worker | undefined;

  let shared: PublishedModel;
  let hidden: PublishedModel;
  let boolean: PublishedModel;

  before(async () => {
    market = await serveMarket();
    shared = await market.publishAs("shared", await sharedModel());
    hidden = await market.publishAs("hidden", await privateModel());
    boolean = await market.publishAs("boolean", await booleanModel());
  });

  afterEach(async () => {
    await worker?.stop();
    worker = undefined;
  });

  after(() => market.close());

  function configure(name: string): Promise<string> {
    const models = ["shared", "hidden", "boolean"].map((folder) => ({
      folder: `../${folder}`,
      publisher: market.publisher.address,
    }));
    return market.configure(name, { models, openings: "openings" });
  }

  async function start(name: string, events = new WorkerEvents()) {
    const config = await configure(name);
    const openings = path.join(path.dirname(config), "openings");
    await mkdir(openings, { recursive: true });
    const log = pino({ level: "silent" });
    worker = await startWorker(await readWorkerConfig(config), { log, events });
    return { jobs: worker.jobs, openings };
  }

  function countSigned(purpose: string) {
    let count = 0;
    const events = new WorkerEvents().on("transaction", (transaction) => {
      if (transaction.phase === "signed" && transaction.purpose === purpose) count += 1;
    });
    return { events, count: () => count };
  }

  async function outputOf(requestId: string): Promise<string> {
    const { inferenceMarket } = market;
    const [event] = await inferenceMarket.queryFilter(
      inferenceMarket.filters.RequestFulfilled(requestId),
    );
    if (event === undefined) throw new Error("the request was not served");
    return event.args.output;
  }

  it("serves a request for several inferences", async () => {
    const inputs = [Uint8Array.of(1, 2, 3, 4), Uint8Array.of(250, 0, 9, 77)];
    const { jobs } = await start("several");
    const { requestId } = await ask(market, shared, { input: getBytes(concat(inputs)) });
    expect(await endOf(jobs, requestId)).to.equal("Fulfilled");
    const { graph } = shared.model;
    expect(await outputOf(requestId)).to.equal(concat(inputs.map((input) => infer(graph, input))));
  });

  /** Requests that wait for the worker when it starts, with an inference each. */
  async function askMany(count: number, firstSalt: number) {
    const requests: OpenRequest[] = [];
    for (let i = 0; i < count; i++) {
      const input = Uint8Array.of(i, 9 * i, firstSalt, 200);
      requests.push(await ask(market, shared, { input, salt: firstSalt + i }));
    }
    return requests;
  }

  async function expectServedOnce(requests: readonly OpenRequest[]): Promise<Set<string>> {
    const { inferenceMarket } = market;
    const transactions = new Set<string>();
    for (const { requestId, input } of requests) {
      const events = await inferenceMarket.queryFilter(
        inferenceMarket.filters.RequestFulfilled(requestId),
      );
      expect(events).to.have.length(1);
      expect(events[0]?.args.output).to.equal(hexlify(infer(shared.model.graph, input)));
      transactions.add(events[0]?.transactionHash ?? "");
    }
    return transactions;
  }

  it("settles requests that wait at the same time by one proof", async () => {
    const requests = await askMany(4, 100);
    // So that all locks are mined together, and all proofs wanted at once.
    await market.provider.send("evm_setAutomine", [false]);
    const locks = countSigned("lock");
    const { jobs } = await start("group", locks.events);
    await until(() => locks.count() === 4);
    await market.provider.send("evm_setAutomine", [true]);
    await market.provider.send("evm_mine", []);
    for (const { requestId } of requests)
      expect(await endOf(jobs, requestId)).to.equal("Fulfilled");
    // Three to a proof.
    expect((await expectServedOnce(requests)).size).to.equal(2);
  });

  it("settles each once, though it was killed with a shared proof in its hands", async () => {
    const requests = await askMany(3, 200);
    const configuration = await configure("killed");
    for (const moment of ["Locked", "Answered", "fulfil signed", "fulfil mined"])
      expect(await runUntilKilled(configuration, moment), moment).to.equal("SIGKILL");
    const { jobs } = await start("killed");
    for (const { requestId } of requests)
      expect(await endOf(jobs, requestId)).to.equal("Fulfilled");
    await expectServedOnce(requests);
  });

  it("declines what nobody can prove, before anything is at stake", async () => {
    const { inferenceMarket } = market;
    const input = Uint8Array.of(0, 1, 2, 0);
    const { requestId } = await ask(market, boolean, { input });
    const { jobs } = await start("declining");
    expect(await endOf(jobs, requestId)).to.equal("Declined");
    expect((await jobs.get(requestId))?.reason).to.match(/^INPUT_SIZE: Element 2 of "x" is 2/);
    const locks = await inferenceMarket.queryFilter(
      inferenceMarket.filters.RequestLocked(requestId),
    );
    expect(locks).to.deep.equal([]);
  });

  it("does not serve a model that is registered for more than its proofs carry", async () => {
    await market.publishAs("lying", await twinModel(), 5);
    const config = await market.configure("cheated", {
      models: [{ folder: "../lying", publisher: market.publisher.address }],
    });
    const log = pino({ level: "silent" });
    const read = await readWorkerConfig(config);
    const { message } = await expectCode(() => startWorker(read, { log }), "MODEL_NOT_REGISTERED");
    expect(message).to.match(/carries 1 inferences in a proof; 0x\w+ registered it with 5/);
  });

  it("waits for the opening of a private input, takes no other, and then serves it", async () => {
    const secret = Uint8Array.from({ length: 12 }, (_, i) => 7 * i);
    const { opening, commitment } = sealInput(secret);
    const events = new WorkerEvents();
    const { jobs, openings } = await start("opening", events);
    const { requestId, terms } = await ask(market, hidden, { input: commitment });
    const file = path.join(openings, terms.inputHash);
    await writeFile(file, sealInput(secret).opening);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect((await jobs.get(requestId))?.state).to.equal("Found");

    // Whoever fills the folder can empty it: what was there before the lock is what counts.
    events.on("job", ({ state }) => {
      if (state === "Locking") void rm(file);
    });
    await writeFile(file, opening);
    expect(await endOf(jobs, requestId)).to.equal("Fulfilled");
    expect(await outputOf(requestId)).to.equal(hexlify(infer(hidden.model.graph, secret)));
  });
});
