/**
 * Compiles a model of `zkml/models`, measures it on data it has not seen, and writes its model card.
 *
 * Run: npm run models:evaluate -- NAME
 */
import { writeFile } from "node:fs/promises";
import process from "node:process";
import { asCommand } from "../as-command.ts";
import { writeCard } from "./card.ts";
import { compileStored, modelFile } from "./model.ts";
import { modelNamed } from "./models.ts";

await asCommand(async () => {
  const model = modelNamed(process.argv[2]);
  const card = await writeCard(model, await compileStored(model));
  await writeFile(modelFile(model.name, "card"), card);
  process.stdout.write(card);
});
