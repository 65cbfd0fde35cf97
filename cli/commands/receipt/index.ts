import { Command } from "commander";
import { verifyCommand } from "./verify.ts";

/** `opg receipt`: what answers of nodes are worth. */
export function receiptCommand(): Command {
  return new Command("receipt")
    .description("Check receipts of answers, and find them in the chain")
    .addCommand(verifyCommand());
}
