import { Command } from "commander";
import { attestCommand } from "./commands/attest/index.ts";
import { chatCommand } from "./commands/chat.ts";
import { inferCommand } from "./commands/infer.ts";
import { llmCommand } from "./commands/llm/index.ts";
import { modelCommand } from "./commands/model/index.ts";
import { nodeCommand } from "./commands/node/index.ts";
import { receiptCommand } from "./commands/receipt/index.ts";

/** The whole command line. */
export function program(): Command {
  return new Command("opg")
    .description("Run, pay for and check AI inference on Base")
    .showHelpAfterError("Run the command with --help to see what it takes.")
    .addCommand(modelCommand())
    .addCommand(llmCommand())
    .addCommand(nodeCommand())
    .addCommand(inferCommand())
    .addCommand(chatCommand())
    .addCommand(receiptCommand())
    .addCommand(attestCommand());
}
