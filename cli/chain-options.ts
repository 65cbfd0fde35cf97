import process from "node:process";
import type { Command } from "commander";
import type { JsonRpcProvider, Wallet } from "ethers";
import { readAccount } from "../sdk/account.ts";
import { openChain } from "../sdk/chain.ts";
import { readDeployment, type Deployment } from "../sdk/deployment.ts";

/** What a command needs to act on a chain. */
export interface ChainOptions {
  readonly rpc: string;
  readonly deployment: string;
  readonly key: string;
}

/** Adds the options of a command that sends transactions. */
export function withChainOptions(command: Command): Command {
  return command
    .requiredOption("--rpc <url>", "JSON-RPC node of the deployment's chain")
    .requiredOption("--deployment <file>", "deployment file")
    .requiredOption(
      "--key <file>",
      "key file of the sender; the password of a key store is read from OPG_KEY_PASSWORD",
    );
}

/** A checked connection, and an account to send from. */
export interface ChainAccess {
  readonly deployment: Deployment;
  readonly account: Wallet;
}

/** Connects, acts, and disconnects. */
export async function onChain<T>(
  { rpc, deployment: file, key }: ChainOptions,
  act: (access: ChainAccess) => Promise<T>,
): Promise<T> {
  const deployment = await readDeployment(file);
  const wallet = await readAccount(key, keyPassword());
  const provider: JsonRpcProvider = await openChain({ rpcUrl: rpc, deployment });
  try {
    return await act({ deployment, account: wallet.connect(provider) });
  } finally {
    provider.destroy();
  }
}

/** Password of key files, if there is one. */
export function keyPassword(): string | undefined {
  return process.env.OPG_KEY_PASSWORD;
}
