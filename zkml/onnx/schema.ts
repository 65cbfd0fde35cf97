import { fileURLToPath } from "node:url";
import protobuf from "protobufjs";

/** ONNX element types (`TensorProto.DataType`) that this compiler knows by name. */
export const ELEMENT_TYPES = {
  float: 1,
  uint8: 2,
  int8: 3,
  int32: 6,
  int64: 7,
  bool: 9,
  double: 11,
} as const;

export type ElementType = keyof typeof ELEMENT_TYPES;

/** Kinds of attributes (`AttributeProto.AttributeType`) that the supported operators use. */
export const ATTRIBUTE_TYPES = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  floats: 6,
  ints: 7,
  strings: 8,
} as const;

const NAMES = new Map<number, ElementType>();
for (const name of Object.keys(ELEMENT_TYPES) as ElementType[])
  NAMES.set(ELEMENT_TYPES[name], name);

/** Name of an ONNX element type code, or `undefined` for one this compiler does not handle. */
export function elementTypeName(code: number): ElementType | undefined {
  return NAMES.get(code);
}

/** The protobuf message type `onnx.ModelProto`, from the schema beside this file. */
export function modelMessage(): protobuf.Type {
  const root = new protobuf.Root();
  root.loadSync(fileURLToPath(new URL("./onnx.proto", import.meta.url)));
  return root.lookupType("onnx.ModelProto");
}
