import { formatEther, type JsonRpcProvider, type Provider, type Wallet } from "ethers";
import { readAccount } from "../sdk/account.ts";
import { openChain } from "../sdk/chain.ts";
import { readDeployment, type Deployment } from "../sdk/deployment.ts";
import { OpenGradientError } from "../sdk/errors.ts";
import { connectProtocol, type Protocol } from "../sdk/protocol.ts";
import { describeRevert } from "../sdk/reverts.ts";
import { NODE_ROLES, type TierName } from "../sdk/tiers.ts";
import { currentFees } from "./chain/fees.ts";
import type { WorkerConfig } from "./config.ts";
import {
  loadModels,
  type LanguageModel,
  type ModelSource,
  type ProvenModel,
  type ServedModel,
} from "./models/served-models.ts";

/** Gas of serving one request: lock and fulfil, with room for a callback. */
const GAS_PER_REQUEST = 1_000_000n;

/** Gas of attesting an enclave's key when none of its certificates is known on chain. */
const GAS_PER_ATTESTATION = 10_500_000n;

/** Gas of convicting a node of a false proof, which takes the most. */
const GAS_PER_CHALLENGE = 9_500_000n;

/** What a worker stands on: all of it checked. */
export interface Ground {
  readonly deployment: Deployment;
  readonly wallet: Wallet;
  readonly provider: JsonRpcProvider;
  readonly protocol: Protocol;
  /** By their ids. */
  readonly provenModels: ReadonlyMap<string, ProvenModel>;
  readonly languageModels: ReadonlyMap<string, LanguageModel>;
  /** All of them, by their folders. */
  readonly servedModels: ReadonlyMap<string, ServedModel>;
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
    await requireGasMoney(provider, { account, maxFeePerGas, what: "request" });
    const models = await loadModels(sourcesOf(config), protocol);
    const servedModels = new Map(models.map((model, i) => [config.models[i]?.folder ?? "", model]));
    requireEnclave(config, servedModels);
    const served = {
      servedModels,
      provenModels: byId(models, "proven"),
      languageModels: byId(models, "language"),
    };
    return { deployment, wallet, provider, protocol, ...served };
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
export async function requireRegistration(
  { nodeRegistry }: Pick<Protocol, "nodeRegistry">,
  {
    operator,
    account,
    role = "Inference",
  }: { operator: string; account: string; role?: "Inference" | "Verifier" },
): Promise<void> {
  try {
    await nodeRegistry.requireActor(operator, NODE_ROLES[role], account);
  } catch (cause) {
    const reason = describeRevert(cause);
    if (reason === undefined) throw cause;
    throw new OpenGradientError(
      "NODE_NOT_REGISTERED",
      `${account} may not act for ${role === "Inference" ? "an inference node" : "a verifier"} of ${operator}: ${reason}.`,
      "Register the node with this account as its signer (opg node register).",
      { cause },
    );
  }
}

/** Where the models are, and in which tiers they are served besides the market. */
function sourcesOf({ models, direct, enclave }: WorkerConfig): readonly ModelSource[] {
  return models.map((source) => ({
    ...source,
    tiers: tiersOf(direct, source.folder),
    isOffMarket: enclave === undefined,
  }));
}

function tiersOf(direct: WorkerConfig["direct"], folder: string): readonly TierName[] {
  const offers = direct?.offers ?? [];
  return offers.filter((offer) => offer.folder === folder).map(({ tier }) => tier);
}

/**
 * Makes sure that there is an enclave exactly if there is something for it to do. A language model that is only signed by the node
 * itself needs none.
 *
 * @throws OpenGradientError `CONFIG_INVALID`.
 */
function requireEnclave(
  { enclave, direct }: WorkerConfig,
  models: ReadonlyMap<string, ServedModel>,
): void {
  const language = [...models].filter(([, { kind }]) => kind === "language");
  const isNeeded = language.some(([folder]) => {
    const tiers = tiersOf(direct, folder);
    return tiers.length === 0 || tiers.includes("Attested");
  });
  if (enclave === undefined ? !isNeeded : language.length > 0) return;
  throw new OpenGradientError(
    "CONFIG_INVALID",
    isNeeded
      ? "The configuration names a language model, and no enclave that runs it."
      : "The configuration names an enclave, and no language model for it.",
    isNeeded ? "Add the member enclave." : "Add a model, or leave the member enclave out.",
  );
}

function byId<K extends ServedModel["kind"]>(
  models: readonly ServedModel[],
  kind: K,
): ReadonlyMap<string, Extract<ServedModel, { kind: K }>> {
  const isWanted = (model: ServedModel): model is Extract<ServedModel, { kind: K }> =>
    model.kind === kind;
  return new Map(models.filter(isWanted).map((model) => [model.modelId, model]));
}

/** What an account has to be able to pay for. */
const GAS_NEEDS = {
  request: { gas: GAS_PER_REQUEST, name: "serving one request" },
  attestation: { gas: GAS_PER_ATTESTATION, name: "attesting the enclave's key" },
  challenge: { gas: GAS_PER_CHALLENGE, name: "the dearest challenge" },
} as const;

/**
 * Makes sure that an account can pay for the gas of something.
 *
 * @throws OpenGradientError `ACCOUNT_UNFUNDED`.
 */
export async function requireGasMoney(
  provider: Provider,
  {
    account,
    maxFeePerGas: limit,
    what,
    value = 0n,
  }: {
    readonly account: string;
    readonly maxFeePerGas: bigint;
    readonly what: keyof typeof GAS_NEEDS;
    /** Wei that have to be there besides. */
    readonly value?: bigint;
  },
): Promise<void> {
  const { gas, name } = GAS_NEEDS[what];
  const balance = await provider.getBalance(account);
  const { maxFeePerGas } = await currentFees(provider, limit);
  const needed = gas * maxFeePerGas + value;
  if (balance >= needed) return;
  throw new OpenGradientError(
    "ACCOUNT_UNFUNDED",
    `The account ${account} has ${formatEther(balance)} ETH; ${name} can cost ${formatEther(needed)} ETH${value === 0n ? " in gas" : ", fees included"}.`,
    "Send it ETH.",
  );
}
