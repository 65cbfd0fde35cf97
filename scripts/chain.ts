/**
 * A chain with Base's rules on this machine, to try everything on: http://127.0.0.1:8545, until Ctrl+C. Its clock keeps to
 * this machine's, and nothing of it is kept.
 *
 * Run: npm run chain
 */
import { once } from "node:events";
import { createServer } from "node:net";
import process from "node:process";
import { OpenGradientError } from "../sdk/errors.ts";
import { asCommand } from "./as-command.ts";
import { startLocalChain } from "./local-chain.ts";

/** Where the network `local` of `hardhat.config.ts` is. */
const PORT = 8_545;

/** @throws OpenGradientError `CONFIG_INVALID`. Hardhat's server would end the process. */
async function requireFreePort(): Promise<void> {
  const probe = createServer().listen(PORT, "127.0.0.1");
  try {
    await once(probe, "listening");
  } catch (cause) {
    throw new OpenGradientError(
      "CONFIG_INVALID",
      `The port ${PORT} of this machine is taken.`,
      "Stop what listens there: another chain, perhaps.",
      { cause },
    );
  }
  probe.close();
  await once(probe, "close");
}

await asCommand(async () => {
  await requireFreePort();
  const { rpcUrl, close } = await startLocalChain({ port: PORT, keepsTime: true });
  process.stdout.write(`${rpcUrl}\n`);
  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  await close();
});
