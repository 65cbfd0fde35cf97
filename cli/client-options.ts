import { Option, type Command } from "commander";
import { formatEther } from "ethers";
import { openChain } from "../sdk/chain.ts";
import { createClient, type Client } from "../sdk/client/client.ts";
import { createPayments } from "../sdk/client/payments.ts";
import type { ReceiptCheck } from "../sdk/client/receipt-fault.ts";
import type { Receipt } from "../sdk/client/receipt.ts";
import { readDeployment } from "../sdk/deployment.ts";
import { createFileStore } from "../sdk/payments/channel-record.ts";
import { readAccount } from "../sdk/account.ts";
import { TIERS, type TierName } from "../sdk/tiers.ts";
import { bytes32, opgAmount } from "./arguments.ts";
import { keyPassword } from "./chain-options.ts";
import { writeWhole } from "./files.ts";

/** What a command needs to ask nodes. */
export interface ClientOptions {
  readonly rpc: string;
  readonly deployment: string;
  readonly model: string;
  readonly node?: string[];
  readonly tier?: TierName;
  readonly maxFee: bigint;
  readonly measurement?: string[];
  readonly key?: string;
  readonly payWith: "voucher" | "x402";
  readonly spend: bigint;
  readonly deposit: bigint;
  readonly channels: string;
  readonly receipt?: string;
}

/** Adds the options of a command that asks nodes. */
export function withClientOptions(command: Command): Command {
  return withTrustOptions(command)
    .requiredOption("--model <model>", "id of the model, or the name by which nodes know it")
    .option("--node <urls...>", "nodes to ask; those in the registry, if not given")
    .addOption(
      new Option("--tier <tier>", "how the answer is to be vouched for").choices(
        Object.keys(TIERS),
      ),
    )
    .addOption(amount("--max-fee <opg>", "most that one answer may cost", "1"))
    .option(
      "--key <file>",
      "key file of the payer; the password of a key store is read from OPG_KEY_PASSWORD",
    )
    .addOption(
      new Option("--pay-with <way>", "by vouchers of a channel, or each answer by itself with x402")
        .choices(["voucher", "x402"])
        .default("voucher"),
    )
    .addOption(amount("--spend <opg>", "most that all answers of this command may cost", "10"))
    .addOption(amount("--deposit <opg>", "what a channel is opened and filled up with", "5"))
    .option("--channels <folder>", "where channels are remembered", ".opg-channels")
    .option("--receipt <file>", "where to write the receipt of the last answer");
}

/** Adds the options of a command that checks receipts. */
export function withTrustOptions(command: Command): Command {
  return command
    .requiredOption("--rpc <url>", "JSON-RPC node of the deployment's chain")
    .requiredOption("--deployment <file>", "deployment file")
    .option(
      "--measurement <ids...>",
      "code that enclaves may run; whatever governance trusts, if not given",
      (id: string, others: string[] | undefined) => [...(others ?? []), bytes32(id)],
    );
}

function amount(flags: string, description: string, fallback: string): Option {
  // The help cannot show a bigint by itself.
  return new Option(flags, `${description}, in OPG`)
    .argParser(opgAmount)
    .default(opgAmount(fallback), fallback);
}

/** Connects, asks, and disconnects. */
export async function withClient<T>(
  options: ClientOptions,
  ask: (client: Client) => Promise<T>,
): Promise<T> {
  const deployment = await readDeployment(options.deployment);
  const { key, payWith, maxFee, spend, deposit, channels, tier, node: nodes, rpc } = options;
  const wallet = key === undefined ? undefined : await readAccount(key, keyPassword());
  const payment = wallet && {
    payment: createPayments({
      ...{ wallet, deployment, payWith, deposit },
      limits: { perRequest: maxFee, perSession: spend },
      store: createFileStore(channels),
    }),
  };
  const provider = await openChain({ rpcUrl: rpc, deployment });
  const { measurement: measurements } = options;
  try {
    const client = await createClient({
      ...{ provider, deployment, limits: { maxFee }, ...payment },
      ...(nodes !== undefined && { nodes }),
      ...(tier !== undefined && { tier }),
      ...(measurements !== undefined && { trust: { measurements } }),
    });
    return await ask(client);
  } finally {
    provider.destroy();
  }
}

/** Keeps a receipt where the options say, if they do. */
export async function keepReceipt(
  { receipt: file }: Pick<ClientOptions, "receipt">,
  receipt: Receipt,
): Promise<void> {
  if (file !== undefined) await writeWhole(file, `${JSON.stringify(receipt, undefined, 2)}\n`);
}

/** What a person is to know of a receipt. */
export function receiptLines(receipt: Receipt): string[] {
  const { content, fee, tier, checks } = receipt;
  const { inputUnits, outputUnits } = content;
  const held = checks.filter(({ holds }) => holds === true).map(({ check }) => check);
  return [
    `request  ${content.requestId}`,
    `node     ${content.node}, ${tier}, number ${content.seq} of its key`,
    `fee      ${formatEther(fee.total)} OPG for ${inputUnits} units in and ${outputUnits} out`,
    `checked  ${held.join(", ")}`,
  ];
}

/** The same for programs. */
export function receiptObject(receipt: Receipt): object {
  return { receipt: receipt.toJSON(), checks: receipt.checks.map(checkObject) };
}

export function checkObject({ check, holds, detail }: ReceiptCheck): object {
  return { check, holds: holds ?? null, detail };
}
