import { Command } from "commander";
import { attestCommand } from "./commands/attest/index.ts";
import { llmCommand } from "./commands/llm/index.ts";
import { modelCommand } from "./commands/model/index.ts";
import { nodeCommand } from "./commands/node/index.ts";

/** The whole command line. */
export function program(): Command {
  return new Command("opg")
    .description("Run, pay for and check AI inference on Base")
    .showHelpAfterError("Run the command with --help to see what it takes.")
    .addCommand(modelCommand())
    .addCommand(llmCommand())
    .addCommand(nodeCommand())
    .addCommand(attestCommand());
}
