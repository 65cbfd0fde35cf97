/** Numbers that training changes, and the gradient of the loss by them, summed over a batch. */
export interface Parameter {
  readonly values: Float32Array;
  readonly gradient: Float32Array;
}

/** A differentiable function of a vector. It keeps what its last `forward` saw, for the `backward` that follows. */
export interface Layer {
  readonly parameters: readonly Parameter[];
  forward(input: Float32Array): Float32Array;
  /** Adds the parameters' gradients, and returns the gradient by the input. */
  backward(gradient: Float32Array): Float32Array;
}

export function parameter(values: Float32Array): Parameter {
  return { values, gradient: new Float32Array(values.length) };
}

/** Element of an array of one kind: the engine compiles this to a plain load, which the generic `at` is not. */
export function item(values: Float32Array, index: number): number {
  return values[index] ?? 0;
}

/** `target[to + i] += factor · source[from + i]` for `i < length`. */
export function addScaled(
  target: Float32Array,
  to: number,
  { source, from, length, factor }: Scaled,
): void {
  for (let i = 0; i < length; i++) {
    target[to + i] = item(target, to + i) + factor * item(source, from + i);
  }
}

interface Scaled {
  readonly source: Float32Array;
  readonly from: number;
  readonly length: number;
  readonly factor: number;
}
