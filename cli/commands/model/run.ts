import { Command } from "commander";
import { hexlify } from "ethers";
import { at } from "../../../zkml/arrays.ts";
import { infer } from "../../../zkml/integer/run.ts";
import { decodeTensors, splitTensors } from "../../../zkml/integer/tensor-spec.ts";
import { readGraph } from "../../../zkml/model/package.ts";
import { readTensors } from "../../files.ts";
import { withJsonOption } from "../../json-option.ts";
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
    const output = infer(graph, await readTensors(input, graph.inputs));
    const tensors = splitTensors(graph.outputs, decodeTensors(graph.outputs, output));
    const outputs = graph.outputs.map((spec, k) => ({ ...spec, values: at(tensors, k) }));
    const bytes = hexlify(output);
    printResult(json, {
      object: { outputs, bytes },
      lines: [
        ...outputs.map(({ name, values }) => `${name}: [${values.join(", ")}]`),
        `bytes: ${bytes}`,
      ],
    });
  });
}
