import { Command } from "commander";
import { beaconCommand } from "./beacon.ts";
import { compileCommand } from "./compile.ts";
import { contributeCommand } from "./contribute.ts";
import { inspectCommand } from "./inspect.ts";
import { proveCommand } from "./prove.ts";
import { publishCommand } from "./publish.ts";
import { sealCommand } from "./seal.ts";
import { runCommand } from "./run.ts";
import { setupCommand } from "./setup.ts";
import { verifyCommand } from "./verify.ts";
import { verifySetupCommand } from "./verify-setup.ts";

/** `opg model`: from an ONNX file to a model that can be asked. */
export function modelCommand(): Command {
  return new Command("model")
    .description("Inspect, compile, set up, run, prove, verify and publish models")
    .addCommand(inspectCommand())
    .addCommand(compileCommand())
    .addCommand(setupCommand())
    .addCommand(contributeCommand())
    .addCommand(beaconCommand())
    .addCommand(verifySetupCommand())
    .addCommand(runCommand())
    .addCommand(sealCommand())
    .addCommand(proveCommand())
    .addCommand(verifyCommand())
    .addCommand(publishCommand());
}
