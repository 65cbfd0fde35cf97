import { expect } from "chai";
import fc from "fast-check";
import { ZkmlError } from "../errors.ts";
import {
  byteLength,
  decodeTensor,
  encodeTensor,
  INTEGER_FORMATS,
  quantiseTensor,
  type IntegerType,
  type TensorSpec,
} from "./tensor-spec.ts";

function spec(type: IntegerType, count: number): TensorSpec {
  return { name: "t", shape: [count], type, scale: 0.5 };
}

describe("tensor encoding", () => {
  it("is big-endian and two's complement", () => {
    const hex = (type: IntegerType, value: number): string =>
      Buffer.from(encodeTensor(spec(type, 1), [value])).toString("hex");
    expect(hex("uint8", 254)).to.equal("fe");
    expect(hex("int8", -2)).to.equal("fe");
    expect(hex("int16", -2)).to.equal("fffe");
    expect(hex("int32", 0x01020304)).to.equal("01020304");
    expect(hex("int32", -2_147_483_648)).to.equal("80000000");
  });

  for (const type of Object.keys(INTEGER_FORMATS) as IntegerType[]) {
    const { min, max } = INTEGER_FORMATS[type];

    it(`gives back every list of ${type}`, () => {
      fc.assert(
        fc.property(fc.array(fc.integer({ min, max })), (values) => {
          const tensor = spec(type, values.length);
          const encoded = encodeTensor(tensor, values);
          expect(encoded).to.have.length(byteLength(tensor));
          expect(decodeTensor(tensor, encoded)).to.deep.equal(values);
        }),
      );
    });

    it(`refuses what ${type} cannot hold`, () => {
      for (const value of [min - 1, max + 1, 0.5, NaN]) {
        expect(() => encodeTensor(spec(type, 1), [value]))
          .to.throw(ZkmlError, `"t" is ${value}`)
          .with.property("code", "INPUT_SIZE");
      }
    });
  }

  it("refuses a wrong number of elements or bytes, naming both", () => {
    expect(() => encodeTensor(spec("uint8", 3), [1, 2]))
      .to.throw(ZkmlError, '"t" has 2 elements; the model takes exactly 3')
      .with.property("code", "INPUT_SIZE");
    expect(() => decodeTensor(spec("int32", 3), new Uint8Array(11)))
      .to.throw(ZkmlError, '"t" has 11 bytes; the model takes exactly 12')
      .with.property("code", "INPUT_SIZE");
  });

  it("quantises to the nearest integer and clamps at the ends", () => {
    expect(quantiseTensor(spec("int8", 5), [1, 0.74, -0.76, 100, -100])).to.deep.equal([
      2, 1, -2, 127, -128,
    ]);
  });
});
