import { expect } from "chai";
import { readFile } from "node:fs/promises";
import { measureAccuracy } from "./accuracy.ts";
import { modelCard } from "./card.ts";
import { testDigits } from "./mnist.ts";
import { compileDigits, DIGITS_FOLDER } from "./model.ts";

describe("digit classifier on all 10,000 test images", () => {
  it("is as accurate in integers as in floating point, and agrees with onnxruntime on every image", async () => {
    const accuracy = await measureAccuracy(await compileDigits(), await testDigits());
    expect(accuracy.images).to.equal(10_000);
    expect(accuracy.floatCorrect).to.be.at.least(9_600);
    expect(Math.abs(accuracy.floatCorrect - accuracy.integerCorrect)).to.be.at.most(50);
    expect(accuracy.disagreements).to.equal(0);
    expect(accuracy.maxScoreError / accuracy.scoreRange).to.be.below(0.001);
  });

  it("has the figures that its card states", async () => {
    const model = await compileDigits();
    const card = modelCard(model, await measureAccuracy(model, await testDigits()));
    expect(await readFile(`${DIGITS_FOLDER}MODEL_CARD.md`, "utf8")).to.equal(card);
  });
});
