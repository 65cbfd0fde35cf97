import type { Provider } from "ethers";
import type { InferenceMarket } from "../../typechain-types/index.js";
import { REQUEST_STATUS } from "../../sdk/request-status.ts";
import type { RequestTerms } from "../../sdk/request.ts";

/**
 * How a request stands for one node.
 *
 * - `open`: anybody may lock or serve it.
 * - `held`: this node has locked it and has time left.
 * - `served`: this node served it and is paid.
 * - `taken`: another node locked or served it.
 * - `late`: its time is over.
 * - `gone`: the chain does not know it.
 */
export type Situation = "open" | "held" | "served" | "taken" | "late" | "gone";

/** Looks up how a request stands for `node`. */
export async function situationOf(
  { market, provider, node }: { market: InferenceMarket; provider: Provider; node: string },
  { requestId, terms }: { requestId: string; terms: RequestTerms },
): Promise<Situation> {
  const block = await provider.getBlock("latest");
  if (block === null) throw new Error("The RPC node does not know its latest block.");
  const blockTag = block.number;
  const state = await market.stateOf(requestId, { blockTag });
  const isOurs = state.node.toLowerCase() === node.toLowerCase();
  const now = BigInt(block.timestamp);

  if (state.status === REQUEST_STATUS.Locked) {
    if (!isOurs) return "taken";
    return now > state.deadline ? "late" : "held";
  }
  if (state.status === REQUEST_STATUS.Fulfilled) return isOurs ? "served" : "taken";
  if (state.status !== REQUEST_STATUS.None) return "late";
  if (!(await market.isOpen(requestId, { blockTag }))) return "gone";
  return now > terms.expiry ? "late" : "open";
}
