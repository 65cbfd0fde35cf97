import { expect } from "chai";
import { node } from "../../onnx/build.ts";
import type { NetworkParts } from "../../testing/networks.ts";
import {
  floats,
  itAgreesWithOnnxruntime,
  lowered,
  refusal,
  single,
  weights,
} from "../../testing/onnxruntime.ts";

function product(
  equation: string,
  [input, constant, output]: readonly [readonly number[], readonly number[], readonly number[]],
  inputs?: readonly string[],
): NetworkParts {
  const constants = { w: weights(...constant) };
  const attributes = { equation };
  return single("Einsum", { input, output, attributes, constants, inputs: inputs ?? ["x", "w"] });
}

/** Of two inputs. */
function computed(
  equation: string,
  [left, right, output]: readonly [readonly number[], readonly number[], readonly number[]],
): NetworkParts {
  return {
    input: floats(...left),
    output: floats(...output),
    more: { inputs: [{ name: "z", ...floats(...right) }] },
    nodes: [node("Einsum", ["x", "z"], "y", { equation })],
  };
}

describe("Einsum", () => {
  itAgreesWithOnnxruntime({
    "Einsum of matrices": product("ij, jk -> ik", [
      [2, 3],
      [3, 4],
      [2, 4],
    ]),
    "Einsum of a constant and a computed matrix": product(
      "ij,jk->ki",
      [
        [3, 4],
        [2, 3],
        [4, 2],
      ],
      ["w", "x"],
    ),
    "Einsum of stacks": product("bhqd,bhkd->bhqk", [
      [1, 2, 3, 4],
      [1, 2, 5, 4],
      [1, 2, 3, 5],
    ]),
    "Einsum without an arrow": product("bc,ca", [
      [2, 3],
      [3, 4],
      [4, 2],
    ]),
    "Einsum of an outer product": product("i,j->ij", [[2], [3], [2, 3]]),
    "Einsum to a scalar": product("ij,ij->", [[2, 3], [2, 3], []]),
    "Einsum of one operand": single("Einsum", {
      input: [2, 3, 4],
      output: [4, 2],
      attributes: { equation: "abc->ca" },
    }),
    "Einsum of a diagonal": single("Einsum", {
      input: [3, 3],
      output: [3],
      attributes: { equation: "ii->i" },
    }),
    "Einsum of two computed tensors": computed("bij,bkj->bik", [
      [2, 3, 4],
      [2, 3, 4],
      [2, 3, 3],
    ]),
    "Einsum of three operands, of which two are computed": {
      ...computed("ij,jk,ik->i", [[2, 3], [2, 4], [2]]),
      nodes: [node("Einsum", ["x", "w", "z"], "y", { equation: "ij,jk,ik->i" })],
      initializers: { w: weights(3, 4) },
    },
    "Einsum with an ellipsis": product("...ij,jk->...ik", [
      [2, 2, 3, 4],
      [4, 5],
      [2, 2, 3, 5],
    ]),
    "Einsum with ellipses that broadcast, and no arrow": computed("i...,i...", [
      [3, 2, 1],
      [3, 2, 4],
      [2, 4],
    ]),
  });

  const shapes = [
    [2, 2],
    [2, 2],
    [2, 2],
  ] as const;

  it("sums as soon as it can: what is summed multiplies no further operand", () => {
    const parts = {
      ...computed("ij,jk,il->l", [[2, 3], [3, 4], [3]]),
      nodes: [node("Einsum", ["x", "z", "x"], "y", { equation: "ij,jk,il->l" })],
    };
    const products = lowered(parts).layers.map(({ forms }) => forms.length);
    expect(products).to.deep.equal([2 * 3 * 4, 2 * 3]);
  });

  it("refuses what is no equation", () => {
    const error = refusal(product("i..j,jk->ik", shapes));
    expect(error.code).to.equal("ONNX_UNSUPPORTED_ATTRIBUTE");
    expect(error.message).to.contain('has the equation "i..j,jk->ik"');
  });

  it("refuses another number of terms than operands", () => {
    const parts = product("ij,jk,kl->il", shapes);
    expect(refusal(parts).message).to.contain("has 2 operands for 3 terms");
  });

  it("refuses labels that do not fit", () => {
    const misfits = [
      product("ij,jk->iz", [
        [2, 2],
        [2, 2],
        [2, 1],
      ]),
      product("ijk,jk->i", shapes),
      product("i...,ij->i", shapes),
      product("ij,jk->ik", [
        [2, 3],
        [2, 2],
        [2, 2],
      ]),
    ];
    for (const parts of misfits) expect(refusal(parts).code).to.equal("ONNX_SHAPE_MISMATCH");
  });
});
