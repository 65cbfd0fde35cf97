/**
 * The `opg` command.
 *
 * Run: npm run opg -- --help
 */
import process from "node:process";
import { explainFailure, failureJson } from "./failure.ts";
import { isJsonWanted } from "./json-option.ts";
import { program } from "./program.ts";

try {
  await program().parseAsync();
} catch (error) {
  if (isJsonWanted()) process.stdout.write(failureJson(error));
  else process.stderr.write(explainFailure(error));
  process.exitCode = 1;
}
