import { expect } from "chai";
import { measureAccuracy } from "./accuracy.ts";
import { compileDigits } from "./digits.ts";
import { testDigits } from "./mnist.ts";

describe("digit classifier on all 10,000 test images", () => {
  it("is right on 98.5 %, in integers too, and names the float network's digit", async () => {
    const accuracy = await measureAccuracy(await compileDigits(), await testDigits());
    expect(accuracy.images).to.equal(10_000);
    expect(accuracy.floatCorrect).to.be.at.least(9_850);
    expect(Math.abs(accuracy.floatCorrect - accuracy.integerCorrect)).to.be.at.most(30);
    expect(accuracy.disagreements).to.be.at.most(10);
  });
});
