import type { Random } from "../../../zkml/random.ts";
import { addScaled, item, parameter, type Layer, type Parameter } from "./layer.ts";
import { heWeights } from "./random.ts";

export interface ConvolutionShape {
  /** Side of the square image, in pixels. */
  readonly side: number;
  /** Side of the square window, in pixels. */
  readonly kernel: number;
  /** Pixels from one window to the next. */
  readonly stride: number;
  readonly channels: number;
}

/** First layer on square images of one channel, without padding. Its output is ordered by channel, row, column. */
export class Convolution implements Layer {
  readonly shape: ConvolutionShape;
  /** Windows along a side. */
  readonly windows: number;
  readonly weights: Parameter;
  readonly biases: Parameter;
  readonly #pixels: Uint16Array;
  readonly #patches: Float32Array;

  constructor(shape: ConvolutionShape, random: Random) {
    const { side, kernel, stride, channels } = shape;
    this.shape = shape;
    this.windows = Math.floor((side - kernel) / stride) + 1;
    this.#pixels = pixelsOf(shape, this.windows);
    this.#patches = new Float32Array(this.#pixels.length);
    this.weights = parameter(heWeights(random, kernel ** 2, kernel ** 2 * channels));
    this.biases = parameter(new Float32Array(channels));
  }

  get parameters(): readonly Parameter[] {
    return [this.weights, this.biases];
  }

  forward(image: Float32Array): Float32Array {
    const patches = this.#patches;
    this.#pixels.forEach((pixel, k) => {
      patches[k] = item(image, pixel);
    });
    const cells = this.shape.kernel ** 2;
    const positions = this.windows ** 2;
    const output = new Float32Array(positions * this.shape.channels);
    for (let index = 0; index < output.length; index++) {
      const channel = Math.floor(index / positions);
      const [from, start] = [channel * cells, (index % positions) * cells];
      let sum = item(this.biases.values, channel);
      for (let k = 0; k < cells; k++) {
        sum += item(this.weights.values, from + k) * item(patches, start + k);
      }
      output[index] = sum;
    }
    return output;
  }

  /** Returns nothing to pass on: behind the first layer there is only the image. */
  backward(gradient: Float32Array): Float32Array {
    const { weights, biases } = this;
    const length = this.shape.kernel ** 2;
    const positions = this.windows ** 2;
    gradient.forEach((factor, index) => {
      if (factor === 0) return;
      const channel = Math.floor(index / positions);
      const from = (index % positions) * length;
      biases.gradient[channel] = item(biases.gradient, channel) + factor;
      addScaled(weights.gradient, channel * length, {
        source: this.#patches,
        from,
        length,
        factor,
      });
    });
    return new Float32Array();
  }
}

/** Pixels of all windows, one window after the other. */
function pixelsOf({ side, kernel, stride }: ConvolutionShape, windows: number): Uint16Array {
  return Uint16Array.from({ length: windows ** 2 * kernel ** 2 }, (_, index) => {
    const [window, cell] = [Math.floor(index / kernel ** 2), index % kernel ** 2];
    const row = Math.floor(window / windows) * stride + Math.floor(cell / kernel);
    return row * side + (window % windows) * stride + (cell % kernel);
  });
}
