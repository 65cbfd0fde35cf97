import { Command } from "commander";
import { askCommand } from "./ask.ts";
import { describeCommand } from "./describe.ts";
import { requestCommand } from "./request.ts";
import { serveCommand } from "./serve.ts";

/** `opg llm`: from a GGUF file to a language model that can be asked. */
export function llmCommand(): Command {
  return new Command("llm")
    .description("Describe, ask and serve language models, and pay nodes for their answers")
    .addCommand(describeCommand())
    .addCommand(askCommand())
    .addCommand(serveCommand())
    .addCommand(requestCommand());
}
