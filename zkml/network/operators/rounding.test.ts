import { expect } from "chai";
import { proveRun, requireSatisfied } from "../../circuit/witness.ts";
import { ZkmlError } from "../../errors.ts";
import { runIntegerGraph } from "../../integer/run.ts";
import { compileModel } from "../../model/compile-model.ts";
import { int64s, node, tensor } from "../../onnx/build.ts";
import { ELEMENT_TYPES, type ElementType } from "../../onnx/schema.ts";
import { CONTEXT } from "../../testing/context.ts";
import { singleWireForgeries } from "../../testing/forgery.ts";
import { onnxFile, type NetworkParts } from "../../testing/networks.ts";
import { floats, itAgreesWithOnnxruntime, single } from "../../testing/onnxruntime.ts";
import { runNetwork } from "../network.ts";

function typed(type: ElementType, ...shape: readonly number[]) {
  return { type, shape };
}

describe("roundings", () => {
  itAgreesWithOnnxruntime({
    Floor: single("Floor", { input: [3, 4], output: [3, 4] }),
    Ceil: single("Ceil", { input: [3, 4], output: [3, 4] }),
    "Round, with halves": {
      input: typed("int64", 4, 4),
      output: floats(4, 4),
      nodes: [
        node("Cast", ["x"], "f", { to: ELEMENT_TYPES.float }),
        node("Mul", ["f", "half"], "h"),
        node("Round", ["h"], "y"),
      ],
      initializers: { half: tensor([], [0.5]) },
    },
    "Mod of whole numbers": {
      input: typed("int64", 3, 3),
      output: typed("int64", 3, 3),
      nodes: [node("Mod", ["x", "c"], "y")],
      initializers: { c: int64s(2, -2, 3) },
    },
    "Mod with the dividend's sign": single("Mod", {
      input: [3, 2],
      output: [3, 2],
      attributes: { fmod: 1 },
      constants: { c: tensor([2], [0.75, -1.5]) },
    }),
    "Cast to whole numbers": {
      input: floats(3, 4),
      output: typed("int64", 3, 4),
      nodes: [node("Cast", ["x"], "y", { to: ELEMENT_TYPES.int64 })],
    },
  });

  it("rounds in integers exactly what is exact", () => {
    const parts: NetworkParts = {
      input: typed("int8", 1),
      output: typed("int64", 4),
      nodes: [
        node("Cast", ["x"], "f", { to: ELEMENT_TYPES.float }),
        node("Mul", ["f", "half"], "h"),
        node("Floor", ["h"], "a"),
        node("Ceil", ["h"], "b"),
        node("Round", ["h"], "c"),
        node("Mod", ["f", "seven"], "d"),
        node("Concat", ["a", "b", "c", "d"], "e", { axis: 0 }),
        node("Cast", ["e"], "y", { to: ELEMENT_TYPES.int64 }),
      ],
      initializers: { half: tensor([], [0.5]), seven: tensor([], [7]) },
    };
    const { graph, circuit, network } = compileModel(onnxFile(parts), { samples: [[-128], [127]] });
    for (let x = -128; x <= 127; x++) {
      const found = Array.from(runIntegerGraph(graph, [x]).outputs);
      expect(found).to.deep.equal(runNetwork(network, [x]).outputs.flat());
    }
    const { witness } = proveRun(graph, circuit, { input: Uint8Array.of(0x85), context: CONTEXT });
    requireSatisfied(circuit, witness);
    expect(singleWireForgeries(circuit, witness)).to.deep.equal([]);
  });

  it("refuses an output of whole numbers that is computed from rounded ones", () => {
    const parts: NetworkParts = {
      input: typed("int64", 2),
      output: typed("int64", 2),
      nodes: [
        node("Cast", ["x"], "f", { to: ELEMENT_TYPES.float }),
        node("Mul", ["f", "half"], "y"),
      ],
      initializers: { half: tensor([], [0.5]) },
    };
    expect(() => compileModel(onnxFile(parts), { samples: [[0, 1]] }))
      .to.throw(ZkmlError, 'Output "y" is int64, but is computed from numbers that are rounded')
      .with.property("code", "ONNX_UNSUPPORTED_TYPE");
  });
});
