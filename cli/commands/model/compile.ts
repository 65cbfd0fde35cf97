import { Command } from "commander";
import {
  COMPILE_STEPS,
  compileModel,
  type CompileOptions,
} from "../../../zkml/model/compile-model.ts";
import { requireNoPackage, writePackage } from "../../../zkml/model/package.ts";
import { readInputFile, readSamples } from "../../files.ts";
import { withJsonOption } from "../../json-option.ts";
import { printResult } from "../../output.ts";
import { withProgress } from "../../progress.ts";
import { withQuantisationOptions, type QuantisationChoices } from "../../quantisation-options.ts";

interface Options extends QuantisationChoices {
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
    .requiredOption("--out <folder>", "folder of the package to write")
    .option("--overwrite", "replace the folder if it exists", false);
  return withJsonOption(withQuantisationOptions(command)).action(
    async (file: string, options: Options) => {
      const { out, json } = options;
      const manifest = await compile(file, options);
      const { constraints, inputSize, outputSize } = manifest;
      printResult(json, {
        object: { folder: out, ...manifest },
        lines: [
          `Compiled to ${constraints} constraints; input ${inputSize} bytes, output ${outputSize} bytes.`,
          `Next: opg model setup ${out}`,
        ],
      });
    },
  );
}

function compile(file: string, options: Options) {
  const { samples, out, overwrite, dimension: dimensions, ...quantisation } = options;
  return withProgress([...COMPILE_STEPS, "write"], async (onProgress) => {
    if (!overwrite) await requireNoPackage(out);
    const onnx = await readInputFile(file);
    const compileOptions: CompileOptions = {
      ...quantisation,
      samples: await readSamples(samples),
      dimensions,
      onProgress,
    };
    const model = compileModel(onnx, compileOptions);
    onProgress("write");
    return writePackage(out, model, { overwrite });
  });
}
