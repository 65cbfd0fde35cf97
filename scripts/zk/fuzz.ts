/**
 * Tries forged witnesses of whole networks for as long as one has time: of this repository's own networks, and of those in a
 * folder as `zk:corpus` takes it. Each round takes the next seed, and with it other inputs and other forgeries.
 *
 * Run: npm run zk:fuzz -- [FOLDER] [--seconds N] [--seed N]
 */
import { readdir } from "node:fs/promises";
import process from "node:process";
import { Command } from "commander";
import { integerBetween } from "../../cli/arguments.ts";
import { explainFailure } from "../../cli/failure.ts";
import { FORGERY_KINDS, fuzz, mapKinds, type FuzzBudget } from "../../zkml/testing/fuzz.ts";
import { seededRandom } from "../../zkml/testing/random.ts";
import { corpusStage, randomScene, STAGES, type Stage } from "../../zkml/testing/scenes.ts";

/** All wires of small networks; some thousands of larger ones. */
const BUDGET: FuzzBudget = {
  wires: 20_000,
  pairs: 20_000,
  aliases: 10_000,
  completions: 1000,
  lies: 200,
};

interface Options {
  readonly seconds: number;
  readonly seed: number;
  readonly maxConstraints: number;
}

const command = new Command("zk:fuzz")
  .description("Try forged witnesses of whole networks; all must break a constraint")
  .argument("[folder]", "holds NAME/network.onnx, NAME/input.json and NAME/expected.json")
  .option("--seconds <seconds>", "begins no round after this time", integerBetween(1, 604_800), 600)
  .option("--seed <seed>", "of the first round", integerBetween(0, 2 ** 31), 1)
  .option("--max-constraints <n>", "leaves larger networks out", integerBetween(1, 2 ** 28), 25_000)
  .action(run);

try {
  await command.parseAsync();
} catch (error) {
  process.stderr.write(explainFailure(error));
  process.exitCode = 1;
}

async function run(folder: string | undefined, options: Options): Promise<void> {
  const stages = await stagesOf(folder, options);
  const end = Date.now() + options.seconds * 1000;
  let accepted = 0;
  let tried = mapKinds(() => 0);
  for (let seed = options.seed; Date.now() < end; seed++) {
    for (const [name, stage] of stages) {
      const random = seededRandom(seed);
      const result = fuzz(randomScene(stage, random), BUDGET, random);
      const before = tried;
      tried = mapKinds((kind) => before[kind] + result.tried[kind]);
      for (const words of result.accepted) {
        process.stdout.write(`FORGED: ${name}, seed ${seed}: ${words}\n`);
      }
      accepted += result.accepted.length;
    }
    const counts = FORGERY_KINDS.map((kind) => `${tried[kind]} ${kind}`).join(", ");
    process.stdout.write(`seed ${seed}: ${counts} tried, ${accepted} accepted\n`);
  }
  if (accepted > 0) process.exitCode = 1;
}

async function stagesOf(
  folder: string | undefined,
  { maxConstraints }: Options,
): Promise<readonly (readonly [string, Stage])[]> {
  const own = Object.entries(STAGES).map(([name, stage]) => [name, stage()] as const);
  const entries = folder === undefined ? [] : await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  const others: (readonly [string, Stage])[] = [];
  for (const name of names) others.push([name, await corpusStage(folder ?? "", name)]);
  return [...own, ...others].filter(
    ([, { circuit }]) => circuit.constraints.length <= maxConstraints,
  );
}
