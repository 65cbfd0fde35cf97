import { Command, Option } from "commander";
import { compileModel } from "../../../zkml/model/compile-model.ts";
import { writePackage } from "../../../zkml/model/package.ts";
import { dimension, integerBetween } from "../../arguments.ts";
import { readInputFile, readSamples } from "../../files.ts";
import { print } from "../../output.ts";

interface Options {
  readonly samples: string;
  readonly out: string;
  readonly weightBits: number;
  readonly activationBits: number;
  readonly inputType: "int8" | "int16";
  readonly dimension: Readonly<Record<string, number>>;
  readonly overwrite: boolean;
}

export function compileCommand(): Command {
  return new Command("compile")
    .description("Turn an ONNX network into exact integers and a circuit")
    .argument("<onnx>", "ONNX file")
    .requiredOption("--samples <file>", "JSON list of typical inputs, each a flat list of numbers")
    .requiredOption("--out <folder>", "folder of the package to write")
    .option("--weight-bits <n>", "bits of a weight", integerBetween(2, 16), 8)
    .option("--activation-bits <n>", "bits of an activation", integerBetween(2, 16), 12)
    .addOption(
      new Option("--input-type <type>", "integers that a floating-point input becomes")
        .choices(["int8", "int16"])
        .default("int8"),
    )
    .option(
      "--dimension <name=size>",
      "size of a dimension that the file leaves open, such as batch_size=1; repeatable",
      dimension,
      {},
    )
    .option("--overwrite", "replace the folder if it exists", false)
    .action(
      async (
        file: string,
        { samples, out, overwrite, dimension: dimensions, ...quantisation }: Options,
      ) => {
        const onnx = await readInputFile(file);
        const model = compileModel(onnx, {
          ...quantisation,
          samples: await readSamples(samples),
          dimensions,
        });
        const { constraints, inputSize, outputSize } = await writePackage(out, model, {
          overwrite,
        });
        print(
          `Compiled to ${constraints} constraints; input ${inputSize} bytes, output ${outputSize} bytes.`,
          `Next: opg model setup ${out}`,
        );
      },
    );
}
