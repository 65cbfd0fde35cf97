import { ATTRIBUTE_TYPES, ELEMENT_TYPES, modelMessage } from "./schema.ts";
import type { AttributeValue, OnnxModel, OnnxNode, OutputInfo, Tensor } from "./model.ts";

/** Version of the ONNX container format written: opset 13 needs 7 or more. */
const IR_VERSION = 8;

/** Where trees and other classical models live. */
const ML_DOMAIN = "ai.onnx.ml";
const ML_OPSET = 3;

/** What came with a later version, which retires others. */
const ML_OPERATORS_OF_5: readonly string[] = [`${ML_DOMAIN}.TreeEnsemble`];

/** Serialises a model as an ONNX file that any runtime can load. Attributes of kind `other` are not written. */
export function encodeOnnx(model: OnnxModel, producer: string): Uint8Array {
  const message = modelMessage();
  return message
    .encode(
      message.create({
        irVersion: IR_VERSION,
        producerName: producer,
        opsetImport: [
          { domain: "", version: model.opset },
          { domain: ML_DOMAIN, version: mlOpsetOf(model) },
        ],
        graph: {
          name: "network",
          node: model.nodes.map(nodeMessage),
          initializer: [...model.initializers].map(([name, tensor]) => tensorMessage(name, tensor)),
          input: model.inputs.map(valueInfoMessage),
          output: model.outputs.map(valueInfoMessage),
        },
      }),
    )
    .finish();
}

function mlOpsetOf({ nodes }: OnnxModel): number {
  return nodes.some(({ operator }) => ML_OPERATORS_OF_5.includes(operator)) ? 5 : ML_OPSET;
}

function nodeMessage(node: OnnxNode): object {
  return {
    name: node.name,
    ...operatorMessage(node.operator),
    input: node.inputs,
    output: node.outputs,
    attribute: [...node.attributes].flatMap(([name, attribute]) =>
      attribute.kind === "other"
        ? []
        : [{ name, type: ATTRIBUTE_TYPES[attribute.kind], ...attributeField(attribute) }],
    ),
  };
}

/** An operator of another domain than ONNX's own is called `domain.operator`. */
function operatorMessage(operator: string): { domain: string; opType: string } {
  const end = operator.lastIndexOf(".");
  return { domain: operator.slice(0, Math.max(0, end)), opType: operator.slice(end + 1) };
}

function attributeField(attribute: Exclude<AttributeValue, { kind: "other" }>): object {
  switch (attribute.kind) {
    case "float":
      return { f: attribute.value };
    case "int":
      return { i: attribute.value };
    case "string":
      return { s: new TextEncoder().encode(attribute.value) };
    case "tensor":
      return { t: tensorMessage("", attribute.value) };
    case "floats":
      return { floats: attribute.value };
    case "ints":
      return { ints: attribute.value };
    case "strings":
      return { strings: attribute.value.map((each) => new TextEncoder().encode(each)) };
  }
}

function tensorMessage(name: string, tensor: Tensor): object {
  return {
    name,
    dims: tensor.shape,
    dataType: ELEMENT_TYPES[tensor.type],
    rawData: rawBytes(tensor),
  };
}

function rawBytes({ type, values }: Tensor): Uint8Array {
  switch (type) {
    case "float":
      return new Uint8Array(Float32Array.from(values).buffer);
    case "double":
      return new Uint8Array(Float64Array.from(values).buffer);
    case "int64":
      return new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    case "int32":
      return new Uint8Array(Int32Array.from(values).buffer);
    case "int8":
      return new Uint8Array(Int8Array.from(values).buffer);
    case "uint8":
    case "bool":
      return Uint8Array.from(values);
  }
}

function valueInfoMessage({ name, type, shape }: OutputInfo): object {
  return {
    name,
    type: {
      tensorType: {
        elemType: ELEMENT_TYPES[type],
        shape: { dim: shape.map((dimValue) => (dimValue === undefined ? {} : { dimValue })) },
      },
    },
  };
}
