import { Command } from "commander";
import { stopProverThreads } from "../../../zkml/prove/threads.ts";
import { setUp, setUpForDevelopment, type SetupStep } from "../../../zkml/setup/package-setup.ts";
import { readInputFile } from "../../files.ts";
import { withJsonOption } from "../../json-option.ts";
import { printResult } from "../../output.ts";
import { withProgress, type ProgressListener } from "../../progress.ts";

interface Options {
  readonly powersOfTau?: string;
  readonly contributor: string;
  readonly cache: string;
  readonly json: boolean;
}

const STEPS: readonly SetupStep[] = ["powers of tau", "keys"];

export function setupCommand(): Command {
  const command = new Command("setup")
    .description("Make a package's proving and verification key")
    .argument("<folder>", "package")
    .option("--powers-of-tau <file>", "prepared .ptau file; a development one is made without it")
    .option("--contributor <name>", "who contributes randomness", "operator")
    .option("--cache <folder>", "where development files are kept", ".cache/powers-of-tau");
  return withJsonOption(command).action(async (folder: string, options: Options) => {
    await withProgress(STEPS, (onProgress) => makeKeys(folder, options, onProgress)).finally(
      stopProverThreads,
    );
    const isForDevelopment = options.powersOfTau === undefined;
    printResult(options.json, {
      object: { folder, isForDevelopment },
      lines: [
        `${folder} has keys.`,
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
  { powersOfTau, contributor, cache }: Options,
  onProgress: ProgressListener<SetupStep>,
): Promise<void> {
  if (powersOfTau === undefined) {
    await setUpForDevelopment(folder, { cacheFolder: cache, onStep: onProgress });
  } else {
    const tau = await readInputFile(powersOfTau);
    onProgress("keys");
    await setUp(folder, { tau, contributor });
  }
}
