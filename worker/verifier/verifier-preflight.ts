import { formatEther, type JsonRpcProvider, type Wallet } from "ethers";
import { readAccount } from "../../sdk/account.ts";
import { openChain } from "../../sdk/chain.ts";
import { readDeployment, type Deployment } from "../../sdk/deployment.ts";
import { OpenGradientError } from "../../sdk/errors.ts";
import { connectProtocol, type Protocol } from "../../sdk/protocol.ts";
import type { ModelPackage } from "../../zkml/model/package.ts";
import { loadModels, type ModelSource } from "../models/served-models.ts";
import { requireGasMoney, requireRegistration } from "../preflight.ts";
import type { VerifierConfig } from "./config.ts";

/** What a verifier stands on: all of it checked. */
export interface VerifierGround {
  readonly deployment: Deployment;
  readonly wallet: Wallet;
  readonly provider: JsonRpcProvider;
  readonly protocol: Protocol;
  /** By their ids: models whose answers are computed again. */
  readonly models: ReadonlyMap<string, ModelPackage>;
}

/**
 * Checks everything that would keep a verifier from its work, before anything is written or sent.
 *
 * @throws OpenGradientError or ZkmlError that names what is wrong.
 */
export async function verifierPreflight(
  config: VerifierConfig,
  password?: string,
): Promise<VerifierGround> {
  const { rpcUrl, operator, maxFeePerGasGwei: maxFeePerGas } = config;
  const deployment = await readDeployment(config.deployment);
  const wallet = await readAccount(config.keyFile, password);
  const account = wallet.address;
  const provider = await openChain({ rpcUrl, deployment });
  try {
    const protocol = connectProtocol(deployment, provider);
    await requireRegistration(protocol, { operator, account, role: "Verifier" });
    await requireGasMoney(provider, { account, maxFeePerGas, what: "challenge" });
    if (config.budget.bonds > 0n) await requireBonds(protocol, account);
    const models = await loadIntegerModels(config.models, protocol);
    return { deployment, wallet, provider, protocol, models };
  } catch (error) {
    provider.destroy();
    throw error;
  }
}

/**
 * Makes sure that the account can demand at least one receipt, and one proof.
 *
 * @throws OpenGradientError `ACCOUNT_UNFUNDED`.
 */
async function requireBonds(
  { feeEscrow, receiptLedger }: Pick<Protocol, "feeEscrow" | "receiptLedger">,
  account: string,
): Promise<void> {
  const ledger = await receiptLedger.getAddress();
  const { terms } = await receiptLedger.currentTerms();
  const needed = terms.demandBond > terms.proofBond ? terms.demandBond : terms.proofBond;
  const balance = await feeEscrow.balanceOf(account);
  if (balance < needed)
    throw new OpenGradientError(
      "ACCOUNT_UNFUNDED",
      `The account ${account} has ${formatEther(balance)} OPG in the fee escrow; a demand takes a bond of ${formatEther(needed)} OPG.`,
      'Deposit OPG for it (FeeEscrow.deposit), or set budget.bonds to "0": the verifier demands nothing then.',
    );
  if ((await feeEscrow.lockerOf(account)) === ledger) return;
  throw new OpenGradientError(
    "ACCOUNT_UNFUNDED",
    `The account ${account} does not let the ledger at ${ledger} take bonds of its balance.`,
    'Call FeeEscrow.authorizeLocker with the ledger from that account, or set budget.bonds to "0".',
  );
}

/** @throws OpenGradientError `CONFIG_INVALID` for language models, whose answers nobody computes again to the bit. */
async function loadIntegerModels(
  sources: readonly ModelSource[],
  protocol: Protocol,
): Promise<ReadonlyMap<string, ModelPackage>> {
  const loaded = await loadModels(sources, protocol);
  return new Map(
    loaded.map((served) => {
      if (served.kind === "proven") return [served.modelId, served.model];
      throw new OpenGradientError(
        "CONFIG_INVALID",
        `The model in "${served.folder}" is a language model: its answers cannot be computed again to the bit.`,
        "Leave it out: its receipts are checked without it.",
      );
    }),
  );
}
