/**
 * A chain with Base's rules on this machine, to try everything on: http://127.0.0.1:8545, until Ctrl+C. Its clock keeps to
 * this machine's, and nothing of it is kept.
 *
 * Run: npm run chain
 */
import { once } from "node:events";
import process from "node:process";
import { asCommand } from "./as-command.ts";
import { startLocalChain } from "./local-chain.ts";

/** Where the network `local` of `hardhat.config.ts` is. */
const PORT = 8_545;

await asCommand(async () => {
  const { rpcUrl, close } = await startLocalChain({ port: PORT, keepsTime: true });
  process.stdout.write(`${rpcUrl}\n`);
  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  await close();
});
