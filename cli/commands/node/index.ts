import { Command } from "commander";
import { registerCommand } from "./register.ts";
import { startCommand } from "./start.ts";

/** `opg node`: run a node that serves requests. */
export function nodeCommand(): Command {
  return new Command("node")
    .description("Register and run a node")
    .addCommand(registerCommand())
    .addCommand(startCommand());
}
