import { at } from "../../zkml/arrays.ts";

const SIDE = 28;
const SHADES = " ·░▒▓█";

/** An image of a digit as text, two rows of pixels to a line. */
export function drawDigit(image: Uint8Array): string {
  const lines = Array.from({ length: SIDE / 2 }, (_, y) =>
    Array.from({ length: SIDE }, (_, x) => {
      const ink = at(image, 2 * y * SIDE + x) + at(image, (2 * y + 1) * SIDE + x);
      return SHADES.charAt(Math.round((ink / 510) * (SHADES.length - 1)));
    })
      .join("")
      .trimEnd(),
  );
  return lines.filter((line) => line !== "").join("\n");
}
