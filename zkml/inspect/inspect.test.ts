import { expect } from "chai";
import { at, listOf } from "../arrays.ts";
import { ZkmlError } from "../errors.ts";
import { SINGLE, type ProofForm } from "../circuit/proof-form.ts";
import { compileModel } from "../model/compile-model.ts";
import { float, node, tensor } from "../onnx/build.ts";
import { onnxFile, perceptronFile, randomBytes, randomTensor } from "../testing/networks.ts";
import { seededRandom } from "../random.ts";
import { inspectOnnx, inspectPackage } from "./inspect.ts";

const random = seededRandom(29);
const PERCEPTRON = perceptronFile([12, 5, 4, 3], random);
const SAMPLES = listOf(10, () => randomBytes(12, random));

const FLOATS = { type: "float", shape: [1, 4] } as const;

/** All three kinds of layers, each under the name of its node. */
const MIXED = onnxFile({
  input: FLOATS,
  output: FLOATS,
  nodes: [
    node("LeakyRelu", ["x"], "r", { alpha: float(0.1) }),
    node("Mul", ["r", "x"], "p"),
    node("Sigmoid", ["p"], "y"),
  ],
});

describe("inspecting a network", () => {
  it("tells what the file declares", () => {
    const { inputs, outputs, opset, parameters, operators, unsupported } = inspectOnnx(PERCEPTRON);
    expect(inputs).to.deep.equal([{ name: "x", type: "uint8", shape: [1, 12] }]);
    expect(outputs).to.deep.equal([{ name: "y", type: "float", shape: [1, 3] }]);
    expect(opset).to.equal(13);
    expect(parameters).to.equal(12 * 5 + 5 + 5 * 4 + 4 + 4 * 3 + 3);
    expect(operators).to.deep.equal([
      { operator: "Gemm", count: 3, supported: true },
      { operator: "Relu", count: 2, supported: true },
      { operator: "Cast", count: 1, supported: true },
    ]);
    expect(unsupported).to.deep.equal([]);
  });

  it("names all nodes that are not supported, not only the first", () => {
    const nodes = [
      node("Bernoulli", ["x"], "b"),
      node("Relu", ["b"], "r"),
      node("Det", ["r"], "d"),
      node("Bernoulli", ["d"], "y"),
    ];
    const { unsupported, obstacle, circuit } = inspectOnnx(
      onnxFile({ input: FLOATS, output: FLOATS, nodes }),
    );
    expect(unsupported).to.deep.equal([
      { name: "b", operator: "Bernoulli" },
      { name: "d", operator: "Det" },
      { name: "y", operator: "Bernoulli" },
    ]);
    expect(obstacle?.code).to.equal("ONNX_UNSUPPORTED_OPERATOR");
    expect(circuit).to.equal(undefined);
  });

  it("counts the constraints that the compiled circuit has", () => {
    const { circuit } = inspectOnnx(PERCEPTRON, { samples: SAMPLES });
    const compiled = compileModel(PERCEPTRON, { samples: SAMPLES });
    const wanted = compiled.circuit.constraints.filter(({ kind }) => kind !== "padding").length;
    expect(circuit?.constraints).to.equal(wanted);
    expect(circuit?.isExact).to.equal(true);
    expect(2 ** (circuit?.domainPower ?? 0)).to.equal(compiled.circuit.constraints.length + 4);
    // Eight bits of each input byte.
    expect(circuit?.input).to.equal(12 * 8);
    expect(inspectPackage(PERCEPTRON, compiled.graph, SINGLE).circuit).to.deep.equal(circuit);
  });

  it("counts layers of all inferences, and private inputs, as the compiled circuit has them", () => {
    const form: ProofForm = { inputs: "private", inferences: 3 };
    const { circuit } = inspectOnnx(PERCEPTRON, { samples: SAMPLES, form });
    const single = inspectOnnx(PERCEPTRON, { samples: SAMPLES }).circuit;
    const compiled = compileModel(PERCEPTRON, { samples: SAMPLES, form });
    const wanted = compiled.circuit.constraints.filter(({ kind }) => kind !== "padding").length;
    expect(circuit?.constraints).to.equal(wanted);
    expect(circuit?.input).to.equal(3 * 12 * 8);
    expect(circuit?.layers.map(({ constraints }) => constraints)).to.deep.equal(
      single?.layers.map(({ constraints }) => 3 * constraints),
    );
  });

  it("says of each layer what it is and what it costs", () => {
    const samples = listOf(10, () => randomTensor([4], random, 2).values);
    const { circuit } = inspectOnnx(MIXED, { samples });
    const layers = circuit?.layers ?? [];
    expect(layers.map(({ name, kind, size }) => ({ name, kind, size }))).to.deep.equal([
      { name: "r", kind: "rectifier", size: 4 },
      { name: "p", kind: "product", size: 4 },
      { name: "y", kind: "function", size: 4 },
    ]);
    for (const { constraints } of layers) expect(constraints).to.be.at.least(4);
    const rectifiers = compileModel(MIXED, { samples }).circuit.constraints.filter(
      ({ kind }) => kind === "rectifier",
    );
    expect(at(layers, 0).constraints).to.be.at.least(rectifiers.length);
  });

  it("estimates constraints without samples, and says so", () => {
    const { circuit: estimate, accuracy } = inspectOnnx(PERCEPTRON);
    const { circuit: exact } = inspectOnnx(PERCEPTRON, { samples: SAMPLES });
    expect(estimate?.isExact).to.equal(false);
    expect(estimate?.constraints).to.be.closeTo(exact?.constraints ?? 0, 100);
    expect(accuracy).to.equal(undefined);
  });

  it("shows in which layer accuracy is lost", () => {
    // The first layer keeps its input; the second adds weights that two bits tell apart badly.
    const file = onnxFile({
      input: { type: "uint8", shape: [1, 4] },
      output: { type: "float", shape: [1, 4] },
      nodes: [
        node("Cast", ["x"], "c", { to: 1 }),
        node("Relu", ["c"], "exact"),
        node("MatMul", ["exact", "w"], "s"),
        node("Relu", ["s"], "coarse"),
        node("Neg", ["coarse"], "y"),
      ],
      initializers: {
        w: tensor(
          [4, 4],
          listOf(16, (i) => 0.3 + 0.1 * (i % 7)),
        ),
      },
    });
    const samples = listOf(10, () => randomBytes(4, random));
    const { accuracy } = inspectOnnx(file, { samples, weightBits: 2 });
    expect(accuracy?.layers.map(({ risk }) => risk)).to.deep.equal(["low", "high"]);
    expect(accuracy?.output.risk).to.equal("high");
    const finer = inspectOnnx(file, { samples, weightBits: 12 }).accuracy;
    expect(finer?.layers.map(({ risk }) => risk)).to.deep.equal(["low", "low"]);
    expect(finer?.output.relativeError).to.be.lessThan(0.0025);
  });

  it("takes what keeps a network from being compiled as part of the answer", () => {
    const open = onnxFile({ input: FLOATS, output: FLOATS, nodes: [node("Relu", ["x"], "z")] });
    expect(inspectOnnx(open).obstacle).to.deep.equal({
      code: "ONNX_SHAPE_MISMATCH",
      message: `The graph's output reads tensor "y", which nothing produces.`,
    });
  });

  it("refuses samples that do not fit, and files that are no networks", () => {
    expect(failure(() => inspectOnnx(PERCEPTRON, { samples: [[1, 2]] })).code).to.equal(
      "SAMPLES_INVALID",
    );
    expect(failure(() => inspectOnnx(new Uint8Array())).code).to.equal("ONNX_UNREADABLE");
  });
});

function failure(action: () => unknown): ZkmlError {
  try {
    action();
  } catch (error) {
    if (error instanceof ZkmlError) return error;
    throw error;
  }
  throw new Error("nothing failed");
}
