import process from "node:process";
import { explainFailure } from "../cli/failure.ts";

/** Runs a script as the command line runs its commands: a failure is a sentence, and an exit code that is not 0. */
export async function asCommand(run: () => Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    process.stderr.write(explainFailure(error));
    process.exitCode = 1;
  }
}
