import { Option, type Command } from "commander";
import { dimension, integerBetween } from "./arguments.ts";

/** How a network becomes integers. */
export interface QuantisationChoices {
  readonly weightBits: number;
  readonly activationBits: number;
  readonly inputType: "int8" | "int16";
  readonly dimension: Readonly<Record<string, number>>;
}

/** Adds the options of a command that quantises. */
export function withQuantisationOptions(command: Command): Command {
  return command
    .option("--weight-bits <n>", "bits of a weight", integerBetween(2, 16), 8)
    .option("--activation-bits <n>", "bits of an activation", integerBetween(2, 16), 12)
    .addOption(
      new Option("--input-type <type>", "integers that a floating-point input becomes")
        .choices(["int8", "int16"])
        .default("int8"),
    )
    .option(
      "--dimension <name=size>",
      "size of a dimension that the file leaves open, such as batch_size=1; repeatable",
      dimension,
      {},
    );
}
