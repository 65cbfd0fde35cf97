import { getBytes, keccak256, type Log, type Provider } from "ethers";
import type { Logger } from "pino";
import type { Deployment } from "../../sdk/deployment.ts";
import { requestId as hashTerms, termsOf } from "../../sdk/request.ts";
import { InferenceMarket__factory, type InferenceMarket } from "../../typechain-types/index.js";
import type { InferenceRequestedEvent } from "../../typechain-types/contracts/InferenceMarket.js";
import type { Answerers } from "../jobs/answerer.ts";
import type { FoundRequest } from "../jobs/job.ts";

const MARKET = InferenceMarket__factory.createInterface() satisfies InferenceMarket["interface"];

export interface RequestReaderOptions {
  readonly provider: Provider;
  readonly deployment: Deployment;
  /** What this node serves: other requests are passed over. */
  readonly answerers: Answerers;
  readonly log: Logger;
}

/** Reads requests out of the market's events. */
export class RequestReader {
  readonly #options: RequestReaderOptions;

  constructor(options: RequestReaderOptions) {
    this.#options = options;
  }

  /** Requests for the served models, in the tiers that each is served in, in these blocks, both included. */
  async read(fromBlock: number, toBlock: number): Promise<FoundRequest[]> {
    const { provider, deployment, answerers } = this.#options;
    const logs = await provider.getLogs({
      address: deployment.addresses.inferenceMarket,
      topics: MARKET.encodeFilterTopics("InferenceRequested", [null, [...answerers.modelIds]]),
      fromBlock,
      toBlock,
    });
    return logs
      .map((log) => requestOf(log))
      .filter(({ terms }) => answerers.find(terms) !== undefined)
      .filter((request) => this.#isGenuine(request));
  }

  /** A node that served something else than was asked would lose its collateral: the RPC node is not taken at its word. */
  #isGenuine({ requestId, terms, input }: FoundRequest): boolean {
    const { chainId, addresses } = this.#options.deployment;
    const domain = { chainId, market: addresses.inferenceMarket };
    if (hashTerms(terms, domain) === requestId && keccak256(input) === terms.inputHash) return true;
    this.#options.log.error(
      { requestId },
      "The RPC node showed a request that contradicts itself.",
    );
    return false;
  }
}

function requestOf(log: Log): FoundRequest {
  const decoded = MARKET.decodeEventLog("InferenceRequested", log.data, log.topics);
  const { requestId, request, input } = decoded as unknown as InferenceRequestedEvent.OutputObject;
  return { requestId, terms: termsOf(request), input: getBytes(input) };
}
