/**
 * The `opg` command.
 *
 * Run: npm run opg -- --help
 */
import process from "node:process";
import { explainFailure } from "./failure.ts";
import { program } from "./program.ts";

try {
  await program().parseAsync();
} catch (error) {
  process.stderr.write(explainFailure(error));
  process.exitCode = 1;
}
