import { elementCount } from "../arrays.ts";
import { ZkmlError } from "../errors.ts";

/** How one element of a tensor is written as bytes: big-endian, two's complement if signed. */
export type IntegerType = "uint8" | "int8" | "int16" | "int32";

interface IntegerFormat {
  readonly bytes: number;
  readonly min: number;
  readonly max: number;
}

export const INTEGER_FORMATS: Readonly<Record<IntegerType, IntegerFormat>> = {
  uint8: { bytes: 1, min: 0, max: 255 },
  int8: { bytes: 1, min: -128, max: 127 },
  int16: { bytes: 2, min: -32_768, max: 32_767 },
  int32: { bytes: 4, min: -2_147_483_648, max: 2_147_483_647 },
};

/** The public face of an integer graph's input or output. */
export interface TensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: IntegerType;
  /** Real value of one integer unit: `real = scale · integer`. */
  readonly scale: number;
}

/** Length in bytes of a tensor of this kind. */
export function byteLength(spec: TensorSpec): number {
  return elementCount(spec.shape) * INTEGER_FORMATS[spec.type].bytes;
}

/**
 * Integers to the exact bytes that are hashed, proved and put on chain.
 *
 * @throws ZkmlError `INPUT_SIZE` if there are too many or too few, or one does not fit.
 */
export function encodeTensor(spec: TensorSpec, values: ArrayLike<number>): Uint8Array {
  const { bytes, min, max } = INTEGER_FORMATS[spec.type];
  requireCount(spec, values.length, elementCount(spec.shape), "elements");
  const encoded = new Uint8Array(values.length * bytes);
  const view = new DataView(encoded.buffer);
  Array.from(values).forEach((value, i) => {
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new ZkmlError(
        "INPUT_SIZE",
        `Element ${i} of "${spec.name}" is ${value}; ${spec.type} holds integers from ${min} to ${max}.`,
        "Scale and round the values first.",
      );
    }
    if (bytes === 1) view.setUint8(i, value & 0xff);
    else if (bytes === 2) view.setInt16(i * 2, value);
    else view.setInt32(i * 4, value);
  });
  return encoded;
}

/**
 * Bytes back to integers.
 *
 * @throws ZkmlError `INPUT_SIZE` if the length is wrong.
 */
export function decodeTensor(spec: TensorSpec, encoded: Uint8Array): number[] {
  requireCount(spec, encoded.length, byteLength(spec), "bytes");
  const view = new DataView(encoded.buffer, encoded.byteOffset, encoded.byteLength);
  const read: Readonly<Record<IntegerType, (index: number) => number>> = {
    uint8: (i) => view.getUint8(i),
    int8: (i) => view.getInt8(i),
    int16: (i) => view.getInt16(i * 2),
    int32: (i) => view.getInt32(i * 4),
  };
  return Array.from({ length: elementCount(spec.shape) }, (_, i) => read[spec.type](i));
}

/** Real values to the nearest integers of the tensor's type; values beyond its range are clamped to its ends. */
export function quantiseTensor(spec: TensorSpec, values: ArrayLike<number>): number[] {
  const { min, max } = INTEGER_FORMATS[spec.type];
  return Array.from(values, (value) =>
    Math.min(max, Math.max(min, Math.round(value / spec.scale))),
  );
}

function requireCount(spec: TensorSpec, found: number, wanted: number, unit: string): void {
  if (found === wanted) return;
  throw new ZkmlError(
    "INPUT_SIZE",
    `"${spec.name}" has ${found} ${unit}; the model takes exactly ${wanted} (shape [${spec.shape.join(", ")}], ${spec.type}).`,
    "Send the tensor whole and in row-major order.",
  );
}
