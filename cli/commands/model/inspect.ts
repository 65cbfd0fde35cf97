import { Command } from "commander";
import { ZkmlError } from "../../../zkml/errors.ts";
import { inspectOnnx, inspectPackage, type Inspection } from "../../../zkml/inspect/inspect.ts";
import { readGraph, readManifest, readNetworkFile } from "../../../zkml/model/package.ts";
import { isFolder, readInputFile, readSamples } from "../../files.ts";
import { inspectionLines } from "../../inspection-text.ts";
import { withJsonOption } from "../../json-option.ts";
import { printResult } from "../../output.ts";
import {
  proofFormOf,
  withProofFormOptions,
  type ProofFormChoices,
} from "../../proof-form-options.ts";
import { withQuantisationOptions, type QuantisationChoices } from "../../quantisation-options.ts";

interface Options extends QuantisationChoices, ProofFormChoices {
  readonly samples?: string;
  readonly json: boolean;
}

export function inspectCommand(): Command {
  const command = new Command("inspect")
    .description("Say what a network is made of, what proving it costs and where it loses accuracy")
    .argument("<network>", "ONNX file, or package")
    .option(
      "--samples <file>",
      "JSON list of typical inputs, each a flat list of numbers; without it constraints are estimated",
    );
  return withJsonOption(withProofFormOptions(withQuantisationOptions(command))).action(
    async (network: string, options: Options) => {
      const inspection = await inspect(network, options);
      printResult(options.json, { object: inspection, lines: inspectionLines(inspection) });
    },
  );
}

async function inspect(network: string, options: Options): Promise<Inspection> {
  const { samples, dimension: dimensions, ...quantisation } = options;
  if (!(await isFolder(network))) {
    return inspectOnnx(await readInputFile(network), {
      ...quantisation,
      dimensions,
      form: proofFormOf(options),
      ...(samples !== undefined && { samples: await readSamples(samples) }),
    });
  }
  if (samples === undefined) {
    return inspectPackage(
      await readNetworkFile(network),
      await readGraph(network),
      await readManifest(network),
    );
  }
  throw new ZkmlError(
    "SAMPLES_INVALID",
    "A package does not keep the scales that samples could be compared by.",
    `Give the ONNX file and the options that the package was compiled with: opg model inspect ${network}/network.onnx --samples ${samples}.`,
  );
}
