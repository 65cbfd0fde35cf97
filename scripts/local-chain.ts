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

/** Starts a chain on a free port. It calls itself by Hardhat's chain id, unless it is to stand for another chain. */
export async function startLocalChain(chainId = 31_337): Promise<LocalChain> {
  const chain = { network: "default", override: { chainId } } as const;
  const server = await hre.network.createServer(chain, "127.0.0.1");
  const { address, port } = await server.listen();
  const rpcUrl = `http://${address}:${port}`;
  const connection = await hre.network.create({ network: "local", override: { url: rpcUrl } });
  const close = async () => {
    await connection.close();
    await server.close();
  };
  return { rpcUrl, connection, close };
}

/** Key of a development account, by its position among the chain's accounts. */
export function developmentAccount(index: number): BaseWallet {
  const root = HDNodeWallet.fromMnemonic(Mnemonic.fromPhrase(MNEMONIC), "m/44'/60'/0'/0");
  return root.deriveChild(index);
}
