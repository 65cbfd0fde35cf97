/**
 * Compiles the contracts. Warnings of our own sources are errors; those of dependencies are not shown.
 *
 * Run: npm run build [-- --build-profile production]
 */
import { spawnSync } from "node:child_process";
import process from "node:process";

const options = process.argv.slice(2);
// Through the intermediate representation, the Solidity tests alone would take minutes; nobody ships them.
if (options.includes("production")) options.push("--no-tests");

const { status, stdout, stderr } = spawnSync("hardhat", ["build", "--quiet", ...options], {
  encoding: "utf8",
});
const isProduction = options.includes("production");

/** The fast build is larger than what ships, which is held to the limit by a test. */
function isOurs(message: string): boolean {
  if (!isProduction && message.includes("Contract code size")) return false;
  return message.trim() !== "" && !/-->\s+\.\/node_modules\//.test(message);
}

const messages = `${stdout}${stderr}`.split(/\n(?=\S*(?:Warning|Error|\w+Error)[: ])/);
const ours = messages.filter((message) => isOurs(message));
if (ours.length > 0) process.stderr.write(`${ours.join("\n").trim()}\n`);
process.exitCode = status !== 0 || ours.length > 0 ? 1 : 0;
