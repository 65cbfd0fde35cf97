import { at, elementCount } from "../../arrays.ts";
import { combine } from "../affine.ts";
import { floatAttribute, requireInt } from "../attributes.ts";
import { channelLayout, constantInput, shapeError, type Operator } from "../operator.ts";
import { formsOf, fromForms, shapeOf } from "../value.ts";

/** ONNX `BatchNormalization` with the statistics of the training, which makes it a scale and an offset per channel. */
export const batchNormalization: Operator = (context) => {
  const { node } = context;
  requireInt(node, "training_mode", 0);
  requireInt(node, "spatial", 1);
  const { value, channels, space } = channelLayout(context, 0);
  const [scale, bias, average, variance] = (["scale", "bias", "mean", "variance"] as const).map(
    (role, index) => {
      const { values } = constantInput(context, index + 1, role);
      if (values.length === channels) return values;
      throw shapeError(node, `has ${values.length} values of ${role} for ${channels} channels`);
    },
  );
  const epsilon = floatAttribute(node, "epsilon", 1e-5);
  const plane = elementCount(space);
  const forms = formsOf(value).map((form, index) => {
    const channel = Math.floor(index / plane) % channels;
    const weight = at(scale ?? [], channel) / Math.sqrt(at(variance ?? [], channel) + epsilon);
    const offset = at(bias ?? [], channel) - weight * at(average ?? [], channel);
    return combine([{ weight, form }], offset);
  });
  return fromForms(shapeOf(value), forms);
};
