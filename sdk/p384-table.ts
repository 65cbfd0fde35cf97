import { p384 } from "@noble/curves/nist.js";
import { concat } from "ethers";
import {
  bytesOf,
  P384_GENERATOR_MULTIPLES,
  P384_SHIFTED_GENERATOR_MULTIPLES,
} from "./p384-format.ts";

const { Point } = p384;
type Point = InstanceType<typeof Point>;

/** The table that `P384Verifier` is deployed with: G, 3G, … 255G and 1, 3, … 127 times 2¹⁹²G, x ‖ y of 48 bytes each. */
export function p384Table(): string {
  const points = [
    ...oddMultiples(Point.BASE, P384_GENERATOR_MULTIPLES),
    ...oddMultiples(Point.BASE.multiply(1n << 192n), P384_SHIFTED_GENERATOR_MULTIPLES),
  ];
  return concat(points.flatMap(encodePoint));
}

function oddMultiples(base: Point, count: number): Point[] {
  const points = [base];
  const twice = base.double();
  for (let last = base; points.length < count; points.push(last)) last = last.add(twice);
  return points;
}

function encodePoint(point: Point): Uint8Array[] {
  const { x, y } = point.toAffine();
  return [bytesOf(x, 48), bytesOf(y, 48)];
}
