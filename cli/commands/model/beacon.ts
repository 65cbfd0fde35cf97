import { Command } from "commander";
import { applyBeaconToPackage } from "../../../zkml/setup/package-ceremony.ts";
import { BEACON_EXPONENT } from "../../../zkml/setup/key-transcript.ts";
import type { BeaconOptions } from "../../../zkml/setup/keys.ts";
import { integerBetween } from "../../arguments.ts";
import { contributionLine } from "../../ceremony.ts";
import { withJsonOption } from "../../json-option.ts";
import { printResult } from "../../output.ts";
import { withProverThreads } from "../../prover-threads.ts";

interface Options extends BeaconOptions {
  readonly json: boolean;
}

export function beaconCommand(): Command {
  const command = new Command("beacon")
    .description(
      "Close a package's ceremony with a public random value; nobody can contribute then",
    )
    .argument("<folder>", "package")
    .requiredOption("--name <name>", "where the value comes from, such as a drand round")
    .requiredOption("--value <hex>", "value that was announced before it could be known")
    .option(
      "--iterations-exponent <n>",
      "the value is hashed 2^n times",
      integerBetween(BEACON_EXPONENT.minimum, BEACON_EXPONENT.maximum),
      BEACON_EXPONENT.minimum,
    );
  return withJsonOption(command).action(
    async (folder: string, { value, json, ...options }: Options) => {
      const beacon = { ...options, value: value.replace(/^0x/, "") };
      const made = await withProverThreads(() => applyBeaconToPackage(folder, beacon));
      printResult(json, {
        object: made,
        lines: [
          contributionLine(made.contribution, made.number),
          `transcript ${made.transcriptHash}`,
        ],
      });
    },
  );
}
