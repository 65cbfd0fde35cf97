import { Command } from "commander";
import { hexlify } from "ethers";
import { readInputFile, writeWhole } from "../files.ts";
import {
  keepReceipt,
  receiptLines,
  receiptObject,
  withClient,
  withClientOptions,
  type ClientOptions,
} from "../client-options.ts";
import { withJsonOption } from "../json-option.ts";
import { printResult } from "../output.ts";

interface Options extends ClientOptions {
  readonly output?: string;
  readonly json: boolean;
}

/** `opg infer`: an answer of a network over HTTP, with a receipt that was checked. */
export function inferCommand(): Command {
  const command = new Command("infer")
    .description(
      "Have a node run a network on an input, pay for it, and check the answer's receipt",
    )
    .argument("<input>", "file with the packed tensors, as opg model run takes them")
    .option("--output <file>", "where to write the packed outputs");
  return withJsonOption(withClientOptions(command)).action(infer);
}

async function infer(file: string, options: Options): Promise<void> {
  const { model, output: outputFile, json } = options;
  const input = await readInputFile(file);
  const { output, receipt } = await withClient(options, (client) => client.infer({ model, input }));
  if (outputFile !== undefined) await writeWhole(outputFile, output);
  await keepReceipt(options, receipt);
  const hex = hexlify(output);
  printResult(json, {
    object: { output: hex, ...receiptObject(receipt) },
    lines: [
      outputFile === undefined ? hex : `output   ${outputFile}`,
      "",
      ...receiptLines(receipt),
    ],
  });
}
