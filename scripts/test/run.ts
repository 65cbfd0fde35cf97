/**
 * Runs what has to hold before a change lands, and ends with one line that adds everything up.
 *
 * Run: npm test, or npm test -- --only <words of a title>
 */
import process from "node:process";
import { runSuite, type SuiteResult } from "./suite.ts";
import { SUITES } from "./suites.ts";

const only = process.argv[2] === "--only" ? process.argv.slice(3).join(" ") : "";

const results: SuiteResult[] = [];
for (const suite of SUITES) {
  if (suite.title.includes(only)) results.push(await runSuite(suite));
}

const count = (key: keyof SuiteResult) => results.reduce((sum, result) => sum + result[key], 0);
process.stdout.write(`\n${count("passed")} passed, ${count("failed")} failed\n`);
process.exitCode = results.length > 0 && count("failed") === 0 ? 0 : 1;
