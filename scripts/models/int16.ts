/** Largest magnitude that the models' int16 inputs take. */
const END = 32_767;

/** The nearest whole number, or the end of what int16 holds in that direction. */
export function toInt16(value: number): number {
  return Math.min(END, Math.max(-END, Math.round(value)));
}

/**
 * A sample whose largest magnitude is the end of int16. The compiler scales floating-point inputs so that the largest sample just
 * fits: with this one, one integer stands for one unit of the model.
 */
export function unitSample(size: number): Float32Array {
  const sample = new Float32Array(size);
  sample[size - 1] = -END;
  return sample;
}
