import { Command } from "commander";
import { beaconCommand } from "./beacon.ts";
import { compileCommand } from "./compile.ts";
import { contributeCommand } from "./contribute.ts";
import { publishCommand } from "./publish.ts";
import { runCommand } from "./run.ts";
import { setupCommand } from "./setup.ts";
import { verifySetupCommand } from "./verify-setup.ts";

/** `opg model`: from an ONNX file to a model that can be asked. */
export function modelCommand(): Command {
  return new Command("model")
    .description("Compile, set up, run and publish models")
    .addCommand(compileCommand())
    .addCommand(setupCommand())
    .addCommand(contributeCommand())
    .addCommand(beaconCommand())
    .addCommand(verifySetupCommand())
    .addCommand(runCommand())
    .addCommand(publishCommand());
}
