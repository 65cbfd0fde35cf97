import { formatEther, type JsonRpcProvider, type Provider, type Wallet } from "ethers";
import { readAccount } from "../sdk/account.ts";
import { openChain } from "../sdk/chain.ts";
import { readDeployment, type Deployment } from "../sdk/deployment.ts";
import { OpenGradientError } from "../sdk/errors.ts";
import { connectProtocol, type Protocol } from "../sdk/protocol.ts";
import { describeRevert } from "../sdk/reverts.ts";
import { NODE_ROLES } from "../sdk/tiers.ts";
import { currentFees } from "./chain/fees.ts";
import type { WorkerConfig } from "./config.ts";
import { loadModels, type ServedModel } from "./models/served-models.ts";

/** Gas of serving one request: lock and fulfil, with room for a callback. */
const GAS_PER_REQUEST = 1_000_000n;

/** What a worker stands on: all of it checked. */
export interface Ground {
  readonly deployment: Deployment;
  readonly wallet: Wallet;
  readonly provider: JsonRpcProvider;
  readonly protocol: Protocol;
  readonly models: ReadonlyMap<string, ServedModel>;
}

/**
 * Checks everything that would keep a node from serving, before anything is written or sent.
 *
 * @throws OpenGradientError or ZkmlError that names what is wrong.
 */
export async function preflight(config: WorkerConfig, password?: string): Promise<Ground> {
  const { rpcUrl, operator, maxFeePerGasGwei: maxFeePerGas } = config;
  const deployment = await readDeployment(config.deployment);
  const wallet = await readAccount(config.keyFile, password);
  const account = wallet.address;
  const provider = await openChain({ rpcUrl, deployment });
  try {
    const protocol = connectProtocol(deployment, provider);
    await requireRegistration(protocol, { operator, account });
    await requireGasMoney(provider, { account, maxFeePerGas });
    const models = await loadModels(config.models, protocol);
    return { deployment, wallet, provider, protocol, models };
  } catch (error) {
    provider.destroy();
    throw error;
  }
}

/**
 * Makes sure that an account may act for the operator.
 *
 * @throws OpenGradientError `NODE_NOT_REGISTERED`.
 */
async function requireRegistration(
  { nodeRegistry }: Pick<Protocol, "nodeRegistry">,
  { operator, account }: { operator: string; account: string },
): Promise<void> {
  try {
    await nodeRegistry.requireActor(operator, NODE_ROLES.Inference, account);
  } catch (cause) {
    const reason = describeRevert(cause);
    if (reason === undefined) throw cause;
    throw new OpenGradientError(
      "NODE_NOT_REGISTERED",
      `${account} may not act for an inference node of ${operator}: ${reason}.`,
      "Register the node with this account as its signer (opg node register).",
      { cause },
    );
  }
}

/**
 * Makes sure that an account can pay for the gas of a request.
 *
 * @throws OpenGradientError `ACCOUNT_UNFUNDED`.
 */
async function requireGasMoney(
  provider: Provider,
  { account, maxFeePerGas: limit }: { account: string; maxFeePerGas: bigint },
): Promise<void> {
  const balance = await provider.getBalance(account);
  const { maxFeePerGas } = await currentFees(provider, limit);
  const needed = GAS_PER_REQUEST * maxFeePerGas;
  if (balance >= needed) return;
  throw new OpenGradientError(
    "ACCOUNT_UNFUNDED",
    `The account ${account} has ${formatEther(balance)} ETH; serving one request can cost ${formatEther(needed)} ETH in gas.`,
    "Send it ETH.",
  );
}
