import { Command } from "commander";
import { hexlify, keccak256 } from "ethers";
import { sealInput } from "../../../zkml/circuit/sealed-input.ts";
import { ZkmlError } from "../../../zkml/errors.ts";
import { readGraph, readManifest } from "../../../zkml/model/package.ts";
import { readTensors, requireNoFile, writeWhole } from "../../files.ts";
import { withJsonOption } from "../../json-option.ts";
import { printResult } from "../../output.ts";

interface Options {
  readonly input: string;
  readonly output: string;
  readonly json: boolean;
}

export function sealCommand(): Command {
  const command = new Command("seal")
    .description(
      "Commit to a private input: the commitment is asked with, the opening is for the node",
    )
    .argument("<folder>", "package of a model with private inputs")
    .requiredOption(
      "--input <file>",
      "input: raw bytes, or integers as a flat list in a .json file",
    )
    .requiredOption("--output <file>", "opening to write: salt and input");
  return withJsonOption(command).action(async (folder: string, options: Options) => {
    const { input, output, json } = options;
    await requirePrivate(folder);
    await requireNoFile(output);
    const bytes = await readTensors(input, (await readGraph(folder)).inputs);
    const { opening, commitment } = sealInput(bytes);
    await writeWhole(output, opening);
    const inputHash = keccak256(commitment);
    printResult(json, {
      object: { file: output, commitment: hexlify(commitment), inputHash },
      lines: [
        `commitment ${hexlify(commitment)}`,
        `input hash ${inputHash}`,
        `Ask with the commitment as input, and give ${output} to the node: in its folder of openings, named ${inputHash}.`,
        "Whoever has the opening knows the input. Without it nobody can prove anything, and it cannot be made again.",
      ],
    });
  });
}

async function requirePrivate(folder: string): Promise<void> {
  if ((await readManifest(folder)).inputs === "private") return;
  throw new ZkmlError(
    "INPUT_INVALID",
    `The inputs of the model in "${folder}" are public: there is nothing to seal.`,
    "Compile it with --private-input.",
  );
}
