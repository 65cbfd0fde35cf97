import { elementCount } from "../arrays.ts";
import { readMessage, type OnnxMessage } from "./decode.ts";
import { elementTypeName } from "./schema.ts";

/** An input or output as the file declares it. */
export interface TensorOutline {
  readonly name: string;
  /** Element type, or its ONNX code where the compiler has no name for it. */
  readonly type: string;
  /** Sizes; an open dimension by its name, or `?` where it has none. */
  readonly shape: readonly (number | string)[];
}

/** One operator application. */
export interface NodeOutline {
  readonly name: string;
  readonly operator: string;
}

/** What an ONNX file says of itself, also where it cannot be compiled. */
export interface OnnxOutline {
  readonly opset: number;
  readonly inputs: readonly TensorOutline[];
  readonly outputs: readonly TensorOutline[];
  /** Elements of all stored tensors. */
  readonly parameters: number;
  readonly nodes: readonly NodeOutline[];
}

const DEFAULT_DOMAINS: readonly string[] = ["", "ai.onnx"];

/**
 * Reads the outline of an ONNX file. Only its format is checked.
 *
 * @throws ZkmlError `ONNX_UNREADABLE`.
 */
export function outlineOnnx(file: Uint8Array): OnnxOutline {
  const { graph, opsetImport } = readMessage(file);
  const stored = new Set(graph.initializer.map(({ name }) => name));
  return {
    opset: opsetImport.find(({ domain }) => DEFAULT_DOMAINS.includes(domain))?.version ?? 1,
    inputs: graph.input.filter(({ name }) => !stored.has(name)).map(outlineTensor),
    outputs: graph.output.map(outlineTensor),
    parameters: graph.initializer.reduce((sum, { dims }) => sum + elementCount(dims), 0),
    nodes: graph.node.map(outlineNode),
  };
}

type Message = OnnxMessage["graph"];

function outlineTensor({ name, type }: Message["input"][number]): TensorOutline {
  const { elemType, shape } = type.tensorType;
  return {
    name,
    type: elementTypeName(elemType) ?? `ONNX type ${elemType}`,
    shape: shape.dim.map(({ dimParam, dimValue }) => dimParam ?? dimValue ?? "?"),
  };
}

function outlineNode({ name, opType, domain, output }: Message["node"][number]): NodeOutline {
  return {
    name: name === "" ? (output[0] ?? opType) : name,
    operator: DEFAULT_DOMAINS.includes(domain) ? opType : `${domain}.${opType}`,
  };
}
