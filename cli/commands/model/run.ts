import { Command } from "commander";
import { hexlify } from "ethers";
import { at } from "../../../zkml/arrays.ts";
import { infer } from "../../../zkml/integer/run.ts";
import { decodeTensors, splitTensors } from "../../../zkml/integer/tensor-spec.ts";
import { readGraph } from "../../../zkml/model/package.ts";
import { readInputFile } from "../../files.ts";
import { print } from "../../output.ts";

export function runCommand(): Command {
  return new Command("run")
    .description("Run a compiled model on this machine, exactly as it is proved")
    .argument("<folder>", "package")
    .requiredOption("--input <file>", "input tensor as raw bytes")
    .action(async (folder: string, { input }: { input: string }) => {
      const graph = await readGraph(folder);
      const output = infer(graph, await readInputFile(input));
      const tensors = splitTensors(graph.outputs, decodeTensors(graph.outputs, output));
      const lines = graph.outputs.map(({ name }, k) => `${name}: [${at(tensors, k).join(", ")}]`);
      print(...lines, `bytes: ${hexlify(output)}`);
    });
}
