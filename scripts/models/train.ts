/**
 * Trains a model anew and writes its network and samples into its folder of `zkml/models`. Seeds are fixed: the files are the
 * same each time.
 *
 * Run: npm run models:train -- NAME
 */
import { writeFile } from "node:fs/promises";
import process from "node:process";
import { encodeOnnx } from "../../zkml/onnx/encode.ts";
import { asCommand } from "../as-command.ts";
import { modelFile } from "./model.ts";
import { modelNamed } from "./models.ts";

await asCommand(async () => {
  const { name, train } = modelNamed(process.argv[2]);
  const { network, samples } = await train((line) => process.stdout.write(`${line}\n`));
  const onnx = encodeOnnx(network, "opengradient-settlement");
  await writeFile(modelFile(name, "network"), onnx);
  const rows = samples.map((sample) => JSON.stringify(Array.from(sample)));
  await writeFile(modelFile(name, "samples"), `[\n${rows.join(",\n")}\n]\n`);
  process.stdout.write(
    `wrote ${modelFile(name, "network")}, ${onnx.length} bytes, and its samples\n`,
  );
});
