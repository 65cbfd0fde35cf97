import { Command } from "commander";
import { approveCommand } from "./approve.ts";
import { measurementCommand } from "./measurement.ts";
import { verifyCommand } from "./verify.ts";

/** `opg attest`: what runs in an enclave, who vouches for it, and who trusts it. */
export function attestCommand(): Command {
  return new Command("attest")
    .description("Measure an enclave, have its code approved, check attestation documents")
    .addCommand(measurementCommand())
    .addCommand(approveCommand())
    .addCommand(verifyCommand());
}
