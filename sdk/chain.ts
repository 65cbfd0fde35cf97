import { FetchRequest, JsonRpcProvider, Network } from "ethers";
import type { Deployment } from "./deployment.ts";
import { OpenGradientError } from "./errors.ts";

/** How long one call to the RPC node may take, in milliseconds. */
const RPC_TIMEOUT_MS = 15_000;

export interface ChainOptions {
  /** URL of a JSON-RPC node. */
  readonly rpcUrl: string;
  /** What the node must serve. */
  readonly deployment: Deployment;
  /** How often events are looked for, in milliseconds. */
  readonly pollingIntervalMs?: number;
}

/**
 * Connects to a chain and makes sure that it is the right one and carries the protocol.
 *
 * @throws OpenGradientError `RPC_UNREACHABLE`, `WRONG_CHAIN` or `NOT_DEPLOYED`.
 */
export async function openChain({
  rpcUrl,
  deployment,
  pollingIntervalMs,
}: ChainOptions): Promise<JsonRpcProvider> {
  const found = await askChainId(rpcUrl);
  if (found !== deployment.chainId) {
    throw new OpenGradientError(
      "WRONG_CHAIN",
      `The node at ${rpcUrl} serves chain ${found}; the deployment is on chain ${deployment.chainId}.`,
      "Use the RPC URL of the deployment's chain, or that chain's deployment file.",
    );
  }
  const network = Network.from(found);
  // Caching answers, even for a moment, would hide a reorganisation.
  const provider = new JsonRpcProvider(request(rpcUrl), network, {
    staticNetwork: network,
    cacheTimeout: -1,
    ...(pollingIntervalMs === undefined ? {} : { pollingInterval: pollingIntervalMs }),
  });
  await requireCode(provider, deployment);
  return provider;
}

function request(rpcUrl: string): FetchRequest {
  const fetch = new FetchRequest(rpcUrl);
  fetch.timeout = RPC_TIMEOUT_MS;
  return fetch;
}

/** Asked directly: a provider that cannot reach its node retries for ever. */
async function askChainId(rpcUrl: string): Promise<bigint> {
  try {
    const fetch = request(rpcUrl);
    fetch.body = { jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] };
    const response = await fetch.send();
    const { result } = response.bodyJson as { result: string };
    return BigInt(result);
  } catch (cause) {
    throw new OpenGradientError(
      "RPC_UNREACHABLE",
      `No JSON-RPC node answers at ${rpcUrl}.`,
      "Check the URL and that the node is running.",
      { cause },
    );
  }
}

async function requireCode(provider: JsonRpcProvider, { addresses }: Deployment): Promise<void> {
  const code = await provider.getCode(addresses.inferenceMarket);
  if (code !== "0x") return;
  throw new OpenGradientError(
    "NOT_DEPLOYED",
    `There is no InferenceMarket at ${addresses.inferenceMarket}.`,
    "Deploy the protocol to this chain, or use the deployment file that belongs to it.",
  );
}
