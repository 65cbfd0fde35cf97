import { HDNodeWallet, Mnemonic, type BaseWallet } from "ethers";
import hre from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";

/** Hardhat's well-known development accounts: never use them on a real chain. */
const MNEMONIC = "test test test test test test test test test test test junk";

/** A chain with Base's rules on this machine, reached over HTTP like any other. */
export interface LocalChain {
  readonly rpcUrl: string;
  readonly connection: NetworkConnection;
  readonly close: () => Promise<void>;
}

export interface LocalChainOptions {
  /** Hardhat's own, unless the chain is to stand for another. */
  readonly chainId?: number;
  /**
   * Whether the chain's clock keeps to this machine's: a block is mined every second, and more for transactions; otherwise
   * it stands still until there is one, and runs ahead by a second for each.
   */
  readonly keepsTime?: boolean;
  /** Without it, any that is free. */
  readonly port?: number;
}

/** Starts a chain on this machine. */
export async function startLocalChain({
  chainId = 31_337,
  keepsTime = false,
  port: wanted = 0,
}: LocalChainOptions = {}): Promise<LocalChain> {
  const mining = { auto: true, interval: keepsTime ? 1_000 : 0 };
  const override = { chainId, mining, allowBlocksWithSameTimestamp: keepsTime };
  const chain = { network: "default", override } as const;
  const server = await hre.network.createServer(chain, "127.0.0.1", wanted);
  const { address, port } = await server.listen();
  const rpcUrl = `http://${address}:${port}`;
  const connection = await hre.network.create({ network: "local", override: { url: rpcUrl } });
  if (keepsTime) await catchUp(connection);
  const close = async () => {
    await connection.close();
    await server.close();
  };
  return { rpcUrl, connection, close };
}

/** The chain's clock begins with its configuration, and is behind by what starting it took. */
async function catchUp({ ethers: { provider } }: NetworkConnection): Promise<void> {
  await provider.send("evm_mine", []);
  const latest = await provider.getBlock("latest");
  const behind = Math.floor(Date.now() / 1_000) - (latest?.timestamp ?? 0);
  if (behind > 0) await provider.send("evm_increaseTime", [behind]);
  await provider.send("evm_mine", []);
}

/** Key of a development account, by its position among the chain's accounts. */
export function developmentAccount(index: number): BaseWallet {
  const root = HDNodeWallet.fromMnemonic(Mnemonic.fromPhrase(MNEMONIC), "m/44'/60'/0'/0");
  return root.deriveChild(index);
}
