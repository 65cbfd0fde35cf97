import { Command } from "commander";
import { Listr } from "listr2";
import { stopProverThreads } from "../../../zkml/prove/threads.ts";
import { setUp, setUpForDevelopment } from "../../../zkml/setup/package-setup.ts";
import { readInputFile } from "../../files.ts";
import { print } from "../../output.ts";

interface Options {
  readonly powersOfTau?: string;
  readonly contributor: string;
  readonly cache: string;
}

export function setupCommand(): Command {
  return new Command("setup")
    .description("Make a package's proving and verification key")
    .argument("<folder>", "package")
    .option("--powers-of-tau <file>", "prepared .ptau file; a development one is made without it")
    .option("--contributor <name>", "who contributes randomness", "operator")
    .option("--cache <folder>", "where development files are kept", ".cache/powers-of-tau")
    .action(async (folder: string, options: Options) => {
      try {
        await new Listr([
          { title: `Making keys for ${folder}`, task: () => makeKeys(folder, options) },
        ]).run();
      } finally {
        await stopProverThreads();
      }
      if (options.powersOfTau === undefined) {
        print("These keys are for development: this machine could forge proofs with what it knew.");
      }
    });
}

async function makeKeys(
  folder: string,
  { powersOfTau, contributor, cache }: Options,
): Promise<void> {
  if (powersOfTau === undefined) {
    await setUpForDevelopment(folder, { cacheFolder: cache });
  } else {
    await setUp(folder, { tau: await readInputFile(powersOfTau), contributor });
  }
}
