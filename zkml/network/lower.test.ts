import { expect } from "chai";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { elementCount } from "../arrays.ts";
import { ZkmlError } from "../errors.ts";
import { node, tensor } from "../onnx/build.ts";
import { decodeOnnx } from "../onnx/decode.ts";
import { onnxFile, randomTensor, type NetworkParts } from "../testing/networks.ts";
import { seededRandom } from "../testing/random.ts";
import { lower } from "./lower.ts";
import { runNetwork } from "./network.ts";

const random = seededRandom(7);

function floats(shape: readonly number[]): { type: "float"; shape: readonly number[] } {
  return { type: "float", shape };
}

/** Runs a network here and in onnxruntime on random inputs and compares. */
async function expectLikeOnnxruntime(parts: NetworkParts): Promise<void> {
  const file = onnxFile(parts);
  const network = lower(decodeOnnx(file));
  const session = await InferenceSession.create(file);
  for (let run = 0; run < 5; run++) {
    const input = randomTensor(parts.input.shape, random, 3).values;
    const feed = new OrtTensor("float32", Float32Array.from(input), [...parts.input.shape]);
    const { y } = await session.run({ x: feed });
    expect(y?.dims).to.deep.equal(parts.output.shape);
    const expected = Array.from(y?.data as Float32Array);
    const { outputs } = runNetwork(network, input);
    expect(outputs).to.have.length(elementCount(parts.output.shape));
    outputs.forEach((value, i) => expect(value).to.be.closeTo(expected[i] ?? NaN, 1e-4));
  }
  await session.release();
}

describe("lower", () => {
  const cases: Record<string, NetworkParts> = {
    "Gemm with all attributes": {
      input: floats([3, 2]),
      output: floats([2, 4]),
      nodes: [
        {
          ...node("Gemm", ["x", "w", "b"], "y", { transA: 1, transB: 1 }),
          attributes: new Map([
            ["transA", { kind: "int", value: 1 }],
            ["transB", { kind: "int", value: 1 }],
            ["alpha", { kind: "float", value: 0.5 }],
            ["beta", { kind: "float", value: -2 }],
          ]),
        },
      ],
      initializers: { w: randomTensor([4, 3], random, 1), b: randomTensor([2, 1], random, 1) },
    },
    "Gemm with the constant on the left and no addend": {
      input: floats([2, 3]),
      output: floats([4, 3]),
      nodes: [node("Gemm", ["w", "x"], "y")],
      initializers: { w: randomTensor([4, 2], random, 1) },
    },
    "MatMul of a batch": {
      input: floats([2, 3, 4]),
      output: floats([2, 3, 5]),
      nodes: [node("MatMul", ["x", "w"], "y")],
      initializers: { w: randomTensor([4, 5], random, 1) },
    },
    "MatMul with a vector": {
      input: floats([3, 4]),
      output: floats([3]),
      nodes: [node("MatMul", ["x", "w"], "y")],
      initializers: { w: randomTensor([4], random, 1) },
    },
    "MatMul of a vector": {
      input: floats([4]),
      output: floats([2]),
      nodes: [node("MatMul", ["x", "w"], "y")],
      initializers: { w: randomTensor([4, 2], random, 1) },
    },
    "Add with broadcasting both ways": {
      input: floats([2, 1, 3]),
      output: floats([2, 4, 3]),
      nodes: [node("Add", ["x", "c"], "y")],
      initializers: { c: randomTensor([4, 1], random, 1) },
    },
    "Relu twice": {
      input: floats([5]),
      output: floats([5]),
      nodes: [node("Relu", ["x"], "r"), node("Add", ["r", "c"], "s"), node("Relu", ["s"], "y")],
      initializers: { c: randomTensor([5], random, 2) },
    },
    "a residual connection": {
      input: floats([1, 4]),
      output: floats([1, 4]),
      nodes: [
        node("Gemm", ["x", "w", "b"], "s"),
        node("Relu", ["s"], "r"),
        node("MatMul", ["r", "v"], "t"),
        node("Add", ["t", "x"], "u"),
        node("Add", ["u", "r"], "y"),
      ],
      initializers: {
        w: randomTensor([4, 4], random, 1),
        b: randomTensor([4], random, 1),
        v: randomTensor([4, 4], random, 1),
      },
    },
    "Flatten, Reshape, Identity and Cast": {
      input: floats([2, 3, 4]),
      output: floats([4, 6]),
      nodes: [
        node("Flatten", ["x"], "f", { axis: 2 }),
        node("Identity", ["f"], "i"),
        node("Reshape", ["i", "s1"], "r"),
        node("Cast", ["r"], "d", { to: 11 }),
        node("Cast", ["d"], "e", { to: 1 }),
        node("Reshape", ["e", "s2"], "y"),
      ],
      initializers: {
        s1: { shape: [3], type: "int64", values: Float64Array.from([2, -1, 2]) },
        s2: { shape: [2], type: "int64", values: Float64Array.from([4, 6]) },
      },
    },
    "Flatten with a negative axis": {
      input: floats([2, 3, 4]),
      output: floats([6, 4]),
      nodes: [node("Flatten", ["x"], "y", { axis: -1 })],
    },
    "Reshape that copies a dimension": {
      input: floats([2, 6]),
      output: floats([2, 3, 2]),
      nodes: [node("Reshape", ["x", "s"], "y")],
      initializers: { s: { shape: [3], type: "int64", values: Float64Array.from([0, 3, 2]) } },
    },
    "constants among themselves": {
      input: floats([2]),
      output: floats([2]),
      nodes: [
        node("Reshape", ["c", "s"], "r"),
        node("MatMul", ["r", "w"], "m"),
        node("Relu", ["m"], "p"),
        node("Add", ["x", "p"], "y"),
      ],
      initializers: {
        c: randomTensor([1, 3], random, 1),
        s: { shape: [1], type: "int64", values: Float64Array.from([3]) },
        w: randomTensor([3, 2], random, 1),
      },
    },
  };

  for (const [name, parts] of Object.entries(cases)) {
    it(`agrees with onnxruntime on ${name}`, () => expectLikeOnnxruntime(parts));
  }

  it("fuses a chain of linear operators into one layer of forms", () => {
    const file = onnxFile({
      input: floats([1, 3]),
      output: floats([1, 2]),
      nodes: [
        node("MatMul", ["x", "w"], "a"),
        node("Add", ["a", "b"], "c"),
        node("Relu", ["c"], "y"),
      ],
      initializers: { w: randomTensor([3, 2], random, 1), b: randomTensor([2], random, 1) },
    });
    const { layers } = lower(decodeOnnx(file));
    expect(layers).to.have.length(1);
    expect(layers[0]?.forms[0]?.variables).to.deep.equal([0, 1, 2]);
  });

  function failure(parts: Partial<NetworkParts>): ZkmlError {
    const file = onnxFile({ input: floats([1, 2]), output: floats([1, 2]), nodes: [], ...parts });
    try {
      lower(decodeOnnx(file));
    } catch (error) {
      if (error instanceof ZkmlError) return error;
      throw error;
    }
    throw new Error("the network was accepted");
  }

  it("names node and operator that it does not support, and says which it does", () => {
    const error = failure({ nodes: [{ ...node("Bernoulli", ["x"], "y"), name: "squash" }] });
    expect(error.code).to.equal("ONNX_UNSUPPORTED_OPERATOR");
    expect(error.message).to.equal('Node "squash" uses operator Bernoulli, which is not supported.');
    expect(error.hint).to.contain("Gemm");
  });

  it("names custom operators with their domain", () => {
    const custom = { ...node("Relu", ["x"], "y"), operator: "com.example.Relu" };
    expect(failure({ nodes: [custom] }).message).to.contain("com.example.Relu");
  });

  it("refuses products of two computed tensors", () => {
    const error = failure({
      input: floats([2, 2]),
      output: floats([2, 2]),
      nodes: [node("MatMul", ["x", "x"], "y")],
    });
    expect(error.code).to.equal("ONNX_UNSUPPORTED_ATTRIBUTE");
  });

  it("refuses a cast that would change values", () => {
    expect(failure({ nodes: [node("Cast", ["x"], "y", { to: 7 })] }).code).to.equal(
      "ONNX_UNSUPPORTED_ATTRIBUTE",
    );
  });

  it("refuses a reshape to a computed shape", () => {
    expect(failure({ nodes: [node("Reshape", ["x", "x"], "y")] }).code).to.equal(
      "ONNX_UNSUPPORTED_ATTRIBUTE",
    );
  });

  it("refuses shapes that do not fit", () => {
    const w = tensor([3, 1], [1, 2, 3]);
    expect(
      failure({ nodes: [node("MatMul", ["x", "w"], "y")], initializers: { w } }).code,
    ).to.equal("ONNX_SHAPE_MISMATCH");
    expect(
      failure({
        nodes: [node("Add", ["x", "w"], "y")],
        initializers: { w: tensor([3], [1, 2, 3]) },
      }).code,
    ).to.equal("ONNX_SHAPE_MISMATCH");
  });

  it("refuses an output of another size than declared", () => {
    expect(failure({ output: floats([1, 3]), nodes: [node("Relu", ["x"], "y")] }).code).to.equal(
      "ONNX_SHAPE_MISMATCH",
    );
  });

  it("refuses a graph that reads what nothing produces", () => {
    expect(failure({ nodes: [node("Relu", ["ghost"], "y")] }).message).to.contain('"ghost"');
    expect(failure({ nodes: [node("Relu", ["x"], "z")] }).message).to.contain("The graph's output");
  });
});
