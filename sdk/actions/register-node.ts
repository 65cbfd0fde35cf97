import { formatEther, type Signer } from "ethers";
import type { Deployment } from "../deployment.ts";
import { OpenGradientError } from "../errors.ts";
import { connectProtocol, type Protocol } from "../protocol.ts";
import { NODE_ROLES, roleSet, type NodeRoleName } from "../tiers.ts";
import { allow, requireFunds } from "./funds.ts";
import { send, type StepListener } from "./send.ts";

/** What an operator says of its node. */
export interface NodeRegistration {
  /** What it does: at least one. */
  readonly roles: readonly NodeRoleName[];
  /** Account that the node's software sends with. */
  readonly signer: string;
  /** URL under which the node is reached; may be empty. */
  readonly endpoint: string;
  /** OPG in wei that is staked. */
  readonly stake: bigint;
}

/**
 * Registers a node and stakes for it, as `operator`.
 *
 * @throws OpenGradientError `NODE_REGISTERED`, `STAKE_TOO_LOW` or `ACCOUNT_UNFUNDED` before anything is sent, or `TRANSACTION_REVERTED`.
 */
export async function registerNode(
  deployment: Deployment,
  operator: Signer,
  { roles: names, signer, endpoint, stake }: NodeRegistration,
  onStep?: StepListener,
): Promise<void> {
  const protocol = connectProtocol(deployment, operator);
  const { nodeRegistry, staking } = protocol;
  const owner = await operator.getAddress();
  if (operator.provider === null) throw new Error("the operator has no provider");
  const roles = roleSet(...names);
  await requireUnregistered(protocol, owner);
  await requireStake(protocol, { owner, stake, roles });
  await requireFunds(protocol, operator.provider, { account: owner, amount: stake });
  await allow(protocol, { owner, spender: staking, amount: stake }, onStep);
  const node = { roles, signer, endpoint };
  await send("register node and stake", () => nodeRegistry.register(node, stake), onStep);
}

/** An approval that nothing uses is not to be left behind. */
async function requireUnregistered(
  { nodeRegistry }: Pick<Protocol, "nodeRegistry">,
  owner: string,
): Promise<void> {
  const roles = Object.values(NODE_ROLES);
  const held = await Promise.all(roles.map((role) => nodeRegistry.hasRole(owner, role)));
  if (!held.includes(true)) return;
  throw new OpenGradientError(
    "NODE_REGISTERED",
    `${owner} is the operator of a registered node.`,
    "Change what it says of itself with NodeRegistry.update, or use another account.",
  );
}

async function requireStake(
  { nodeRegistry, staking }: Pick<Protocol, "nodeRegistry" | "staking">,
  { owner, stake, roles }: { owner: string; stake: bigint; roles: number },
): Promise<void> {
  const staked = (await staking.poolOf(owner)).stake + stake;
  const minimum = await nodeRegistry.minimumStakeOf(roles);
  if (staked >= minimum) return;
  throw new OpenGradientError(
    "STAKE_TOO_LOW",
    `${owner} would have ${formatEther(staked)} OPG at stake; a node needs ${formatEther(minimum)} OPG.`,
    "Stake more.",
  );
}
