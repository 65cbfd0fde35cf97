import { Command } from "commander";
import { readKeys } from "../../../zkml/model/package.ts";
import { setUp, setUpForDevelopment, type SetupStep } from "../../../zkml/setup/package-setup.ts";
import { ceremonyLines } from "../../ceremony.ts";
import { withJsonOption } from "../../json-option.ts";
import { printResult } from "../../output.ts";
import { withProgress, type ProgressListener } from "../../progress.ts";
import { withProverThreads } from "../../prover-threads.ts";

interface Options {
  readonly powersOfTau?: string;
  readonly contributor: string;
  readonly cache: string;
  readonly overwrite: boolean;
  readonly json: boolean;
}

const STEPS: readonly SetupStep[] = ["powers of tau", "keys"];

export function setupCommand(): Command {
  const command = new Command("setup")
    .description("Make a package's proving and verification key")
    .argument("<folder>", "package")
    .option(
      "--powers-of-tau <file>",
      "prepared .ptau file of the public ceremony; a development one is made without it",
    )
    .option("--contributor <name>", "who contributes randomness, with --powers-of-tau", "operator")
    .option("--cache <folder>", "where development files are kept", ".cache/powers-of-tau")
    .option("--overwrite", "replace keys, and undo all contributions to them", false);
  return withJsonOption(command).action(async (folder: string, options: Options) => {
    await withProgress(STEPS, (onProgress) =>
      withProverThreads(() => makeKeys(folder, options, onProgress)),
    );
    const { ceremony } = await readKeys(folder);
    const isForDevelopment = ceremony.powersOfTau.origin === "development";
    printResult(options.json, {
      object: { folder, isForDevelopment, ceremony },
      lines: [
        ...ceremonyLines(ceremony),
        ...(isForDevelopment ? [DEVELOPMENT_WARNING] : []),
        `Next: opg model prove ${folder} --input FILE --output FILE`,
      ],
    });
  });
}

const DEVELOPMENT_WARNING =
  "These keys are for development: this machine could forge proofs with what it knew.";

async function makeKeys(
  folder: string,
  { powersOfTau, contributor, cache, overwrite }: Options,
  onProgress: ProgressListener<SetupStep>,
): Promise<void> {
  if (powersOfTau === undefined) {
    await setUpForDevelopment(folder, { cacheFolder: cache, overwrite, onStep: onProgress });
  } else {
    onProgress("keys");
    await setUp(folder, { tau: powersOfTau, contributor, overwrite });
  }
}
