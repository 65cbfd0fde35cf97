import { at, elementCount } from "../arrays.ts";
import { ZkmlError } from "../errors.ts";
import { inputSizeOf, type Network } from "../network/network.ts";
import type { ValueInfo } from "../onnx/model.ts";
import { INTEGER_FORMATS, splitTensors, type TensorSpec } from "./tensor-spec.ts";

/** Integers that stand for floating-point inputs. */
export type FloatInputType = "int8" | "int16";

/**
 * How each input is given as integers: floating-point ones scaled so that the largest sample just fits.
 *
 * @throws ZkmlError `SAMPLES_INVALID`.
 */
export function inputSpecs(
  network: Network,
  samples: readonly ArrayLike<number>[],
  floatType: FloatInputType,
): readonly TensorSpec[] {
  requireSamples(network, samples);
  const parts = samples.map((sample) => splitTensors(network.inputs, sample));
  return network.inputs.map((input, k) =>
    inputSpec(
      input,
      parts.map((part) => at(part, k)),
      floatType,
    ),
  );
}

function inputSpec(
  { name, shape, type }: ValueInfo,
  samples: readonly (readonly number[])[],
  floatType: FloatInputType,
): TensorSpec {
  switch (type) {
    case "bool":
    case "uint8":
    case "int8":
    case "int32":
      return { name, shape, type, scale: 1 };
    case "int64":
      return { name, shape, type: "int32", scale: 1 };
    case "float":
    case "double":
      return { name, shape, type: floatType, scale: floatScale(samples, floatType) };
  }
}

function floatScale(samples: readonly (readonly number[])[], type: FloatInputType): number {
  const peak = samples.reduce(
    (max, sample) => sample.reduce((inner, value) => Math.max(inner, Math.abs(value)), max),
    0,
  );
  return peak > 0 ? peak / INTEGER_FORMATS[type].max : 1;
}

function requireSamples(network: Network, samples: readonly ArrayLike<number>[]): void {
  const size = inputSizeOf(network);
  const bad = samples.findIndex(
    (sample) => sample.length !== size || !Array.from(sample).every(Number.isFinite),
  );
  if (samples.length > 0 && bad === -1) {
    requireExact(network, samples);
    return;
  }
  throw new ZkmlError(
    "SAMPLES_INVALID",
    samples.length === 0
      ? "No calibration sample was given."
      : `Calibration sample #${bad} does not hold ${size} finite numbers.`,
    "Give at least one sample of the input, each a flat list of the elements of all inputs.",
  );
}

/** Inputs of whole numbers are taken as they are. */
function requireExact(network: Network, samples: readonly ArrayLike<number>[]): void {
  samples.forEach((sample, index) => {
    splitTensors(network.inputs, sample).forEach((elements, k) => {
      const { name, type } = at(network.inputs, k);
      if (type === "float" || type === "double") return;
      const { min, max } = INTEGER_FORMATS[type === "int64" ? "int32" : type];
      const bad = elements.find((x) => !Number.isInteger(x) || x < min || x > max);
      if (bad === undefined) return;
      throw new ZkmlError(
        "SAMPLES_INVALID",
        `Calibration sample #${index} has ${bad} in "${name}", which is ${type} (${elementCount(at(network.inputs, k).shape)} whole numbers from ${min} to ${max}).`,
        "Give samples in the units of the model.",
      );
    });
  });
}
