import { p384 } from "@noble/curves/nist.js";
import { concat, toBeHex } from "ethers";
import type { P384Statement } from "../../../sdk/p384-hints.ts";
import { pair } from "./p384-vectors.ts";

const { BASE, Fn, Fp } = p384.Point;

interface Affine {
  readonly x: bigint;
  readonly y: bigint;
}

/** What a prover gives: any statement, any scalars, R and Q, on the curve or not. b·Q is subtracted. */
interface Forgery {
  readonly nonce: Affine;
  readonly key: Affine;
  readonly a: bigint;
  readonly b: bigint;
  readonly c?: bigint;
  readonly s: bigint;
  readonly digest?: bigint;
  /** What is added to the slopes, by index: R's eight, then Q's. Later slopes fit the bent points. */
  readonly bend?: ReadonlyMap<number, bigint>;
}

/** A statement and hints whose slopes fit the points, whatever those are. */
export function forge(forgery: Forgery): { statement: P384Statement; hints: string } {
  const { nonce, key, a, b, c = 0n, s, digest = 0n } = forgery;
  const { bend = new Map<number, bigint>() } = forgery;
  const slopes = [...slopesFrom(nonce, bend, 0), ...slopesFrom(key, bend, 8)];
  return {
    statement: {
      digest: toBeHex(digest, 48),
      signature: pair(Fn.create(nonce.x), s),
      key: pair(key.x, key.y),
    },
    hints: concat([
      "0x01",
      toBeHex(a, 24),
      toBeHex(b, 24),
      ...[c, nonce.y, ...slopes].map((value) => toBeHex(value, 48)),
    ]),
  };
}

/** The double of a point by the formula of the curve, which does not have its b: the point may be on another. */
export function doubled(point: Affine): Affine {
  return third(point, point, tangent(point));
}

/**
 * Passes every check but a·r = b·s: the secrets of R = t·G and Q = k·G are chosen so that the sum is zero for s and digest of
 * the forger's choice.
 */
export function forgeUnrelatedScalars(): ReturnType<typeof forge> {
  const [a, b, s, digest, secret] = [5n ** 60n, 7n ** 50n, 11n ** 70n, 13n ** 80n, 17n ** 60n];
  const c = Fn.neg(Fn.div(Fn.create(a * digest), Fn.create(s)));
  const t = Fn.div(Fn.sub(Fn.create(b * secret), c), Fn.create(a));
  const [nonce, key] = [BASE.multiply(t).toAffine(), BASE.multiply(secret).toAffine()];
  return forge({ nonce, key, a, b, c, s: Fn.create(s), digest });
}

/**
 * Makes the accumulator R when R is the last that is added: the sum is 2R. Only a has a digit at the lowest bit, and t is chosen
 * for R = t·G such that (a − 1)·R − b·Q + c·G = R.
 */
export function forgeLastDoubling(): ReturnType<typeof forge> {
  const [a, b, secret] = [32n * 5n ** 50n + 1n, 2n * 7n ** 50n, 17n ** 60n];
  const c = ((2n * 11n ** 50n) << 192n) + 2n * 13n ** 45n;
  const t = Fn.div(Fn.create(b * secret - c), a - 2n);
  const [nonce, key] = [BASE.multiply(t).toAffine(), BASE.multiply(secret).toAffine()];
  const s = Fn.div(Fn.create(a * nonce.x), b);
  const digest = Fn.neg(Fn.div(Fn.create(c * s), a));
  return forge({ nonce, key, a, b, c, s, digest });
}

function slopesFrom(point: Affine, bend: ReadonlyMap<number, bigint>, first: number): bigint[] {
  const bent = (slope: bigint, index: number) => Fp.add(slope, bend.get(first + index) ?? 0n);
  const slopes = [bent(tangent(point), 0)];
  const twice = third(point, point, slopes[0] ?? 0n);
  let sum = point;
  for (let index = 1; index < 8; index++) {
    const slope = bent(Fp.div(Fp.sub(twice.y, sum.y), Fp.sub(twice.x, sum.x)), index);
    sum = third(sum, twice, slope);
    slopes.push(slope);
  }
  return slopes;
}

function tangent({ x, y }: Affine): bigint {
  return Fp.div(Fp.mul(3n, Fp.sub(Fp.sqr(x), 1n)), Fp.mul(2n, y));
}

/** The opposite of the third point of the line through two. */
function third(left: Affine, right: Affine, slope: bigint): Affine {
  const x = Fp.sub(Fp.sub(Fp.sqr(slope), left.x), right.x);
  return { x, y: Fp.sub(Fp.mul(slope, Fp.sub(left.x, x)), left.y) };
}
