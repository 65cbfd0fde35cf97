import { expect } from "chai";
import {
  float,
  floatList,
  int64s,
  node,
  strings,
  type AttributeLiteral,
} from "../../onnx/build.ts";
import type { NetworkParts } from "../../testing/networks.ts";
import {
  floats,
  itAgreesWithOnnxruntime,
  refusal,
  single,
  weights,
} from "../../testing/onnxruntime.ts";

type Attributes = Readonly<Record<string, AttributeLiteral>>;

const rows = { input: [2, 3], output: [2, 3] };

function listed(count: number): AttributeLiteral {
  return floatList(...weights(count).values);
}

/** Of three features, with scores beside the labels. */
function classifier(classes: number, attributes: Attributes): NetworkParts {
  return {
    input: floats(4, 3),
    output: { type: "int64", shape: [4] },
    more: { outputs: [{ name: "scores", ...floats(4, classes) }] },
    nodes: [node("ai.onnx.ml.LinearClassifier", ["x"], ["y", "scores"], attributes)],
  };
}

/** On whole numbers from -3 to 3. */
function onWholes(
  operator: string,
  output: NetworkParts["output"],
  attributes: Attributes,
): NetworkParts {
  return {
    input: { type: "int64", shape: [5] },
    output,
    nodes: [node(`ai.onnx.ml.${operator}`, ["x"], "y", attributes)],
  };
}

describe("classical models and their features", () => {
  itAgreesWithOnnxruntime({
    LinearRegressor: single("ai.onnx.ml.LinearRegressor", {
      input: [4, 3],
      output: [4, 2],
      attributes: { coefficients: listed(6), intercepts: floatList(1, -2), targets: 2 },
    }),
    "LinearRegressor without an intercept": single("ai.onnx.ml.LinearRegressor", {
      input: [4, 3],
      output: [4, 1],
      attributes: { coefficients: listed(3) },
    }),
    "LinearClassifier of three": classifier(3, {
      classlabels_ints: [4, 2, 9],
      coefficients: listed(9),
      intercepts: floatList(0.5, 0, -0.5),
      post_transform: "SOFTMAX",
      multi_class: 1,
    }),
    "LinearClassifier of two with a line each": classifier(2, {
      classlabels_ints: [0, 1],
      coefficients: listed(6),
      intercepts: floatList(0.25, -0.25),
      post_transform: "LOGISTIC",
    }),
    "LinearClassifier of two with one line": classifier(2, {
      classlabels_ints: [7, 5],
      coefficients: listed(3),
      intercepts: floatList(0.25),
      post_transform: "LOGISTIC",
    }),
    Scaler: single("ai.onnx.ml.Scaler", {
      ...rows,
      attributes: { offset: floatList(1, -2, 3), scale: floatList(2, 0.5, -1) },
    }),
    "Scaler, the same for all": single("ai.onnx.ml.Scaler", {
      ...rows,
      attributes: { offset: floatList(1), scale: floatList(2) },
    }),
    Binarizer: single("ai.onnx.ml.Binarizer", { ...rows, attributes: { threshold: float(0.5) } }),
    "Imputer of what is no number": single("ai.onnx.ml.Imputer", {
      ...rows,
      attributes: { imputed_value_floats: floatList(1), replaced_value_float: float(NaN) },
    }),
    "Imputer of a whole number": {
      ...onWholes(
        "Imputer",
        { type: "int64", shape: [1, 5] },
        {
          imputed_value_int64s: [9, 8, 7, 6, 5],
          replaced_value_int64: -1,
        },
      ),
      input: { type: "int64", shape: [1, 5] },
    },
    ArrayFeatureExtractor: single("ai.onnx.ml.ArrayFeatureExtractor", {
      ...rows,
      output: [2, 2],
      constants: { i: int64s(2, 0) },
    }),
    FeatureVectorizer: {
      input: floats(2, 1),
      output: floats(2, 4),
      more: { inputs: [{ name: "z", ...floats(2, 3) }] },
      nodes: [node("ai.onnx.ml.FeatureVectorizer", ["x", "z"], "y", { inputdimensions: [1, 3] })],
    },
    OneHotEncoder: onWholes("OneHotEncoder", floats(5, 3), { cats_int64s: [2, -1, 0], zeros: 1 }),
    "LabelEncoder to whole numbers": onWholes(
      "LabelEncoder",
      { type: "int64", shape: [5] },
      {
        keys_int64s: [-1, 0, 2],
        values_int64s: [10, 20, 40],
        default_int64: 7,
      },
    ),
    "LabelEncoder to others": onWholes("LabelEncoder", floats(5), {
      keys_int64s: [-1, 0, 2],
      values_floats: floatList(0.5, 1.5, -2),
      default_float: float(0.25),
    }),
  });

  it("refuses labels, categories and keys that are no numbers", () => {
    const coefficients = listed(6);
    const names = strings("no", "yes");
    const labels = classifier(2, { classlabels_strings: names, coefficients });
    expect(refusal(labels).message).to.contain("labels that are no whole numbers");
    const categories = onWholes("OneHotEncoder", floats(5, 2), { cats_strings: names });
    expect(refusal(categories).message).to.contain("categories that are no whole numbers");
    const keys = onWholes("LabelEncoder", floats(5), { keys_strings: names });
    expect(refusal(keys).message).to.contain("keys or values that are no numbers");
  });

  it("refuses a key that occurs twice", () => {
    const keys = onWholes("LabelEncoder", floats(5), {
      keys_int64s: [3, -1, 3],
      values_floats: floatList(0.5, 1.5, -2),
    });
    const { code, message } = refusal(keys);
    expect(code).to.equal("ONNX_UNSUPPORTED_ATTRIBUTE");
    expect(message).to.contain("has the key 3 more than once");
  });

  it("refuses attributes that do not fit or are not finite", () => {
    const scale = single("ai.onnx.ml.Scaler", { ...rows, attributes: { scale: floatList(1, 2) } });
    expect(refusal(scale).message).to.contain("has 2 values for 3 features");
    const lines = classifier(3, { classlabels_ints: [0, 1, 2], coefficients: listed(9) });
    expect(refusal(lines).message).to.contain("has 0 lines for 3 classes");
    const infinite = single("ai.onnx.ml.Binarizer", {
      ...rows,
      attributes: { threshold: float(Infinity) },
    });
    expect(refusal(infinite).code).to.equal("ONNX_NOT_FINITE");
  });
});
