import { formatEther, type Signer } from "ethers";
import type { Deployment } from "../deployment.ts";
import { OpenGradientError } from "../errors.ts";
import { connectProtocol, type Protocol } from "../protocol.ts";
import { roleSet } from "../tiers.ts";
import { allow, requireFunds } from "./funds.ts";
import { send, type StepListener } from "./send.ts";

/** What an operator says of its inference node. */
export interface NodeRegistration {
  /** Account that the node's software sends with. */
  readonly signer: string;
  /** URL under which the node is reached; may be empty. */
  readonly endpoint: string;
  /** OPG in wei that is staked. */
  readonly stake: bigint;
}

/**
 * Registers an inference node and stakes for it, as `operator`.
 *
 * @throws OpenGradientError `STAKE_TOO_LOW` or `ACCOUNT_UNFUNDED` before anything is sent, or `TRANSACTION_REVERTED`.
 */
export async function registerNode(
  deployment: Deployment,
  operator: Signer,
  { signer, endpoint, stake }: NodeRegistration,
  onStep?: StepListener,
): Promise<void> {
  const protocol = connectProtocol(deployment, operator);
  const { nodeRegistry, staking } = protocol;
  const owner = await operator.getAddress();
  if (operator.provider === null) throw new Error("the operator has no provider");
  await requireStake(protocol, { owner, stake });
  await requireFunds(protocol, operator.provider, { account: owner, amount: stake });
  await allow(protocol, { owner, spender: staking, amount: stake }, onStep);
  const node = { roles: roleSet("Inference"), signer, endpoint };
  await send("register node and stake", () => nodeRegistry.register(node, stake), onStep);
}

async function requireStake(
  { nodeRegistry, staking }: Pick<Protocol, "nodeRegistry" | "staking">,
  { owner, stake }: { owner: string; stake: bigint },
): Promise<void> {
  const staked = (await staking.poolOf(owner)).stake + stake;
  const minimum = await nodeRegistry.minimumStakeOf(roleSet("Inference"));
  if (staked >= minimum) return;
  throw new OpenGradientError(
    "STAKE_TOO_LOW",
    `${owner} would have ${formatEther(staked)} OPG at stake; a node needs ${formatEther(minimum)} OPG.`,
    "Stake more.",
  );
}
