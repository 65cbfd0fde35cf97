import { expect } from "chai";
import pino from "pino";
import { readWorkerConfig } from "../../worker/config.ts";
import { startWorker } from "../../worker/worker.ts";
import { ask } from "../fixtures/models.ts";
import { opg } from "../fixtures/protocol.ts";
import { serveMarket, type ServedMarket } from "../fixtures/served-market.ts";
import { endOf } from "./jobs.ts";
import { runUntilKilled } from "./mortality.ts";

/** Every moment of a job's life after which the journal has to know what was going on, in order. */
const MOMENTS = [
  "Found",
  "lock signed",
  "lock sent",
  "lock mined",
  "Locked",
  "Answered",
  "fulfil signed",
  "fulfil sent",
  "fulfil mined",
] as const;

describe("worker that is killed", () => {
  let market: ServedMarket;

  before(async () => {
    market = await serveMarket();
  });

  after(() => market.close());

  it("finishes the job once, whenever it was killed", async () => {
    const { published, feeEscrow, operator, inferenceMarket, nodeSigner, provider } = market;
    const configuration = await market.configure("mortal");
    const { requestId } = await ask(market, published);
    const sentBefore = await provider.getTransactionCount(nodeSigner.address);
    for (const moment of MOMENTS) {
      expect(await runUntilKilled(configuration, moment), moment).to.equal("SIGKILL");
    }

    const config = await readWorkerConfig(configuration);
    const worker = await startWorker(config, { log: pino({ level: "silent" }) });
    try {
      expect(await endOf(worker.jobs, requestId)).to.equal("Fulfilled");
    } finally {
      await worker.stop();
    }

    const { filters } = inferenceMarket;
    const locked = await inferenceMarket.queryFilter(filters.RequestLocked(requestId));
    const fulfilled = await inferenceMarket.queryFilter(filters.RequestFulfilled(requestId));
    expect([locked.length, fulfilled.length]).to.deep.equal([1, 1]);
    expect(await provider.getTransactionCount(nodeSigner.address)).to.equal(sentBefore + 2);
    expect(await feeEscrow.earningsOf(operator)).to.equal(opg(9));
  });
});
