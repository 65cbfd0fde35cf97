import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { JsonRpcProvider, Wallet, type BaseWallet } from "ethers";
import { developmentAccount, startLocalChain } from "../../scripts/local-chain.ts";
import { startPaidNode, type PaidNodeOptions } from "../../worker/testing/paid-node.ts";
import { fundedProtocolOn } from "../fixtures/protocol.ts";

/** Positions of the actors among the development accounts. */
const OPERATOR = 2;
const NODE_SIGNER = 3;
const PAYER = 5;
const STRANGER = 7;

/** A chain with the protocol, and nodes on it that are paid. */
export async function openPaidWorld() {
  const chain = await startLocalChain({ keepsTime: true });
  const protocol = await fundedProtocolOn(chain.connection);
  const { deployment } = protocol;
  const provider = new JsonRpcProvider(chain.rpcUrl, undefined, { cacheTimeout: -1 });
  const folders: string[] = [];
  const newFolder = async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "paid-"));
    folders.push(folder);
    return folder;
  };
  const operator = developmentAccount(OPERATOR);
  const nodeOptions = async (options: Partial<PaidNodeOptions> = {}): Promise<PaidNodeOptions> => ({
    ...{ rpcUrl: chain.rpcUrl, deployment, operator: operator.address },
    privateKey: developmentAccount(NODE_SIGNER).privateKey,
    folder: options.folder ?? (await newFolder()),
    ...options,
  });
  return {
    ...{ chain, protocol, deployment, provider, operator, newFolder, nodeOptions },
    payer: connected(developmentAccount(PAYER), provider),
    stranger: connected(developmentAccount(STRANGER), provider),
    startNode: async (options: Partial<PaidNodeOptions> = {}) =>
      startPaidNode(await nodeOptions(options)),
    balanceOf: (account: string) => protocol.opg.balanceOf(account),
    close: async () => {
      provider.destroy();
      await chain.close();
      for (const folder of folders) await rm(folder, { recursive: true });
    },
  };
}

export type PaidWorld = Awaited<ReturnType<typeof openPaidWorld>>;

function connected({ privateKey }: BaseWallet, provider: JsonRpcProvider): Wallet {
  return new Wallet(privateKey, provider);
}

/** Asks a node to echo something. */
export function question(text: string, stream = false): RequestInit {
  return {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ model: "echo", prompt: text, ...(stream && { stream }) }),
  };
}
