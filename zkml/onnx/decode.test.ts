import { expect } from "chai";
import { ZkmlError, type ZkmlErrorCode } from "../errors.ts";
import { onnxFile } from "../testing/networks.ts";
import { float, node, tensor } from "./build.ts";
import { decodeOnnx } from "./decode.ts";
import type { Tensor } from "./model.ts";
import { modelMessage } from "./schema.ts";

const FLOAT = { type: "float", shape: [1, 2] } as const;

/** Decodes and returns the error's code and message. */
function failure(file: Uint8Array): { code: ZkmlErrorCode; message: string } {
  try {
    decodeOnnx(file);
  } catch (error) {
    if (error instanceof ZkmlError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error("the file was accepted");
}

/** A model message with raw fields, for files that our own encoder would not write. */
function rawFile(graph: object): Uint8Array {
  const message = modelMessage();
  return message.encode(message.fromObject({ opsetImport: [{ version: 13 }], graph })).finish();
}

function rawValue(name: string, dim: object[], elemType = 1): object {
  return { name, type: { tensorType: { elemType, shape: { dim } } } };
}

const ONE_BY_TWO = [{ dimValue: 1 }, { dimValue: 2 }];

describe("decodeOnnx", () => {
  it("reads back what encodeOnnx wrote", () => {
    const file = onnxFile({
      input: FLOAT,
      output: FLOAT,
      nodes: [node("Gemm", ["x", "w"], "y", { transB: 1 })],
      initializers: { w: tensor([2, 2], [1, -2.5, 3, 4]) },
    });
    const model = decodeOnnx(file);
    expect(model.opset).to.equal(13);
    expect(model.inputs).to.deep.equal([{ name: "x", ...FLOAT }]);
    expect(model.outputs).to.deep.equal([{ name: "y", ...FLOAT }]);
    expect(model.nodes).to.deep.equal([node("Gemm", ["x", "w"], "y", { transB: 1 })]);
    expect(model.initializers.get("w")).to.deep.equal(tensor([2, 2], [1, -2.5, 3, 4]));
  });

  it("refuses what is no tensor, as classifiers of scikit-learn give it, in a sentence", () => {
    const file = rawFile({
      input: [rawValue("x", ONE_BY_TWO)],
      output: [{ name: "output_probability", type: {} }],
    });
    const { code, message } = failure(file);
    expect(code).to.equal("ONNX_UNSUPPORTED_TYPE");
    expect(message).to.contain('"output_probability" is no tensor');
  });

  it("reads back attributes of every kind", () => {
    const mask: Tensor = { shape: [2], type: "bool", values: Float64Array.of(1, 0) };
    const attributes = {
      int: -3,
      ints: [1, -2],
      float: float(0.5),
      floats: { kind: "floats", value: [0.5, -1] },
      string: "SAME_UPPER",
      tensor: { kind: "tensor", value: mask },
    } as const;
    const nodes = [node("Any", ["x"], ["y", "z"], attributes)];
    const file = onnxFile({ input: FLOAT, output: FLOAT, nodes });
    expect(decodeOnnx(file).nodes).to.deep.equal(nodes);
  });

  it("names the attribute whose tensor it cannot read", () => {
    const value = tensor([1], [NaN]);
    const nodes = [node("Constant", [], "y", { value: { kind: "tensor", value } })];
    const { code, message } = failure(onnxFile({ input: FLOAT, output: FLOAT, nodes }));
    expect(code).to.equal("ONNX_NOT_FINITE");
    expect(message).to.contain('"value"');
  });

  it("reads weights from typed fields as well as from raw bytes", () => {
    const file = rawFile({
      node: [],
      initializer: [
        { name: "f", dims: [2], dataType: 1, floatData: [1.5, 2] },
        { name: "i", dims: [1], dataType: 7, int64Data: [-3] },
        { name: "d", dims: [1], dataType: 11, doubleData: [0.1] },
        { name: "u", dims: [1], dataType: 2, int32Data: [255] },
      ],
      input: [rawValue("x", ONE_BY_TWO)],
      output: [rawValue("x", ONE_BY_TWO)],
    });
    const { initializers } = decodeOnnx(file);
    expect(Array.from(initializers.get("f")?.values ?? [])).to.deep.equal([1.5, 2]);
    expect(Array.from(initializers.get("i")?.values ?? [])).to.deep.equal([-3]);
    expect(Array.from(initializers.get("d")?.values ?? [])).to.deep.equal([0.1]);
    expect(Array.from(initializers.get("u")?.values ?? [])).to.deep.equal([255]);
  });

  it("gives symbolic dimensions the sizes it is told", () => {
    const dynamic = [{ dimParam: "batch" }, { dimValue: 2 }];
    const file = rawFile({
      node: [],
      input: [rawValue("x", dynamic)],
      output: [rawValue("x", dynamic)],
    });
    const { inputs, outputs } = decodeOnnx(file, { dimensions: { batch: 1 } });
    expect(inputs[0]?.shape).to.deep.equal([1, 2]);
    expect(outputs[0]?.shape).to.deep.equal([undefined, 2]);
    expect(failure(file)).to.deep.include({ code: "ONNX_DYNAMIC_SHAPE" });
    expect(failure(file).message).to.contain('"batch"');
  });

  it("gives dimensions without a name the sizes it is told, by input and axis", () => {
    const open = [{}, { dimValue: 2 }];
    const file = rawFile({
      node: [],
      input: [rawValue("x", open)],
      output: [rawValue("x", open)],
    });
    expect(failure(file).message).to.contain('"x#0" of "x"');
    expect(decodeOnnx(file, { dimensions: { "x#0": 3 } }).inputs[0]?.shape).to.deep.equal([3, 2]);
  });

  it("refuses opsets in which operators meant something else", () => {
    const ofOpset = (opset: number) =>
      onnxFile({ input: FLOAT, output: FLOAT, nodes: [node("Relu", ["x"], "y")], opset });
    expect(failure(ofOpset(6))).to.include({
      code: "ONNX_UNREADABLE",
      message: "The network is of opset 6; those from 7 on are read.",
    });
    expect(decodeOnnx(ofOpset(7)).opset).to.equal(7);
  });

  it("refuses bytes that are no model", () => {
    expect(failure(new Uint8Array([1, 2, 3])).code).to.equal("ONNX_UNREADABLE");
    expect(failure(new Uint8Array()).code).to.equal("ONNX_UNREADABLE");
  });

  it("refuses a model cut short", () => {
    const file = onnxFile({ input: FLOAT, output: FLOAT, nodes: [node("Relu", ["x"], "y")] });
    expect(failure(file.subarray(0, file.length - 5)).code).to.equal("ONNX_UNREADABLE");
  });

  it("refuses weights kept in another file", () => {
    const file = rawFile({
      initializer: [{ name: "w", dims: [1], dataType: 1, dataLocation: 1 }],
      input: [rawValue("x", ONE_BY_TWO)],
      output: [rawValue("x", ONE_BY_TWO)],
    });
    expect(failure(file)).to.deep.include({ code: "ONNX_EXTERNAL_DATA" });
  });

  it("refuses weights that do not fill their shape", () => {
    const file = rawFile({
      initializer: [{ name: "w", dims: [3], dataType: 1, floatData: [1, 2] }],
      input: [rawValue("x", ONE_BY_TWO)],
      output: [rawValue("x", ONE_BY_TWO)],
    });
    expect(failure(file)).to.deep.include({ code: "ONNX_SHAPE_MISMATCH" });
  });

  for (const value of [NaN, Infinity, -Infinity]) {
    it(`refuses the weight ${value}`, () => {
      const file = onnxFile({
        input: FLOAT,
        output: FLOAT,
        nodes: [node("Add", ["x", "w"], "y")],
        initializers: { w: tensor([1], [value]) },
      });
      expect(failure(file)).to.deep.include({ code: "ONNX_NOT_FINITE" });
    });
  }

  it("refuses element types it does not know, naming the tensor", () => {
    const file = rawFile({
      input: [rawValue("x", ONE_BY_TWO, 16)],
      output: [rawValue("y", ONE_BY_TWO)],
    });
    expect(failure(file)).to.deep.include({ code: "ONNX_UNSUPPORTED_TYPE" });
    expect(failure(file).message).to.contain('"x"');
  });

  it("refuses a graph without an input or an output", () => {
    const value = rawValue("x", ONE_BY_TWO);
    expect(failure(rawFile({ input: [], output: [value] })).code).to.equal("ONNX_SIGNATURE");
    expect(failure(rawFile({ input: [value], output: [] })).code).to.equal("ONNX_SIGNATURE");
  });

  it("does not count initializers as inputs", () => {
    const file = rawFile({
      initializer: [{ name: "w", dims: [1], dataType: 1, floatData: [1] }],
      input: [rawValue("x", ONE_BY_TWO), rawValue("w", [{ dimValue: 1 }])],
      output: [rawValue("x", ONE_BY_TWO)],
    });
    expect(decodeOnnx(file).inputs.map(({ name }) => name)).to.deep.equal(["x"]);
  });
});
