import { Command } from "commander";
import { contributeToPackage } from "../../../zkml/setup/package-ceremony.ts";
import type { ContributionOptions } from "../../../zkml/setup/keys.ts";
import { contributionLine } from "../../ceremony.ts";
import { print } from "../../output.ts";
import { withProverThreads } from "../../prover-threads.ts";

export function contributeCommand(): Command {
  return new Command("contribute")
    .description("Add your randomness to a package's keys, so that they can be trusted if you can")
    .argument("<folder>", "package")
    .requiredOption("--name <name>", "what the transcript calls you")
    .option("--entropy <text>", "mixed into the randomness of your operating system")
    .action(async (folder: string, options: ContributionOptions) => {
      const { contribution, number, transcriptHash } = await withProverThreads(() =>
        contributeToPackage(folder, options),
      );
      print(
        contributionLine(contribution, number),
        `transcript ${transcriptHash}`,
        "Publish your contribution's hash, so that others can see that it was you; then pass the folder on.",
      );
    });
}
