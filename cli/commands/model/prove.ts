import { Command, Option } from "commander";
import { readPackage } from "../../../zkml/model/package.ts";
import { createProver } from "../../../zkml/prove/provers/create-prover.ts";
import { PROVER_NAMES, type ProverName } from "../../../zkml/prove/provers/prover.ts";
import { requireNoFile, requireWritable, writeWhole } from "../../files.ts";
import { withJsonOption } from "../../json-option.ts";
import { readModelInput } from "../../model-input.ts";
import { printResult } from "../../output.ts";
import { withProgress } from "../../progress.ts";
import { NOBODY, readClaim } from "../../proofs/claim.ts";
import { encodeProofFile } from "../../proofs/proof-file.ts";
import { proveClaim } from "../../proofs/prove-claim.ts";
import { withProverThreads } from "../../prover-threads.ts";

interface Options {
  readonly input: string;
  readonly claim?: string;
  readonly output: string;
  readonly prover?: ProverName;
  readonly rapidsnark?: string;
  readonly json: boolean;
}

export function proveCommand(): Command {
  const command = new Command("prove")
    .description("Prove what a model says to an input, for one request and node")
    .argument("<folder>", "package with keys")
    .requiredOption(
      "--input <file>",
      "input: raw bytes, or integers as a flat list in a .json file; if inputs are private, an opening",
    )
    .requiredOption("--output <file>", "proof file to write")
    .option(
      "--claim <file>",
      "JSON: chainId, market, requestId, node, publisher, groth16Verifier; without it the proof is for nobody",
    )
    .addOption(
      new Option("--prover <name>", "without it: rapidsnark if it is there, else warm").choices(
        PROVER_NAMES,
      ),
    )
    .option("--rapidsnark <program>", "executable of rapidsnark");
  return withJsonOption(command).action(async (folder: string, options: Options) => {
    const { file, prover, witnessMs, proofMs } = await withProverThreads(() =>
      prove(folder, options),
    );
    const { claim, output } = file;
    printResult(options.json, {
      object: { file: options.output, modelId: claim.modelId, output, prover, witnessMs, proofMs },
      lines: [
        `Proved in ${Math.round(witnessMs + proofMs)} ms with ${prover}: ${options.output}`,
        `model  ${claim.modelId}`,
        `output ${output}`,
        `Next: opg model verify ${options.output} --key ${folder}`,
      ],
    });
  });
}

function prove(folder: string, { input, claim, output, ...choice }: Options) {
  return withProgress(["read package", "prove", "write"], async (onProgress) => {
    await requireNoFile(output);
    await requireWritable(output);
    const forWhom = claim === undefined ? NOBODY : await readClaim(claim);
    const model = await readPackage(folder);
    const bytes = await readModelInput(input, { graph: model.graph, form: model.circuit.form });
    const prover = await createProver({ name: choice.prover, rapidsnark: choice.rapidsnark });
    onProgress("prove");
    try {
      const proven = await proveClaim(model, bytes, { claim: forWhom, prover });
      onProgress("write");
      await writeWhole(output, encodeProofFile(proven.file));
      return { ...proven, prover: prover.name };
    } finally {
      await prover.stop();
    }
  });
}
