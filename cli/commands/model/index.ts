import { Command } from "commander";
import { compileCommand } from "./compile.ts";
import { proveCommand } from "./prove.ts";
import { publishCommand } from "./publish.ts";
import { runCommand } from "./run.ts";
import { setupCommand } from "./setup.ts";

/** `opg model`: from an ONNX file to a model that can be asked. */
export function modelCommand(): Command {
  return new Command("model")
    .description("Compile, set up, run, prove and publish models")
    .addCommand(compileCommand())
    .addCommand(setupCommand())
    .addCommand(runCommand())
    .addCommand(proveCommand())
    .addCommand(publishCommand());
}
