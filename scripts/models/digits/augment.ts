import type { Random } from "../../../zkml/random.ts";
import { SIDE } from "./mnist.ts";

/** How far an image is moved, turned and stretched at the most. */
const SHIFT_PIXELS = 1.5;
const TURN_RADIANS = 0.14;
const STRETCH = 0.1;

/**
 * The image as somebody else might have put it on paper: moved, turned and stretched a little, at random. Grey values are
 * from 0 to 1.
 */
export function redraw(image: Uint8Array, random: Random): Float32Array {
  const between = (limit: number): number => (2 * random() - 1) * limit;
  const [x0, y0] = [between(SHIFT_PIXELS), between(SHIFT_PIXELS)];
  const angle = between(TURN_RADIANS);
  const [widen, heighten] = [1 + between(STRETCH), 1 + between(STRETCH)];
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const middle = (SIDE - 1) / 2;
  return new Float32Array(SIDE * SIDE).map((_, pixel) => {
    const x = (pixel % SIDE) - middle;
    const y = Math.floor(pixel / SIDE) - middle;
    return greyAt(image, {
      x: (cos * x + sin * y) * widen + middle + x0,
      y: (cos * y - sin * x) * heighten + middle + y0,
    });
  });
}

/** Grey value between pixels, bilinearly; blank beyond the edge. */
function greyAt(image: Uint8Array, { x, y }: { readonly x: number; readonly y: number }): number {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [right, below] = [x - left, y - top];
  const upper = (1 - right) * pixelAt(image, left, top) + right * pixelAt(image, left + 1, top);
  const lower =
    (1 - right) * pixelAt(image, left, top + 1) + right * pixelAt(image, left + 1, top + 1);
  return ((1 - below) * upper + below * lower) / 255;
}

function pixelAt(image: Uint8Array, column: number, row: number): number {
  if (column < 0 || column >= SIDE || row < 0 || row >= SIDE) return 0;
  return image[row * SIDE + column] ?? 0;
}
