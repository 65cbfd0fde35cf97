import { expect } from "chai";
import pino from "pino";
import { REQUEST_STATUS } from "../../sdk/request-status.ts";
import { readWorkerConfig, type WorkerConfigFile } from "../../worker/config.ts";
import { WorkerEvents, type WorkerEventMap } from "../../worker/events.ts";
import { startWorker, type Worker } from "../../worker/worker.ts";
import { ask } from "../fixtures/models.ts";
import { opg } from "../fixtures/protocol.ts";
import { serveMarket, type ServedMarket } from "../fixtures/served-market.ts";
import { expectCode } from "../fixtures/errors.ts";
import { endOf, until } from "./jobs.ts";

const log = pino({ level: "silent" });

describe("worker", () => {
  let market: ServedMarket;
  let worker: Worker | undefined;
  let workers = 0;

  before(async () => {
    market = await serveMarket();
  });

  afterEach(async () => {
    await worker?.stop();
    worker = undefined;
  });

  after(() => market.close());

  async function start(changes: Partial<WorkerConfigFile> = {}, events = new WorkerEvents()) {
    workers += 1;
    const config = await readWorkerConfig(await market.configure(`worker-${workers}`, changes));
    worker = await startWorker(config, { log, events });
    return worker;
  }

  it("finds requests, locks them, proves them and is paid", async () => {
    const { feeEscrow, operator, published, inferenceMarket } = market;
    const { modelIds, jobs } = await start();
    expect(modelIds).to.deep.equal([published.modelId]);
    const requests = [
      await ask(market, published, { salt: 1 }),
      await ask(market, published, { salt: 2 }),
    ];
    for (const { requestId } of requests) {
      expect(await endOf(jobs, requestId)).to.equal("Fulfilled");
      expect((await inferenceMarket.stateOf(requestId)).node).to.equal(operator.address);
    }
    expect(await feeEscrow.earningsOf(operator)).to.equal(opg(18));
  });

  it("declines what pays too little or wants too much collateral", async () => {
    const { jobs } = await start({ minimumFee: "5", maximumCollateral: "60" });
    const lifetime = 600;
    const cheap = await ask(market, market.published, { maxFee: opg("5.9"), lifetime, salt: 3 });
    const risky = await ask(market, market.published, { collateral: opg(61), lifetime, salt: 4 });
    expect(await endOf(jobs, cheap.requestId)).to.equal("Declined");
    expect(await endOf(jobs, risky.requestId)).to.equal("Declined");
    expect((await jobs.get(cheap.requestId))?.reason).to.match(/^pays 49000+, less than 50+$/);
    // Or the workers of other tests, which decline less, would serve them in the midst of those.
    await market.provider.send("evm_increaseTime", [lifetime + 1]);
    await market.provider.send("evm_mine", []);
  });

  it("leaves a request alone that another node has locked", async () => {
    const { inferenceMarket, otherOperator, published } = market;
    const { terms, requestId } = await ask(market, published, { salt: 5 });
    await inferenceMarket.connect(otherOperator).lock(terms, otherOperator);
    const { jobs } = await start();
    expect(await endOf(jobs, requestId)).to.equal("Lost");
  });

  it("leaves a request alone whose time is over", async () => {
    const { requestId } = await ask(market, market.published, { lifetime: 60, salt: 6 });
    await market.provider.send("evm_increaseTime", [61]);
    await market.provider.send("evm_mine", []);
    const { jobs } = await start();
    expect(await endOf(jobs, requestId)).to.equal("Missed");
  });

  it("fails a request whose lock the contracts refuse, and says why", async () => {
    const collateral = opg(10_000);
    const { requestId } = await ask(market, market.published, { collateral, salt: 7 });
    const { jobs } = await start({ maximumCollateral: "20000" });
    expect(await endOf(jobs, requestId)).to.equal("Failed");
    expect((await jobs.get(requestId))?.reason).to.match(/^StakingInsufficientStake\(operator: 0x/);
  });

  it("raises the fee of a transaction that nobody mines, and pays once", async () => {
    const { provider, published, nodeSigner } = market;
    const signed: WorkerEventMap["transaction"][0][] = [];
    const events = new WorkerEvents().on("transaction", (transaction) => {
      if (transaction.phase === "signed" && transaction.purpose === "lock")
        signed.push(transaction);
    });
    const { requestId } = await ask(market, published, { salt: 8 });
    const sentBefore = await provider.getTransactionCount(nodeSigner.address);
    await provider.send("evm_setAutomine", [false]);
    const { jobs } = await start({ bumpAfterMs: 300, maxFeePerGasGwei: "20" }, events);
    await until(() => signed.length >= 3);
    await provider.send("evm_setAutomine", [true]);
    await provider.send("evm_mine", []);
    expect(await endOf(jobs, requestId)).to.equal("Fulfilled");
    expect(new Set(signed.map(({ hash }) => hash)).size).to.equal(signed.length);
    expect(await provider.getTransactionCount(nodeSigner.address)).to.equal(sentBefore + 2);
  });

  it("serves a request again that a reorganisation brought back", async () => {
    const { provider, published, inferenceMarket, payer } = market;
    const events = new WorkerEvents();
    const reorganisations: WorkerEventMap["reorganisation"][0][] = [];
    events.on("reorganisation", (reorganisation) => reorganisations.push(reorganisation));
    const { jobs } = await start({}, events);
    await provider.send("evm_mine", []);
    const fork: unknown = await provider.send("evm_snapshot", []);
    const now = (await provider.getBlock("latest"))?.timestamp ?? 0;
    const request = { expiry: now + 7200, salt: 9 };
    // A request's id names the second in which it is made: the same one comes back only in that second.
    const madeAt = now + 1_000;
    await provider.send("evm_setNextBlockTimestamp", [madeAt]);
    const { requestId, terms } = await ask(market, published, request);
    expect(await endOf(jobs, requestId)).to.equal("Fulfilled");

    await provider.send("evm_revert", [fork]);
    for (let i = 0; i < 5; i++) await provider.send("evm_mine", []);
    await until(async () => (await jobs.get(requestId))?.state === "Orphaned");
    await until(() => reorganisations.length === 1);
    expect(await inferenceMarket.isOpen(requestId)).to.equal(false);

    await provider.send("evm_setNextBlockTimestamp", [madeAt]);
    const again = await ask(market, published, request);
    expect(again.requestId).to.equal(requestId);
    expect(terms.payer).to.equal(payer.address);
    await until(async () => (await jobs.get(requestId))?.state === "Fulfilled");
    expect((await inferenceMarket.stateOf(requestId)).status).to.equal(REQUEST_STATUS.Fulfilled);
  });

  it("does not share its data folder", async () => {
    await start();
    const config = await readWorkerConfig(await market.configure(`worker-${workers}`));
    await expectCode(() => startWorker(config, { log }), "DATA_FOLDER_IN_USE");
  });
});
