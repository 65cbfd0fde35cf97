/**
 * Checks one network of a corpus, in a process of its own, and writes its result as a line of JSON each time more is known.
 *
 * Run by scripts/zk/corpus.ts: corpus-network.ts FOLDER [WORK CACHE]
 */
import process from "node:process";
import { checkNetwork, type Chain } from "../../zkml/corpus/check-network.ts";
import { stopProverThreads } from "../../zkml/prove/threads.ts";

const [folder = "", work, cache] = process.argv.slice(2);
const proving = work === undefined || cache === undefined ? undefined : { work, cache, openChain };
await checkNetwork(
  folder,
  (result) => process.stdout.write(`${JSON.stringify(result)}\n`),
  proving,
);
await stopProverThreads();

/** Loaded by those networks alone that get as far as a proof. */
async function openChain(): Promise<Chain> {
  const { startProofChain } = await import("../proof-chain.ts");
  const { request, verify, close } = await startProofChain();
  const accepts: Chain["accepts"] = async (...answer) => (await verify(...answer)) !== undefined;
  return { request, accepts, close };
}
