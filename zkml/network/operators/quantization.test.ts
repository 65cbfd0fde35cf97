import { expect } from "chai";
import { node, tensor } from "../../onnx/build.ts";
import { ELEMENT_TYPES, type ElementType } from "../../onnx/schema.ts";
import type { AttributeLiteral } from "../../onnx/build.ts";
import type { NetworkParts } from "../../testing/networks.ts";
import { floats, itAgreesWithOnnxruntime, refusal } from "../../testing/onnxruntime.ts";

type Attributes = Readonly<Record<string, AttributeLiteral>>;

const SCALE = { s: tensor([], [0.05]) };

/** Without a zero point; numbers of both signs, so that some leave either type. */
function quantized(type: ElementType, attributes: Attributes, opset = 21): NetworkParts {
  return {
    opset,
    input: floats(3, 4),
    output: { type, shape: [3, 4] },
    nodes: [node("QuantizeLinear", ["x", "s"], "y", attributes)],
    initializers: { s: tensor([], [0.01]) },
  };
}

function withZero(attributes: Attributes): NetworkParts {
  return {
    opset: 21,
    input: floats(3, 4),
    output: { type: "int8", shape: [3, 4] },
    nodes: [node("QuantizeLinear", ["x", "s", "z"], "y", attributes)],
    initializers: { ...SCALE, z: { shape: [], type: "int8", values: Float64Array.of(-3) } },
  };
}

function dequantized(attributes: Attributes): NetworkParts {
  return {
    opset: 23,
    input: { type: "uint8", shape: [3, 4] },
    output: floats(3, 4),
    nodes: [node("DequantizeLinear", ["x", "s"], "y", attributes)],
    initializers: SCALE,
  };
}

describe("quantisation", () => {
  itAgreesWithOnnxruntime({
    "QuantizeLinear and back, with a scale for each column": {
      input: floats(3, 4),
      output: floats(3, 4),
      nodes: [
        node("QuantizeLinear", ["x", "s", "z"], "q", { axis: 1 }),
        node("DequantizeLinear", ["q", "s", "z"], "y", { axis: 1 }),
      ],
      initializers: {
        s: tensor([4], [0.01, 0.02, 0.05, 0.5]),
        z: { shape: [4], type: "int8", values: Float64Array.of(0, 1, -3, 10) },
      },
    },
    "QuantizeLinear to uint8, which is the default": quantized("uint8", {}),
    "QuantizeLinear to uint8 up to opset 19": quantized("uint8", {}, 19),
    "QuantizeLinear to a declared uint8": quantized("uint8", { output_dtype: ELEMENT_TYPES.uint8 }),
    "QuantizeLinear to a declared int8": quantized("int8", { output_dtype: ELEMENT_TYPES.int8 }),
    "QuantizeLinear to the type of its zero point, also declared": withZero({
      output_dtype: ELEMENT_TYPES.int8,
    }),
    "QuantizeLinear with saturate, which says nothing about integers": withZero({ saturate: 0 }),
    "DequantizeLinear to a declared float": dequantized({ output_dtype: ELEMENT_TYPES.float }),
  });

  it("refuses to give other types than uint8 and int8", () => {
    const int32 = refusal(quantized("int32", { output_dtype: ELEMENT_TYPES.int32 }));
    expect(int32.code).to.equal("ONNX_UNSUPPORTED_ATTRIBUTE");
    expect(int32.message).to.contain("gives int32");
    const float8 = refusal(quantized("uint8", { output_dtype: 17 }));
    expect(float8.code).to.equal("ONNX_UNSUPPORTED_ATTRIBUTE");
    expect(float8.message).to.contain("has output_dtype 17");
  });

  it("refuses a declared type that is not the zero point's", () => {
    const { code, message } = refusal(withZero({ output_dtype: ELEMENT_TYPES.uint8 }));
    expect(code).to.equal("ONNX_SHAPE_MISMATCH");
    expect(message).to.contain("has output_dtype uint8, but a zero point of int8");
  });

  it("refuses another precision of the division, and other results than float", () => {
    const divided = refusal({ ...withZero({ precision: ELEMENT_TYPES.float }), opset: 23 });
    expect(divided.message).to.contain("has precision 1");
    expect(refusal(dequantized({ output_dtype: 10 })).message).to.contain("has output_dtype 10");
  });
});
