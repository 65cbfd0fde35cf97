import { Command } from "commander";
import {
  COMPILE_STEPS,
  compileModel,
  type CompileOptions,
} from "../../../zkml/model/compile-model.ts";
import type { Manifest } from "../../../zkml/model/manifest.ts";
import { TOLERANCE } from "../../../zkml/integer/tolerance.ts";
import { requireReplaceable, writePackage } from "../../../zkml/model/package.ts";
import { folderName } from "../../arguments.ts";
import { readInputFile, readSamples } from "../../files.ts";
import { withJsonOption } from "../../json-option.ts";
import { printResult } from "../../output.ts";
import { withProgress } from "../../progress.ts";
import {
  proofFormOf,
  withProofFormOptions,
  type ProofFormChoices,
} from "../../proof-form-options.ts";
import { withQuantisationOptions, type QuantisationChoices } from "../../quantisation-options.ts";

interface Options extends QuantisationChoices, ProofFormChoices {
  readonly samples: string;
  readonly out: string;
  readonly overwrite: boolean;
  readonly json: boolean;
}

export function compileCommand(): Command {
  const command = new Command("compile")
    .description("Turn an ONNX network into exact integers and a circuit")
    .argument("<onnx>", "ONNX file")
    .requiredOption("--samples <file>", "JSON list of typical inputs, each a flat list of numbers")
    .requiredOption("--out <folder>", "folder of the package to write", folderName)
    .option("--overwrite", "replace the folder if it exists", false);
  return withJsonOption(withProofFormOptions(withQuantisationOptions(command))).action(
    async (file: string, options: Options) => {
      const { out, json } = options;
      const { manifest, accuracy } = await compile(file, options);
      const { maxAbsError, range, relativeError } = accuracy.output;
      const { constraints, inputSize, outputSize } = manifest;
      printResult(json, {
        object: { folder: out, ...manifest, maxAbsError, range, relativeError },
        lines: [
          `Compiled to ${constraints} constraints; input ${inputSize} bytes, output ${outputSize} bytes.`,
          ...formLines(manifest),
          `On the samples the outputs differ from the float network's by ${percent(relativeError)} of their range at the most.`,
          ...(relativeError > TOLERANCE ? [TOO_COARSE] : []),
          `Next: opg model setup ${out}`,
        ],
      });
    },
  );
}

function compile(file: string, options: Options) {
  const { samples, out, overwrite, dimension: dimensions, ...quantisation } = options;
  const form = proofFormOf(options);
  return withProgress([...COMPILE_STEPS, "write"], async (onProgress) => {
    await requireReplaceable(out, { overwrite });
    const onnx = await readInputFile(file);
    const compileOptions: CompileOptions = {
      ...quantisation,
      samples: await readSamples(samples),
      dimensions,
      form,
      onProgress,
    };
    const model = compileModel(onnx, compileOptions);
    onProgress("write");
    const manifest = await writePackage(out, model, { overwrite });
    return { manifest, accuracy: model.accuracy };
  });
}

function formLines({ inputs, inferences }: Pick<Manifest, "inputs" | "inferences">): string[] {
  return [
    ...(inputs === "private" ? ["Inputs are private: seal each with opg model seal."] : []),
    ...(inferences > 1 ? [`A proof carries ${inferences} inferences of these sizes.`] : []),
  ];
}

const TOO_COARSE =
  "That is more than 1 %: see where with opg model inspect, and give more --weight-bits or --activation-bits.";

function percent(part: number): string {
  return `${(100 * part).toFixed(2)} %`;
}
