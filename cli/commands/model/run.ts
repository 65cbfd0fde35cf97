import { Command } from "commander";
import { concat } from "ethers";
import { at } from "../../../zkml/arrays.ts";
import { splitInputs, type ProofForm } from "../../../zkml/circuit/proof-form.ts";
import { infer } from "../../../zkml/integer/run.ts";
import { decodeTensors, splitTensors } from "../../../zkml/integer/tensor-spec.ts";
import { readGraph, readManifest } from "../../../zkml/model/package.ts";
import { withJsonOption } from "../../json-option.ts";
import { readModelInput } from "../../model-input.ts";
import { printResult } from "../../output.ts";

interface Options {
  readonly input: string;
  readonly json: boolean;
}

export function runCommand(): Command {
  const command = new Command("run")
    .description("Run a compiled model on this machine, exactly as it is proved")
    .argument("<folder>", "package")
    .requiredOption(
      "--input <file>",
      "input: raw bytes, or integers as a flat list in a .json file",
    );
  return withJsonOption(command).action(async (folder: string, { input, json }: Options) => {
    const graph = await readGraph(folder);
    const { inferences } = await readManifest(folder);
    // In the open, also where the chain would not see it.
    const form: ProofForm = { inputs: "public", inferences };
    const parts = splitInputs(form, graph, await readModelInput(input, { graph, form }));
    const answers = parts.map((part) => infer(graph, part));
    const outputs = answers.flatMap((answer) => {
      const tensors = splitTensors(graph.outputs, decodeTensors(graph.outputs, answer));
      return graph.outputs.map((spec, k) => ({ ...spec, values: at(tensors, k) }));
    });
    const bytes = concat(answers);
    printResult(json, {
      object: { outputs, bytes },
      lines: [
        ...outputs.map(({ name, values }) => `${name}: [${values.join(", ")}]`),
        `bytes: ${bytes}`,
      ],
    });
  });
}
