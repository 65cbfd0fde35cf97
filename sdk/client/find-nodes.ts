import type { Provider } from "ethers";
import type { Deployment } from "../deployment.ts";
import type { Protocol } from "../protocol.ts";
import { NODE_ROLES } from "../tiers.ts";
import type { NodePlace } from "./node-directory.ts";
import { refusal } from "./signer-trust.ts";

/** As many blocks as public JSON-RPC nodes search at once. */
const BLOCKS_AT_ONCE = 10_000;

/** Enough to choose from. The nodes that registered or changed last come first. */
const MAX_NODES = 50;

/** How far back is looked: about ten days of Base. */
const MAX_PAGES = 43;

/** Registries change slowly. */
const FOUND_LIVE_MS = 300_000;

export interface FindNodesOptions {
  readonly provider: Provider;
  readonly deployment: Pick<Deployment, "startBlock">;
  readonly protocol: Pick<Protocol, "nodeRegistry">;
}

/** Finds nodes that run models by what the registry says of them; what was found is kept for some minutes. */
export function createNodeFinder(options: FindNodesOptions): () => Promise<readonly NodePlace[]> {
  let found: { readonly at: number; readonly places: Promise<readonly NodePlace[]> } | undefined;
  return () => {
    if (found !== undefined && performance.now() - found.at < FOUND_LIVE_MS) return found.places;
    const places = findNodes(options);
    const finding = { at: performance.now(), places };
    found = finding;
    places.catch(() => {
      if (found === finding) found = undefined;
    });
    return places;
  };
}

async function findNodes(options: FindNodesOptions): Promise<readonly NodePlace[]> {
  const operators = await recentOperators(options);
  const places = await Promise.all(operators.map((operator) => placeOf(options, operator)));
  return places.filter((place) => place !== undefined);
}

/** Operators that registered or changed, the latest first. */
async function recentOperators({
  provider,
  deployment: { startBlock },
  protocol: { nodeRegistry },
}: FindNodesOptions): Promise<readonly string[]> {
  const address = await nodeRegistry.getAddress();
  const { interface: abi, filters } = nodeRegistry;
  const [registered] = await filters.NodeRegistered().getTopicFilter();
  const [updated] = await filters.NodeUpdated().getTopicFilter();
  const topics = [[registered, updated].flat().filter((topic) => topic != null)];
  const operators = new Set<string>();
  let toBlock = await provider.getBlockNumber();
  for (let page = 0; page < MAX_PAGES && toBlock >= startBlock; page++) {
    const fromBlock = Math.max(startBlock, toBlock - BLOCKS_AT_ONCE + 1);
    const logs = await provider.getLogs({ address, topics, fromBlock, toBlock });
    for (const log of logs.toReversed()) {
      const operator: unknown = abi.parseLog(log)?.args.getValue("operator");
      if (typeof operator === "string" && operators.size < MAX_NODES) operators.add(operator);
    }
    if (operators.size >= MAX_NODES) break;
    toBlock = fromBlock - 1;
  }
  return [...operators];
}

/** Where it is now; undefined if it left, runs no models, or says no possible place. */
async function placeOf(
  { protocol: { nodeRegistry } }: FindNodesOptions,
  operator: string,
): Promise<NodePlace | undefined> {
  let endpoint = "";
  const fault = await refusal(async () => {
    await nodeRegistry.requireRole(operator, NODE_ROLES.Inference);
    ({ endpoint } = await nodeRegistry.node(operator));
  });
  const url = fault === undefined ? nodeUrl(endpoint) : undefined;
  return url === undefined ? undefined : { url, operator };
}

/** A node's URL without what its API adds to it; undefined for what is none. */
export function nodeUrl(text: string): string | undefined {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) return undefined;
  if (url.username !== "" || url.search !== "" || url.hash !== "") return undefined;
  return url.href.replace(/\/+$/, "").replace(/\/v1$/, "");
}
