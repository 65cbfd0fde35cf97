import { at, elementCount, listOf } from "../arrays.ts";
import { ZkmlError } from "../errors.ts";

/** How one element of a tensor is written as bytes: big-endian, two's complement if signed. */
export type IntegerType = "bool" | "uint8" | "int8" | "int16" | "int32";

interface IntegerFormat {
  readonly bytes: number;
  readonly min: number;
  readonly max: number;
}

export const INTEGER_FORMATS: Readonly<Record<IntegerType, IntegerFormat>> = {
  bool: { bytes: 1, min: 0, max: 1 },
  uint8: { bytes: 1, min: 0, max: 255 },
  int8: { bytes: 1, min: -128, max: 127 },
  int16: { bytes: 2, min: -32_768, max: 32_767 },
  int32: { bytes: 4, min: -2_147_483_648, max: 2_147_483_647 },
};

/** The public face of one of an integer graph's inputs or outputs. */
export interface TensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: IntegerType;
  /** Real value of one integer unit: `real = scale · integer`. */
  readonly scale: number;
}

/** Length in bytes of tensors of these kinds, one after the other. */
export function byteLength(specs: readonly TensorSpec[]): number {
  return specs.reduce((sum, spec) => sum + bytesOf(spec), 0);
}

/** How many elements tensors have together. */
export function sizeOf(tensors: readonly { readonly shape: readonly number[] }[]): number {
  return tensors.reduce((sum, { shape }) => sum + elementCount(shape), 0);
}

/** For each element of all tensors, the spec of its tensor. */
export function specOfEach(specs: readonly TensorSpec[]): readonly TensorSpec[] {
  return specs.flatMap((spec) => listOf(elementCount(spec.shape), () => spec));
}

/** Splits the elements of all tensors into those of each. */
export function splitTensors(
  specs: readonly { readonly shape: readonly number[] }[],
  values: ArrayLike<number>,
): number[][] {
  const all = Array.from(values);
  let next = 0;
  return specs.map(({ shape }) => all.slice(next, (next += elementCount(shape))));
}

/**
 * Integers to the exact bytes that are hashed, proved and put on chain: tensor by tensor, in row-major order.
 *
 * @throws ZkmlError `INPUT_SIZE` if there are too many or too few, or one does not fit.
 */
export function encodeTensors(specs: readonly TensorSpec[], values: ArrayLike<number>): Uint8Array {
  requireCount(specs, { found: values.length, wanted: sizeOf(specs), unit: "elements" });
  const encoded = new Uint8Array(byteLength(specs));
  const view = new DataView(encoded.buffer);
  let offset = 0;
  splitTensors(specs, values).forEach((elements, k) => {
    const spec = at(specs, k);
    elements.forEach((value, i) => {
      requireRange(spec, value, i);
      WRITE[spec.type](view, offset, value);
      offset += INTEGER_FORMATS[spec.type].bytes;
    });
  });
  return encoded;
}

/**
 * Bytes back to integers.
 *
 * @throws ZkmlError `INPUT_SIZE` if the length is wrong, or an element is not one of its type.
 */
export function decodeTensors(specs: readonly TensorSpec[], encoded: Uint8Array): number[] {
  requireCount(specs, { found: encoded.length, wanted: byteLength(specs), unit: "bytes" });
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  let offset = 0;
  return specs.flatMap((spec) =>
    listOf(elementCount(spec.shape), (i) => {
      const value = READ[spec.type](view, offset);
      requireRange(spec, value, i);
      offset += INTEGER_FORMATS[spec.type].bytes;
      return value;
    }),
  );
}

/** Real values to the nearest integers of each tensor's type; values beyond its range are clamped to its ends. */
export function quantiseTensors(specs: readonly TensorSpec[], values: ArrayLike<number>): number[] {
  const all = specOfEach(specs);
  return Array.from(values, (value, i) => {
    const { type, scale } = at(all, i);
    const { min, max } = INTEGER_FORMATS[type];
    return Math.min(max, Math.max(min, Math.round(value / scale)));
  });
}

/** Integers back to real values, tensor by tensor. */
export function dequantiseTensors(
  specs: readonly TensorSpec[],
  values: ArrayLike<number>,
): number[][] {
  return splitTensors(specs, values).map((elements, k) =>
    elements.map((value) => value * at(specs, k).scale),
  );
}

function bytesOf(spec: TensorSpec): number {
  return elementCount(spec.shape) * INTEGER_FORMATS[spec.type].bytes;
}

const READ: Readonly<Record<IntegerType, (view: DataView, offset: number) => number>> = {
  bool: (view, offset) => view.getUint8(offset),
  uint8: (view, offset) => view.getUint8(offset),
  int8: (view, offset) => view.getInt8(offset),
  int16: (view, offset) => view.getInt16(offset),
  int32: (view, offset) => view.getInt32(offset),
};

type Writer = (view: DataView, offset: number, value: number) => void;

const WRITE: Readonly<Record<IntegerType, Writer>> = {
  bool: (view, offset, value) => {
    view.setUint8(offset, value);
  },
  uint8: (view, offset, value) => {
    view.setUint8(offset, value);
  },
  int8: (view, offset, value) => {
    view.setInt8(offset, value);
  },
  int16: (view, offset, value) => {
    view.setInt16(offset, value);
  },
  int32: (view, offset, value) => {
    view.setInt32(offset, value);
  },
};

function requireRange({ name, type }: TensorSpec, value: number, index: number): void {
  const { min, max } = INTEGER_FORMATS[type];
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new ZkmlError(
    "INPUT_SIZE",
    `Element ${index} of "${name}" is ${value}; ${type} holds integers from ${min} to ${max}.`,
    "Scale and round the values first.",
  );
}

interface Count {
  readonly found: number;
  readonly wanted: number;
  readonly unit: string;
}

function requireCount(specs: readonly TensorSpec[], { found, wanted, unit }: Count): void {
  if (found === wanted) return;
  const names = specs.map(({ name }) => `"${name}"`).join(", ");
  const shapes = specs.map(({ shape, type }) => `shape [${shape.join(", ")}], ${type}`).join("; ");
  throw new ZkmlError(
    "INPUT_SIZE",
    `${names} has ${found} ${unit}; the model takes exactly ${wanted} (${shapes}).`,
    "Send all tensors whole, in order, and in row-major order.",
  );
}
