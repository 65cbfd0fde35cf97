import { Command } from "commander";
import { Listr } from "listr2";
import { setUp, setUpForDevelopment } from "../../../zkml/setup/package-setup.ts";
import { readKeys } from "../../../zkml/model/package.ts";
import { ceremonyLines } from "../../ceremony.ts";
import { print } from "../../output.ts";
import { withProverThreads } from "../../prover-threads.ts";

interface Options {
  readonly powersOfTau?: string;
  readonly contributor: string;
  readonly cache: string;
  readonly overwrite: boolean;
}

export function setupCommand(): Command {
  return new Command("setup")
    .description("Make a package's proving and verification key")
    .argument("<folder>", "package")
    .option(
      "--powers-of-tau <file>",
      "prepared .ptau file of the public ceremony; a development one is made without it",
    )
    .option("--contributor <name>", "who contributes randomness", "operator")
    .option("--cache <folder>", "where development files are kept", ".cache/powers-of-tau")
    .option("--overwrite", "replace keys, and undo all contributions to them", false)
    .action(async (folder: string, options: Options) => {
      const task = () => withProverThreads(() => makeKeys(folder, options));
      await new Listr([{ title: `Making keys for ${folder}`, task }]).run();
      const { ceremony } = await readKeys(folder);
      print(...ceremonyLines(ceremony));
      if (ceremony.powersOfTau.origin === "development") {
        print("These keys are for development: this machine could forge proofs with what it knew.");
      }
    });
}

async function makeKeys(
  folder: string,
  { powersOfTau, contributor, cache, overwrite }: Options,
): Promise<void> {
  if (powersOfTau === undefined) {
    await setUpForDevelopment(folder, { cacheFolder: cache, overwrite });
  } else {
    await setUp(folder, { tau: powersOfTau, contributor, overwrite });
  }
}
