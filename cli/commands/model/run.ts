import { Command } from "commander";
import { hexlify } from "ethers";
import { infer } from "../../../zkml/integer/run.ts";
import { decodeTensor } from "../../../zkml/integer/tensor-spec.ts";
import { readGraph } from "../../../zkml/model/package.ts";
import { readTensor } from "../../files.ts";
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
    const output = infer(graph, await readTensor(input, graph.input));
    const values = decodeTensor(graph.output, output);
    const bytes = hexlify(output);
    printResult(json, {
      object: { output: { ...graph.output, values }, bytes },
      lines: [`${graph.output.name}: [${values.join(", ")}]`, `bytes: ${bytes}`],
    });
  });
}
