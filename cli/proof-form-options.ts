import type { Command } from "commander";
import { MAX_INFERENCES, type ProofForm } from "../zkml/circuit/proof-form.ts";
import { integerBetween } from "./arguments.ts";

/** What proofs of a model carry. */
export interface ProofFormChoices {
  readonly privateInput: boolean;
  readonly inferences: number;
}

/** Adds the options of a command that makes a circuit. */
export function withProofFormOptions(command: Command): Command {
  return command
    .option("--private-input", "the chain sees commitments to inputs, never inputs", false)
    .option(
      "--inferences <n>",
      "inferences that one proof carries, and that one request may ask for",
      integerBetween(1, MAX_INFERENCES),
      1,
    );
}

export function proofFormOf({ privateInput, inferences }: ProofFormChoices): ProofForm {
  return { inputs: privateInput ? "private" : "public", inferences };
}
