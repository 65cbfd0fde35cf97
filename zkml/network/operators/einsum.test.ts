import { expect } from "chai";
import type { NetworkParts } from "../../testing/networks.ts";
import { itAgreesWithOnnxruntime, refusal, single, weights } from "../../testing/onnxruntime.ts";

function product(
  equation: string,
  [input, constant, output]: readonly [readonly number[], readonly number[], readonly number[]],
  inputs?: readonly string[],
): NetworkParts {
  const constants = { w: weights(...constant) };
  const attributes = { equation };
  return single("Einsum", { input, output, attributes, constants, inputs: inputs ?? ["x", "w"] });
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
  });

  const shapes = [
    [2, 2],
    [2, 2],
    [2, 2],
  ] as const;

  it("refuses an ellipsis, with the equation", () => {
    const error = refusal(product("...i,ij->...j", shapes));
    expect(error.code).to.equal("ONNX_UNSUPPORTED_ATTRIBUTE");
    expect(error.message).to.contain('has the equation "...i,ij->...j"');
  });

  it("refuses products of two computed tensors", () => {
    expect(refusal(product("ij,jk->ik", shapes, ["x", "x"])).message).to.contain(
      "multiplies two computed tensors",
    );
  });

  it("refuses more than two operands", () => {
    expect(refusal(product("ij,jk,kl->il", shapes, ["x", "w", "w"])).message).to.contain(
      "has 3 operands",
    );
  });

  it("refuses labels that do not fit", () => {
    const misfits = [
      product("ij,jk->iz", [
        [2, 2],
        [2, 2],
        [2, 1],
      ]),
      product("ijk,jk->i", shapes),
      product("ij,jk->ik", [
        [2, 3],
        [2, 2],
        [2, 2],
      ]),
    ];
    for (const parts of misfits) expect(refusal(parts).code).to.equal("ONNX_SHAPE_MISMATCH");
  });
});
