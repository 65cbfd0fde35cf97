import type { Layer } from "./layer.ts";

/** `max(0, x)`, element by element. */
export class Rectifier implements Layer {
  readonly parameters = [];
  #output = new Float32Array();

  forward(input: Float32Array): Float32Array {
    this.#output = input.map((value) => Math.max(0, value));
    return this.#output;
  }

  backward(gradient: Float32Array): Float32Array {
    return gradient.map((value, i) => (this.#output[i] === 0 ? 0 : value));
  }
}
