import { expect } from "chai";
import { elementCount } from "./arrays.ts";
import { ZkmlError } from "./errors.ts";

describe("elementCount", () => {
  it("multiplies the dimensions; a scalar has one element", () => {
    expect(elementCount([2, 3, 4])).to.equal(24);
    expect(elementCount([])).to.equal(1);
  });

  it("takes 2^26 elements and no more", () => {
    expect(elementCount([2 ** 13, 2 ** 13])).to.equal(2 ** 26);
    expect(() => elementCount([2 ** 26 + 1]))
      .to.throw(ZkmlError, "[67108865] has 67108865 elements")
      .with.property("code", "CIRCUIT_TOO_LARGE");
  });
});
