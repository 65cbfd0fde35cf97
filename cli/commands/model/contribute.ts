import { Command } from "commander";
import { contributeToPackage } from "../../../zkml/setup/package-ceremony.ts";
import type { ContributionOptions } from "../../../zkml/setup/keys.ts";
import { contributionLine } from "../../ceremony.ts";
import { withJsonOption } from "../../json-option.ts";
import { printResult } from "../../output.ts";
import { withProverThreads } from "../../prover-threads.ts";

interface Options extends ContributionOptions {
  readonly json: boolean;
}

export function contributeCommand(): Command {
  const command = new Command("contribute")
    .description("Add your randomness to a package's keys, so that they can be trusted if you can")
    .argument("<folder>", "package")
    .requiredOption("--name <name>", "what the transcript calls you")
    .option("--entropy <text>", "mixed into the randomness of your operating system");
  return withJsonOption(command).action(async (folder: string, { json, ...options }: Options) => {
    const made = await withProverThreads(() => contributeToPackage(folder, options));
    printResult(json, {
      object: made,
      lines: [
        contributionLine(made.contribution, made.number),
        `transcript ${made.transcriptHash}`,
        "Publish your contribution's hash, so that others can see that it was you; then pass the folder on.",
      ],
    });
  });
}
