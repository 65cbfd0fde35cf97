import { Option, type Command } from "commander";
import { dimension, integerBetween } from "./arguments.ts";

/** How a network becomes integers. */
export interface QuantisationChoices {
  readonly weightBits?: number;
  readonly activationBits?: number;
  readonly inputType?: "int8" | "int16";
  readonly dimension: Readonly<Record<string, number>>;
}

/** Adds the options of a command that quantises. */
export function withQuantisationOptions(command: Command): Command {
  return command
    .option(
      "--weight-bits <n>",
      "bits of a weight; 8 if another precision is given",
      integerBetween(2, 16),
    )
    .option("--activation-bits <n>", "bits of an activation; 12", integerBetween(2, 16))
    .addOption(
      new Option(
        "--input-type <type>",
        "integers that a floating-point input becomes; int8. Without any of the three: as coarse as stays within 1 % on the samples",
      ).choices(["int8", "int16"]),
    )
    .option(
      "--dimension <name=size>",
      "size of a dimension that the file leaves open, such as batch_size=1; repeatable",
      dimension,
      {},
    );
}
