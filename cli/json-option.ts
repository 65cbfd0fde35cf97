import process from "node:process";
import type { Command } from "commander";
import { misuseJson } from "./failure.ts";

const FLAG = "--json";

/**
 * Lets a command print one JSON object on stdout, and nothing else there; what commander says of bad arguments becomes
 * JSON as well.
 */
export function withJsonOption(command: Command): Command {
  return command.option(FLAG, "print one JSON object, also for an error", false).configureOutput({
    outputError: (text, write) => {
      if (isJsonWanted()) process.stdout.write(misuseJson(text));
      else write(text);
    },
  });
}

/** As typed: a command whose arguments are bad has no options yet. */
export function isJsonWanted(): boolean {
  return process.argv.includes(FLAG);
}
