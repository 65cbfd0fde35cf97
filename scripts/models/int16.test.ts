import { expect } from "chai";
import { toInt16, unitSample } from "./int16.ts";

describe("int16 inputs", () => {
  it("are the nearest whole numbers, or the ends", () => {
    expect([1.4, -1.6, 32_766.6, 32_768, -40_000].map(toInt16)).to.deep.equal([
      1, -2, 32_767, 32_767, -32_767,
    ]);
  });

  it("have a sample that reaches the end once", () => {
    expect(unitSample(3)).to.deep.equal(Float32Array.of(0, 0, -32_767));
  });
});
