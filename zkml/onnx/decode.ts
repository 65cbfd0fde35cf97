import { z } from "zod";
import { elementCount } from "../arrays.ts";
import { ZkmlError } from "../errors.ts";
import type {
  AttributeValue,
  OnnxModel,
  OnnxNode,
  OutputInfo,
  Tensor,
  ValueInfo,
} from "./model.ts";
import { ATTRIBUTE_TYPES, elementTypeName, modelMessage, type ElementType } from "./schema.ts";

export interface DecodeOptions {
  /**
   * Values for symbolic dimensions, by the name the file gives them, e.g. `{ batch_size: 1 }`; for one without a name by its
   * input and axis, e.g. `{ "x#0": 1 }`.
   */
  readonly dimensions?: Readonly<Record<string, number>>;
}

const bytes = z.instanceof(Uint8Array);

/** Files may hold NaN and infinities; who uses a number refuses them. */
const real = z.custom<number>((value) => typeof value === "number");

const tensorSchema = z.object({
  name: z.string().default(""),
  dims: z.array(z.number()).default([]),
  dataType: z.number().default(0),
  floatData: z.array(real).default([]),
  int32Data: z.array(z.number()).default([]),
  int64Data: z.array(z.number()).default([]),
  doubleData: z.array(real).default([]),
  rawData: bytes.optional(),
  dataLocation: z.number().default(0),
});

const attributeSchema = z.object({
  name: z.string(),
  f: real.default(0),
  i: z.number().default(0),
  s: bytes.optional(),
  t: tensorSchema.optional(),
  floats: z.array(real).default([]),
  ints: z.array(z.number()).default([]),
  strings: z.array(bytes).default([]),
  type: z.number().default(0),
});

const nodeSchema = z.object({
  input: z.array(z.string()).default([]),
  output: z.array(z.string()).default([]),
  name: z.string().default(""),
  opType: z.string(),
  attribute: z.array(attributeSchema).default([]),
  domain: z.string().default(""),
});

/** The element type of what is a sequence or a map. */
const NO_TENSOR = 0;

const valueInfoSchema = z.object({
  name: z.string(),
  type: z.object({
    tensorType: z
      .object({
        elemType: z.number(),
        shape: z
          .object({
            dim: z
              .array(z.object({ dimValue: z.number().optional(), dimParam: z.string().optional() }))
              .default([]),
          })
          .default({ dim: [] }),
      })
      .default({ elemType: NO_TENSOR, shape: { dim: [] } }),
  }),
});

const messageSchema = z.object({
  opsetImport: z
    .array(z.object({ domain: z.string().default(""), version: z.number() }))
    .default([]),
  graph: z.object({
    node: z.array(nodeSchema).default([]),
    initializer: z.array(tensorSchema).default([]),
    input: z.array(valueInfoSchema).default([]),
    output: z.array(valueInfoSchema).default([]),
  }),
});

/**
 * Reads an ONNX file.
 *
 * Trusts nothing in it: sizes are checked against shapes, weights must be finite, and every dimension must be a number
 * or be given one by `options.dimensions`.
 *
 * @throws ZkmlError `ONNX_UNREADABLE`, `ONNX_UNSUPPORTED_TYPE`, `ONNX_DYNAMIC_SHAPE`, `ONNX_EXTERNAL_DATA`,
 *   `ONNX_SHAPE_MISMATCH`, `ONNX_NOT_FINITE` or `ONNX_SIGNATURE`.
 */
export function decodeOnnx(file: Uint8Array, options: DecodeOptions = {}): OnnxModel {
  const { graph, opsetImport } = readMessage(file);
  const initializers = new Map(graph.initializer.map((raw) => [raw.name, decodeTensor(raw)]));
  const inputs = graph.input.filter(({ name }) => !initializers.has(name));

  return {
    opset: opsetOf(opsetImport),
    nodes: graph.node.map(decodeNode),
    initializers,
    inputs: someOf(inputs, "input").map((raw) => decodeInput(raw, options)),
    outputs: someOf(graph.output, "output").map(decodeOutput),
  };
}

/** Before, operators meant something else. */
const OLDEST_OPSET = 7;

/** A file without any is of the first; one that imports other domains alone has no operator of this one. */
function opsetOf(imports: OnnxMessage["opsetImport"]): number {
  const own = imports.find(({ domain }) => domain === "" || domain === "ai.onnx");
  const version = own?.version ?? 1;
  if (version >= OLDEST_OPSET || (own === undefined && imports.length > 0)) return version;
  throw new ZkmlError(
    "ONNX_UNREADABLE",
    `The network is of opset ${version}; those from ${OLDEST_OPSET} on are read.`,
    "Convert it (onnx.version_converter), or export it again.",
  );
}

/** What an ONNX file holds, as it stands there: nothing is checked but the format. */
export type OnnxMessage = z.infer<typeof messageSchema>;

/** @throws ZkmlError `ONNX_UNREADABLE`. */
export function readMessage(file: Uint8Array): OnnxMessage {
  try {
    const message = modelMessage();
    return messageSchema.parse(message.toObject(message.decode(file), { longs: Number }));
  } catch (cause) {
    throw new ZkmlError(
      "ONNX_UNREADABLE",
      "The file is not a readable ONNX model.",
      "Check that it was exported as ONNX and copied whole.",
      { cause },
    );
  }
}

function someOf<T>(values: readonly T[], role: "input" | "output"): readonly T[] {
  if (values.length > 0) return values;
  throw new ZkmlError(
    "ONNX_SIGNATURE",
    `The graph has no ${role}.`,
    `Export the model with an ${role} tensor.`,
  );
}

function decodeNode(raw: z.infer<typeof nodeSchema>): OnnxNode {
  return {
    name: raw.name === "" ? (raw.output[0] ?? raw.opType) : raw.name,
    operator:
      raw.domain === "" || raw.domain === "ai.onnx" ? raw.opType : `${raw.domain}.${raw.opType}`,
    inputs: raw.input,
    outputs: raw.output,
    attributes: new Map(
      raw.attribute.map((attribute) => [attribute.name, decodeAttribute(attribute)]),
    ),
  };
}

function decodeAttribute(raw: z.infer<typeof attributeSchema>): AttributeValue {
  switch (raw.type) {
    case ATTRIBUTE_TYPES.float:
      return { kind: "float", value: raw.f };
    case ATTRIBUTE_TYPES.int:
      return { kind: "int", value: raw.i };
    case ATTRIBUTE_TYPES.string:
      return { kind: "string", value: new TextDecoder().decode(raw.s) };
    case ATTRIBUTE_TYPES.tensor:
      return raw.t === undefined
        ? { kind: "other" }
        : { kind: "tensor", value: decodeTensor({ ...raw.t, name: raw.t.name || raw.name }) };
    case ATTRIBUTE_TYPES.floats:
      return { kind: "floats", value: raw.floats };
    case ATTRIBUTE_TYPES.ints:
      return { kind: "ints", value: raw.ints };
    case ATTRIBUTE_TYPES.strings:
      return { kind: "strings", value: raw.strings.map((each) => new TextDecoder().decode(each)) };
    default:
      return { kind: "other" };
  }
}

function decodeInput(
  raw: z.infer<typeof valueInfoSchema>,
  { dimensions = {} }: DecodeOptions,
): ValueInfo {
  const shape = raw.type.tensorType.shape.dim.map(({ dimValue, dimParam }, axis) => {
    const label = dimParam ?? `${raw.name}#${axis}`;
    const isFixed = dimParam === undefined && dimValue !== undefined && dimValue !== 0;
    const size = isFixed ? dimValue : dimensions[label];
    if (size !== undefined && Number.isSafeInteger(size) && size > 0) return size;
    throw new ZkmlError(
      "ONNX_DYNAMIC_SHAPE",
      `Dimension "${label}" of "${raw.name}" has no fixed size.`,
      `Give it one, for example --dimension ${label}=1.`,
    );
  });
  return { name: raw.name, type: knownType(raw.type.tensorType.elemType, raw.name), shape };
}

/** Open dimensions need no size here: they follow from the input's. */
function decodeOutput(raw: z.infer<typeof valueInfoSchema>): OutputInfo {
  const shape = raw.type.tensorType.shape.dim.map(({ dimValue, dimParam }) =>
    dimParam === undefined ? dimValue : undefined,
  );
  return { name: raw.name, type: knownType(raw.type.tensorType.elemType, raw.name), shape };
}

function knownType(code: number, owner: string): ElementType {
  const type = elementTypeName(code);
  if (type !== undefined) return type;
  if (code === NO_TENSOR) {
    throw new ZkmlError(
      "ONNX_UNSUPPORTED_TYPE",
      `"${owner}" is no tensor, but a sequence or a map.`,
      "Export the model so that it gives tensors; scikit-learn's classifiers with the option zipmap=False.",
    );
  }
  throw new ZkmlError(
    "ONNX_UNSUPPORTED_TYPE",
    `Tensor "${owner}" has ONNX element type ${code}, which is not supported.`,
    "Export the model with float32, uint8 or int8 tensors.",
  );
}

function decodeTensor(raw: z.infer<typeof tensorSchema>): Tensor {
  if (raw.dataLocation !== 0) {
    throw new ZkmlError(
      "ONNX_EXTERNAL_DATA",
      `Tensor "${raw.name}" keeps its values in an external file.`,
      "Save the model with all weights inside the .onnx file.",
    );
  }
  const type = knownType(raw.dataType, raw.name);
  const values = readValues(raw, type);
  if (values.length !== elementCount(raw.dims)) {
    throw new ZkmlError(
      "ONNX_SHAPE_MISMATCH",
      `Tensor "${raw.name}" has ${values.length} values but shape [${raw.dims.join(", ")}].`,
      "The file is damaged; export the model again.",
    );
  }
  if (!values.every(Number.isFinite)) {
    throw new ZkmlError(
      "ONNX_NOT_FINITE",
      `Tensor "${raw.name}" holds a NaN or an infinity.`,
      "Train or export the model again; its weights must be finite numbers.",
    );
  }
  return { shape: raw.dims, type, values };
}

function readValues(raw: z.infer<typeof tensorSchema>, type: ElementType): Float64Array {
  if (raw.rawData !== undefined && raw.rawData.length > 0) return readRaw(raw.rawData, type);
  switch (type) {
    case "float":
      return Float64Array.from(raw.floatData);
    case "double":
      return Float64Array.from(raw.doubleData);
    case "int64":
      return Float64Array.from(raw.int64Data);
    default:
      return Float64Array.from(raw.int32Data);
  }
}

const READERS: Record<ElementType, { size: number; read: (view: DataView, at: number) => number }> =
  {
    float: { size: 4, read: (view, at) => view.getFloat32(at, true) },
    double: { size: 8, read: (view, at) => view.getFloat64(at, true) },
    uint8: { size: 1, read: (view, at) => view.getUint8(at) },
    bool: { size: 1, read: (view, at) => view.getUint8(at) },
    int8: { size: 1, read: (view, at) => view.getInt8(at) },
    int32: { size: 4, read: (view, at) => view.getInt32(at, true) },
    int64: { size: 8, read: (view, at) => Number(view.getBigInt64(at, true)) },
  };

/** `raw_data` is little-endian and fixed-width, whatever the machine. */
function readRaw(raw: Uint8Array, type: ElementType): Float64Array {
  const { size, read } = READERS[type];
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  return Float64Array.from({ length: Math.floor(raw.length / size) }, (_, i) =>
    read(view, i * size),
  );
}
