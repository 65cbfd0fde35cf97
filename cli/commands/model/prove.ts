import { Command, Option } from "commander";
import { readPackage } from "../../../zkml/model/package.ts";
import { NO_REQUEST, prepareModel, proveInference } from "../../../zkml/prove/prover.ts";
import { createProver } from "../../../zkml/prove/provers/create-prover.ts";
import { PROVER_NAMES, type ProverName } from "../../../zkml/prove/provers/prover.ts";
import { stopProverThreads } from "../../../zkml/prove/threads.ts";
import { integerBetween } from "../../arguments.ts";
import { readInputFile } from "../../files.ts";
import { print } from "../../output.ts";

interface Options {
  readonly input: string;
  readonly prover?: ProverName;
  readonly rapidsnark?: string;
  readonly times: number;
}

export function proveCommand(): Command {
  return new Command("prove")
    .description("Prove a run for no request: tries out the keys, and times a prover")
    .argument("<folder>", "package with keys")
    .requiredOption("--input <file>", "input tensor as raw bytes")
    .addOption(
      new Option("--prover <name>", "without it: rapidsnark if it is there, else warm").choices(
        PROVER_NAMES,
      ),
    )
    .option("--rapidsnark <program>", "executable of rapidsnark")
    .option("--times <n>", "proofs to make; more than one are prepared for", times, 1)
    .action(prove);
}

const times = integerBetween(1, 1000);

async function prove(folder: string, { input: file, times, ...choice }: Options): Promise<void> {
  const input = await readInputFile(file);
  const model = await readPackage(folder);
  const prover = await createProver({ name: choice.prover, rapidsnark: choice.rapidsnark });
  const parts = { origin: NO_REQUEST.modelId, key: NO_REQUEST.node };
  try {
    if (times > 1) await prepareModel(model, prover);
    for (let i = 0; i < times; i++) {
      const request = { input, context: NO_REQUEST, parts };
      const { witnessMs, proofMs } = await proveInference(model, request, prover);
      const [witness, proof] = [witnessMs, proofMs].map(Math.round);
      print(`Proved and verified with ${prover.name}: witness ${witness} ms, proof ${proof} ms.`);
    }
  } finally {
    await prover.stop();
    await stopProverThreads();
  }
}
