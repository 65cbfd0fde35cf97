/**
 * Measures the digit classifier on all 10,000 test images and writes its model card.
 *
 * Run: npm run digits:evaluate
 */
import { writeFile } from "node:fs/promises";
import { measureAccuracy } from "./accuracy.ts";
import { modelCard } from "./card.ts";
import { testDigits } from "./mnist.ts";
import { compileDigits, DIGITS_FOLDER } from "./model.ts";

const model = await compileDigits();
const card = modelCard(model, await measureAccuracy(model, await testDigits()));
await writeFile(`${DIGITS_FOLDER}MODEL_CARD.md`, card);
process.stdout.write(card);
