import type { Operator } from "./operator.ts";
import {
  celu,
  elu,
  gelu,
  hardSwish,
  mish,
  selu,
  softplus,
  softsign,
  swish,
} from "./operators/activations.ts";
import { add, divide, mean, multiply, negate, power, subtract } from "./operators/arithmetic.ts";
import { cast } from "./operators/cast.ts";
import { eyeLike, filled, literal, oneHot, range, shape, size } from "./operators/constants.ts";
import { equal, greater, greaterOrEqual, less, lessOrEqual, sign } from "./operators/comparison.ts";
import { convolution, transposedConvolution } from "./operators/convolution.ts";
import { dequantizeLinear, quantizeLinear } from "./operators/quantization.ts";
import { einsum } from "./operators/einsum.ts";
import { nonZero } from "./operators/positions.ts";
import { gemm } from "./operators/gemm.ts";
import { elementwise } from "./operators/functions.ts";
import { gather, gatherElements, gatherND, slice } from "./operators/indexing.ts";
import { concatenate, split } from "./operators/joining.ts";
import { dropout, flatten, identity, reshape, squeeze, unsqueeze } from "./operators/layout.ts";
import { and, not, or, where, xor } from "./operators/logic.ts";
import { matMul } from "./operators/matmul.ts";
import {
  depthToSpace,
  expand,
  spaceToDepth,
  tile,
  transpose,
  triangle,
} from "./operators/movement.ts";
import { batchNormalization } from "./operators/normalization.ts";
import { pad } from "./operators/padding.ts";
import {
  absolute,
  clip,
  hardSigmoid,
  leakyRelu,
  max,
  min,
  parametricRelu,
  relu,
  thresholdedRelu,
} from "./operators/piecewise.ts";
import { averagePool, globalAveragePool, globalMaxPool, maxPool } from "./operators/pooling.ts";
import { argMax, argMin, topK } from "./operators/ranking.ts";
import {
  cumulativeSum,
  reduceL1,
  reduceMax,
  reduceMean,
  reduceMin,
  reduceProduct,
  reduceSum,
} from "./operators/reduction.ts";
import { gatedRecurrent, longShortTermMemory, simpleRecurrent } from "./operators/recurrent.ts";
import { resize, upsample } from "./operators/resizing.ts";
import { logSoftmax, softmax } from "./operators/softmax.ts";
import { instanceNormalization, layerNormalization } from "./operators/standardization.ts";
import { treeClassifier, treeRegressor } from "./operators/trees.ts";
import { ceil, floor, modulo, round } from "./operators/rounding.ts";
import { SCALAR_FUNCTIONS } from "./scalar-functions.ts";
import { scatterElements, scatterND } from "./operators/scattering.ts";

/** Every supported ONNX operator. */
export const OPERATORS: ReadonlyMap<string, Operator> = new Map<string, Operator>([
  ["Abs", absolute],
  ["Add", add],
  ["And", and],
  ["ArgMax", argMax],
  ["ArgMin", argMin],
  ["AveragePool", averagePool],
  ["BatchNormalization", batchNormalization],
  ["Cast", cast],
  ["Ceil", ceil],
  ["Clip", clip],
  ["Concat", concatenate],
  ["Constant", literal],
  ["ConstantOfShape", filled],
  ["Conv", convolution],
  ["ConvTranspose", transposedConvolution],
  ["CumSum", cumulativeSum],
  ["DepthToSpace", depthToSpace],
  ["DequantizeLinear", dequantizeLinear],
  ["Div", divide],
  ["Dropout", dropout],
  ["Einsum", einsum],
  ["Equal", equal],
  ["Expand", expand],
  ["EyeLike", eyeLike],
  ["Flatten", flatten],
  ["Floor", floor],
  ["Gather", gather],
  ["GatherElements", gatherElements],
  ["GatherND", gatherND],
  ["Gemm", gemm],
  ["GlobalAveragePool", globalAveragePool],
  ["GlobalMaxPool", globalMaxPool],
  ["Greater", greater],
  ["GreaterOrEqual", greaterOrEqual],
  ["HardSigmoid", hardSigmoid],
  ["Identity", identity],
  ["LeakyRelu", leakyRelu],
  ["Less", less],
  ["LessOrEqual", lessOrEqual],
  ["MatMul", matMul],
  ["Max", max],
  ["MaxPool", maxPool],
  ["Mean", mean],
  ["Min", min],
  ["Mod", modulo],
  ["Mul", multiply],
  ["Neg", negate],
  ["NonZero", nonZero],
  ["Not", not],
  ["OneHot", oneHot],
  ["Or", or],
  ["PRelu", parametricRelu],
  ["Pad", pad],
  ["Range", range],
  ["ReduceL1", reduceL1],
  ["ReduceMax", reduceMax],
  ["ReduceMean", reduceMean],
  ["ReduceMin", reduceMin],
  ["ReduceProd", reduceProduct],
  ["ReduceSum", reduceSum],
  ["Relu", relu],
  ["Reshape", reshape],
  ["Resize", resize],
  ["Round", round],
  ["QuantizeLinear", quantizeLinear],
  ["Scatter", scatterElements],
  ["ScatterElements", scatterElements],
  ["ScatterND", scatterND],
  ["Shape", shape],
  ["Sign", sign],
  ["Size", size],
  ["Slice", slice],
  ["SpaceToDepth", spaceToDepth],
  ["Split", split],
  ["Squeeze", squeeze],
  ["Sub", subtract],
  ["Sum", add],
  ["ThresholdedRelu", thresholdedRelu],
  ["Tile", tile],
  ["TopK", topK],
  ["Transpose", transpose],
  ["Trilu", triangle],
  ["Unsqueeze", unsqueeze],
  ["Upsample", upsample],
  ["Where", where],
  ["Xor", xor],
  ["Acos", elementwise(SCALAR_FUNCTIONS.acos)],
  ["Asin", elementwise(SCALAR_FUNCTIONS.asin)],
  ["Atan", elementwise(SCALAR_FUNCTIONS.atan)],
  ["Celu", celu],
  ["Cos", elementwise(SCALAR_FUNCTIONS.cos)],
  ["Elu", elu],
  ["Erf", elementwise(SCALAR_FUNCTIONS.erf)],
  ["GRU", gatedRecurrent],
  ["LSTM", longShortTermMemory],
  ["RNN", simpleRecurrent],
  ["ai.onnx.ml.TreeEnsembleClassifier", treeClassifier],
  ["ai.onnx.ml.TreeEnsembleRegressor", treeRegressor],
  ["Exp", elementwise(SCALAR_FUNCTIONS.exp)],
  ["Gelu", gelu],
  ["HardSwish", hardSwish],
  ["InstanceNormalization", instanceNormalization],
  ["LayerNormalization", layerNormalization],
  ["Log", elementwise(SCALAR_FUNCTIONS.log)],
  ["LogSoftmax", logSoftmax],
  ["Mish", mish],
  ["Pow", power],
  ["Reciprocal", elementwise(SCALAR_FUNCTIONS.reciprocal)],
  ["Selu", selu],
  ["Sigmoid", elementwise(SCALAR_FUNCTIONS.sigmoid)],
  ["Sin", elementwise(SCALAR_FUNCTIONS.sin)],
  ["Softmax", softmax],
  ["Softplus", softplus],
  ["Softsign", softsign],
  ["Sqrt", elementwise(SCALAR_FUNCTIONS.sqrt)],
  ["Swish", swish],
  ["Tan", elementwise(SCALAR_FUNCTIONS.tan)],
  ["Tanh", elementwise(SCALAR_FUNCTIONS.tanh)],
]);

export const SUPPORTED_OPERATORS: readonly string[] = [...OPERATORS.keys()].sort();
