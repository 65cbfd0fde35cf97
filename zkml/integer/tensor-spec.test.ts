import { expect } from "chai";
import fc from "fast-check";
import { ZkmlError } from "../errors.ts";
import {
  byteLength,
  decodeTensors,
  dequantiseTensors,
  encodeTensors,
  INTEGER_FORMATS,
  quantiseTensors,
  type IntegerType,
  type TensorSpec,
} from "./tensor-spec.ts";

function spec(type: IntegerType, count: number): TensorSpec {
  return { name: "t", shape: [count], type, scale: 0.5 };
}

describe("tensor encoding", () => {
  it("is big-endian and two's complement", () => {
    const hex = (type: IntegerType, value: number): string =>
      Buffer.from(encodeTensors([spec(type, 1)], [value])).toString("hex");
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
          const encoded = encodeTensors([tensor], values);
          expect(encoded).to.have.length(byteLength([tensor]));
          expect(decodeTensors([tensor], encoded)).to.deep.equal(values);
        }),
      );
    });

    it(`refuses what ${type} cannot hold`, () => {
      for (const value of [min - 1, max + 1, 0.5, NaN]) {
        expect(() => encodeTensors([spec(type, 1)], [value]))
          .to.throw(ZkmlError, `"t" is ${value}`)
          .with.property("code", "INPUT_SIZE");
      }
    });
  }

  it("puts tensors one after the other, each in its own type and scale", () => {
    const specs = [spec("int8", 2), { ...spec("int32", 1), name: "u", scale: 2 }];
    const encoded = encodeTensors(specs, [1, -1, 3]);
    expect(Buffer.from(encoded).toString("hex")).to.equal("01ff00000003");
    expect(decodeTensors(specs, encoded)).to.deep.equal([1, -1, 3]);
    expect(quantiseTensors(specs, [0.5, -0.5, 6])).to.deep.equal([1, -1, 3]);
    expect(dequantiseTensors(specs, [1, -1, 3])).to.deep.equal([[0.5, -0.5], [6]]);
    expect(() => encodeTensors(specs, [1, 2, 2 ** 40])).to.throw(ZkmlError, 'Element 0 of "u"');
  });

  it("refuses bytes that stand for no value of their type", () => {
    expect(() => decodeTensors([spec("bool", 2)], Uint8Array.of(1, 2))).to.throw(
      ZkmlError,
      'Element 1 of "t" is 2',
    );
  });

  it("refuses a wrong number of elements or bytes, naming both", () => {
    expect(() => encodeTensors([spec("uint8", 3)], [1, 2]))
      .to.throw(ZkmlError, '"t" has 2 elements; the model takes exactly 3')
      .with.property("code", "INPUT_SIZE");
    expect(() => decodeTensors([spec("int32", 3)], new Uint8Array(11)))
      .to.throw(ZkmlError, '"t" has 11 bytes; the model takes exactly 12')
      .with.property("code", "INPUT_SIZE");
  });

  it("quantises to the nearest integer and clamps at the ends", () => {
    expect(quantiseTensors([spec("int8", 5)], [1, 0.74, -0.76, 100, -100])).to.deep.equal([
      2, 1, -2, 127, -128,
    ]);
  });
});
