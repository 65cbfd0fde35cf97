import type { CompiledModel } from "../../../zkml/model/compile-model.ts";
import { compileStored, type Model } from "../model.ts";
import { measureAccuracy } from "./accuracy.ts";
import { describeDigits } from "./description.ts";
import { testDigits, trainingDigits } from "./mnist.ts";
import { trainDigits } from "./train.ts";

/** Training images that set the scales. */
const SAMPLE_COUNT = 200;

/** The digit classifier: a small convolutional network. */
export const DIGITS: Model = {
  name: "digits",
  quantisation: { weightBits: 10, activationBits: 10 },
  async train(onProgress) {
    const digits = await trainingDigits();
    const network = trainDigits(digits, (epoch, loss) => {
      onProgress(`epoch ${epoch}: loss ${loss.toFixed(4)}`);
    });
    return { network, samples: digits.images.slice(0, SAMPLE_COUNT) };
  },
  async describe(model) {
    return describeDigits(await measureAccuracy(model, await testDigits()));
  },
};

export function compileDigits(): Promise<CompiledModel> {
  return compileStored(DIGITS);
}
