import { Command } from "commander";
import { compileCommand } from "./compile.ts";
import { publishCommand } from "./publish.ts";
import { runCommand } from "./run.ts";
import { setupCommand } from "./setup.ts";

/** `opg model`: from an ONNX file to a model that can be asked. */
export function modelCommand(): Command {
  return new Command("model")
    .description("Compile, set up, run and publish models")
    .addCommand(compileCommand())
    .addCommand(setupCommand())
    .addCommand(runCommand())
    .addCommand(publishCommand());
}
