/**
 * Runs a folder of networks through the compiler, one after the other, and says how each fared. Each is a folder with
 * `network.onnx`, `input.json` and `expected.json`.
 *
 * Run: npm run zk:corpus -- FOLDER [--prove] [--json FILE]
 */
import path from "node:path";
import process from "node:process";
import { Command } from "commander";
import { integerBetween } from "../../cli/arguments.ts";
import { asCommand } from "../as-command.ts";
import { requireWritable, writeWhole } from "../../cli/files.ts";
import { networksIn } from "../../zkml/corpus/networks-in.ts";
import type { NetworkResult } from "../../zkml/corpus/result.ts";
import { corpusTable } from "./corpus-table.ts";
import { checkIsolated } from "./isolated-network.ts";

interface Options {
  readonly prove: boolean;
  readonly json?: string;
  readonly timeout: number;
  readonly memory: number;
  readonly cache: string;
}

const command = new Command("zk:corpus")
  .description("Compile, run and check every network of a folder")
  .argument("<folder>", "holds NAME/network.onnx, NAME/input.json and NAME/expected.json")
  .option(
    "--prove",
    "prove networks of less than 2^18 constraints, with development keys, and verify by the contract",
    false,
  )
  .option("--json <file>", "write the results as a JSON list")
  .option("--timeout <seconds>", "for each network", integerBetween(1, 86_400), 1800)
  .option("--memory <MiB>", "heap for each network", integerBetween(64, 1_048_576), 4096)
  .option("--cache <folder>", "where development files are kept", ".cache/powers-of-tau")
  .action(run);

await asCommand(async () => {
  await command.parseAsync();
});

async function run(folder: string, options: Options): Promise<void> {
  const names = await networksIn(folder);
  if (options.json !== undefined) await requireWritable(options.json);
  if (options.prove) await buildContracts();
  const results: NetworkResult[] = [];
  for (const [index, name] of names.entries()) {
    process.stderr.write(`[${index + 1}/${names.length}] ${name}\n`);
    results.push(await checkIsolated(path.join(folder, name), limitsOf(options)));
  }
  if (options.json !== undefined) {
    await writeWhole(options.json, `${JSON.stringify(results, undefined, 2)}\n`);
  }
  process.stdout.write(`${corpusTable(results)}\n`);
}

/** Hardhat is loaded only for who proves. */
async function buildContracts(): Promise<void> {
  const { requireBuiltContracts } = await import("../built-contracts.ts");
  await requireBuiltContracts();
}

function limitsOf({ timeout, memory, ...rest }: Options) {
  return { ...rest, timeoutSeconds: timeout, memoryMiB: memory };
}
