import { hexlify, parseEther } from "ethers";
import type { DigitReader } from "../../typechain-types/index.js";
import { termsOf, type RequestTerms } from "../../sdk/request.ts";
import type { Worker } from "../../worker/worker.ts";
import { hasEnded } from "../../worker/jobs/job-states.ts";
import type { World } from "./world.ts";

/** A digit that was asked for, read, proved, paid for and delivered. */
export interface AskedDigit {
  readonly digit: number;
  readonly terms: RequestTerms;
  readonly requestId: string;
  readonly witnessMs: number;
  readonly proofMs: number;
  /** From the request's block to the callback, as its asker sees it. */
  readonly totalMs: number;
}

/** What a consumer offers for a digit, and what a node puts at risk for it. */
const FEE = parseEther("10");
const COLLATERAL = parseEther("50");

/** `DigitReader.ReadingStatus.Read`. */
const READ = 2n;

/** Asks the consumer contract for a digit and waits until the node has called it back. */
export async function askDigit(
  world: World,
  reader: DigitReader,
  worker: Worker,
  image: Uint8Array,
): Promise<AskedDigit> {
  const { protocol, people, gas } = world;
  const { inferenceMarket: market } = protocol;
  const start = performance.now();
  const ask = reader.connect(people.developer).ask(hexlify(image), FEE, COLLATERAL);
  await gas.spend("ask through a consumer contract", ask);
  const events = await market.queryFilter(market.filters.InferenceRequested());
  const event = events.at(-1);
  if (event === undefined) throw new Error("nothing was asked");
  const { requestId, request } = event.args;

  await ended(worker, requestId);
  const totalMs = performance.now() - start;
  const { status, digit } = await reader.readings(requestId);
  if (status !== READ) throw new Error("the consumer was not called back");
  const answer = (await worker.jobs.get(requestId))?.answer;
  if (answer === undefined) throw new Error("the node did not keep its answer");
  await noteNodeGas(world, requestId);
  const { witness: witnessMs = 0, proof: proofMs = 0 } = answer.durationsMs;
  return { digit: Number(digit), terms: termsOf(request), requestId, witnessMs, proofMs, totalMs };
}

/** Settles when the worker has served a request; fails if it does not. */
export function ended(worker: Worker, requestId: string): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.events.on("job", (job) => {
      if (job.requestId !== requestId || !hasEnded(job.state)) return;
      if (job.state === "Fulfilled") resolve();
      else reject(new Error(`the job is ${job.state}: ${job.reason ?? ""}`));
    });
  });
}

async function noteNodeGas({ protocol, gas }: World, requestId: string): Promise<void> {
  const { inferenceMarket: market } = protocol;
  const { RequestLocked, RequestFulfilled } = market.filters;
  const steps = [
    ["lock with collateral", RequestLocked(requestId)],
    ["fulfil proven, with royalty and callback", RequestFulfilled(requestId)],
  ] as const;
  for (const [name, filter] of steps) {
    const [event] = await market.queryFilter(filter);
    const receipt = await event?.getTransactionReceipt();
    if (receipt !== undefined) gas.note(name, receipt.gasUsed);
  }
}
