import { Command } from "commander";
import { concat, getBytes, keccak256 } from "ethers";
import { sealInput } from "../../../zkml/circuit/sealed-input.ts";
import { ZkmlError } from "../../../zkml/errors.ts";
import { readGraph, readManifest } from "../../../zkml/model/package.ts";
import { readTensors, requireNoFile, writeWhole } from "../../files.ts";
import { withJsonOption } from "../../json-option.ts";
import { printResult } from "../../output.ts";

interface Options {
  readonly input: readonly string[];
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
      "--input <files...>",
      "input: raw bytes, or integers as a flat list in a .json file; several for several inferences",
    )
    .requiredOption("--output <file>", "opening to write: salt and input");
  return withJsonOption(command).action(async (folder: string, options: Options) => {
    const { input, output, json } = options;
    await requireRoom(folder, input.length);
    await requireNoFile(output);
    const { inputs } = await readGraph(folder);
    const tensors = await Promise.all(input.map((file) => readTensors(file, inputs)));
    const sealed = tensors.map((each) => sealInput(each));
    await writeWhole(output, getBytes(concat(sealed.map(({ opening }) => opening))), {
      mode: SECRET_MODE,
    });
    const commitment = concat(sealed.map((each) => each.commitment));
    const inputHash = keccak256(commitment);
    printResult(json, {
      object: { file: output, commitment, inputHash },
      lines: [
        `commitment ${commitment}`,
        `input hash ${inputHash}`,
        `Ask with the commitment as input, and give ${output} to the node: in its folder of openings, named ${inputHash}.`,
        "Whoever has the opening knows the input. Without it nobody can prove anything, and it cannot be made again.",
      ],
    });
  });
}

/** Only the owner reads an opening: who has it knows the input. */
const SECRET_MODE = 0o600;

async function requireRoom(folder: string, count: number): Promise<void> {
  const { inputs, inferences } = await readManifest(folder);
  if (inputs !== "private")
    throw new ZkmlError(
      "INPUT_INVALID",
      `The inputs of the model in "${folder}" are public: there is nothing to seal.`,
      "Compile it with --private-input.",
    );
  if (count > inferences)
    throw new ZkmlError(
      "TOO_MANY_INFERENCES",
      `${count} inputs do not fit into a proof that carries ${inferences}.`,
      "Seal and ask in several parts.",
    );
}
