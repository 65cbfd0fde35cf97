import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect } from "chai";
import { concat, getBytes, hexlify } from "ethers";
import pino from "pino";
import { readWorkerConfig } from "../../worker/config.ts";
import { startWorker, type Worker } from "../../worker/worker.ts";
import { sealInput } from "../../zkml/circuit/sealed-input.ts";
import { infer } from "../../zkml/integer/run.ts";
import { ask, privateModel, sharedModel } from "../fixtures/models.ts";
import { serveMarket, type ServedMarket } from "../fixtures/served-market.ts";
import { endOf } from "./jobs.ts";

describe("worker with models of other proof forms", () => {
  let market: ServedMarket;
  let worker: Worker | undefined;

  before(async () => {
    market = await serveMarket();
  });

  afterEach(async () => {
    await worker?.stop();
    worker = undefined;
  });

  after(() => market.close());

  async function start(name: string) {
    const config = await market.configure(name, {
      models: [{ folder: `../${name}`, publisher: market.publisher.address }],
      openings: "openings",
    });
    await mkdir(path.join(path.dirname(config), "openings"));
    worker = await startWorker(await readWorkerConfig(config), { log: pino({ level: "silent" }) });
    return { ...worker, openings: path.join(path.dirname(config), "openings") };
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
    const published = await market.publishAs("shared", await sharedModel());
    const inputs = [Uint8Array.of(1, 2, 3, 4), Uint8Array.of(250, 0, 9, 77)];
    const { jobs } = await start("shared");
    const { requestId } = await ask(market, published, { input: getBytes(concat(inputs)) });
    expect(await endOf(jobs, requestId)).to.equal("Fulfilled");
    const { graph } = published.model;
    expect(await outputOf(requestId)).to.equal(concat(inputs.map((input) => infer(graph, input))));
  });

  it("waits for the opening of a private input, takes no other, and then serves it", async () => {
    const published = await market.publishAs("private", await privateModel());
    const secret = Uint8Array.from({ length: 12 }, (_, i) => 7 * i);
    const { opening, commitment } = sealInput(secret);
    const { jobs, openings } = await start("private");
    const { requestId, terms } = await ask(market, published, { input: commitment });
    const file = path.join(openings, terms.inputHash);
    await writeFile(file, sealInput(secret).opening);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect((await jobs.get(requestId))?.state).to.equal("Found");

    await writeFile(file, opening);
    expect(await endOf(jobs, requestId)).to.equal("Fulfilled");
    expect(await outputOf(requestId)).to.equal(hexlify(infer(published.model.graph, secret)));
  });
});
