/**
 * Tries forged witnesses of whole networks for as long as one has time: of this repository's own networks, and of those in a
 * folder as `zk:corpus` takes it. Each round takes the next seed, and with it other inputs and other
 * forgeries.
 *
 * Run: npm run zk:fuzz -- [FOLDER] [--seconds N] [--seed N]
 */
import process from "node:process";
import { Command } from "commander";
import { integerBetween } from "../../cli/arguments.ts";
import { asCommand } from "../as-command.ts";
import { at } from "../../zkml/arrays.ts";
import { networksIn } from "../../zkml/corpus/networks-in.ts";
import { FORGERY_KINDS, fuzz, mapKinds, type FuzzBudget } from "../../zkml/testing/fuzz.ts";
import { seededRandom } from "../../zkml/random.ts";
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
  .option(
    "--seconds <seconds>",
    "begins no network after this time",
    integerBetween(1, 604_800),
    600,
  )
  .option("--seed <seed>", "of the first round", integerBetween(0, 2 ** 31), 1)
  .option("--max-constraints <n>", "leaves larger networks out", integerBetween(1, 2 ** 28), 25_000)
  .action(run);

await asCommand(async () => {
  await command.parseAsync();
});

async function run(folder: string | undefined, options: Options): Promise<void> {
  const stages = await stagesOf(folder, options);
  const end = Date.now() + options.seconds * 1000;
  let tried = mapKinds(() => 0);
  for (let turn = 0; Date.now() < end; turn++) {
    const seed = options.seed + Math.floor(turn / stages.length);
    const [name, stage] = at(stages, turn % stages.length);
    const random = seededRandom(seed);
    const result = fuzz(randomScene(stage, random), BUDGET, random);
    const before = tried;
    tried = mapKinds((kind) => before[kind] + result.tried[kind]);
    for (const words of result.accepted) {
      process.stdout.write(`FORGED: ${name}, seed ${seed}: ${words}\n`);
      process.exitCode = 1;
    }
    process.stdout.write(`${name}, seed ${seed}: ${result.accepted.length} accepted\n`);
  }
  const counts = FORGERY_KINDS.map((kind) => `${tried[kind]} ${kind}`).join(", ");
  process.stdout.write(`tried: ${counts}\n`);
}

async function stagesOf(
  folder: string | undefined,
  { maxConstraints }: Options,
): Promise<readonly (readonly [string, Stage])[]> {
  const own = Object.entries(STAGES).map(([name, stage]) => [name, stage()] as const);
  const names = folder === undefined ? [] : await networksIn(folder);
  const others: (readonly [string, Stage])[] = [];
  for (const name of names) others.push([name, await corpusStage(folder ?? "", name)]);
  return [...own, ...others].filter(
    ([, { circuit }]) => circuit.constraints.length <= maxConstraints,
  );
}
