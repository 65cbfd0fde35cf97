import { p384 } from "@noble/curves/nist.js";
import { concat, dataSlice, getBytes } from "ethers";
import { OpenGradientError } from "./errors.ts";
import {
  bytesOf,
  numberOf,
  P384_DIGEST_LENGTH,
  P384_KEY_LENGTH,
  P384_SIGNATURE_LENGTH,
  P384_WINDOW_POINTS,
} from "./p384-format.ts";

const { Point } = p384;
type Point = InstanceType<typeof Point>;
const { Fp, Fn } = Point;

/** What a signature says: ECDSA over P-384, the parts as big-endian hexadecimal bytes. */
export interface P384Statement {
  /** SHA-384 of the message, 48 bytes. */
  readonly digest: string;
  /** r ‖ s, 48 bytes each. */
  readonly signature: string;
  /** x ‖ y, 48 bytes each. */
  readonly key: string;
}

/** Scalars that the contract takes have at most these many bits. */
const SHORT_BITS = 192n;

const KEY_IS_SUBTRACTED = 1;
const NONCE_X_IS_ABOVE_ORDER = 2;

/**
 * The hints with which `P384Verifier` checks a signature in one pass: `flags (1 byte) ‖ a (24) ‖ b (24) ‖ c (48) ‖ y of R (48)
 * ‖ slopes of R's multiples (8 · 48) ‖ slopes of the key's (8 · 48)`. Anybody can make them: they hold no secret.
 *
 * @throws OpenGradientError `SIGNATURE_INVALID` if the signature is not the key's, or malformed: it has no hints.
 * @example
 * const isValid = await verifier.verify(digest, signature, key, p384Hints({ digest, signature, key }));
 */
export function p384Hints(statement: P384Statement): string {
  const { hash, r, s, key } = parse(statement);
  const inverse = Fn.inv(s);
  const nonce = key
    .multiplyUnsafe(Fn.mul(r, inverse))
    .add(Point.BASE.multiplyUnsafe(Fn.mul(Fn.create(hash), inverse)));
  const point = nonce.is0() ? undefined : nonce.toAffine();
  if (point === undefined || Fn.create(point.x) !== r) throw invalid("it is not the key's");

  // a·R − b·Q + c·G = 0 with a, b short: b = a·r/s (mod n).
  const { a, b } = shortFraction(Fn.mul(r, inverse));
  const c = Fn.neg(Fn.mul(Fn.create(a * hash), inverse));
  const flags = (b > 0n ? KEY_IS_SUBTRACTED : 0) + (point.x === r ? 0 : NONCE_X_IS_ABOVE_ORDER);
  return concat([
    bytesOf(BigInt(flags), 1),
    bytesOf(a, 24),
    bytesOf(b > 0n ? b : -b, 24),
    bytesOf(c, 48),
    bytesOf(point.y, 48),
    ...slopesOf(nonce),
    ...slopesOf(key),
  ]);
}

function parse({ digest, signature, key }: P384Statement) {
  const lengths = [
    ["digest", digest, P384_DIGEST_LENGTH],
    ["signature", signature, P384_SIGNATURE_LENGTH],
    ["key", key, P384_KEY_LENGTH],
  ] as const;
  const [hash = 0n, signed = 0n] = lengths.map(([name, hex, length]) => {
    const bytes = getBytes(hex);
    if (bytes.length !== length) throw invalid(`its ${name} has not ${length} bytes`);
    return numberOf(bytes);
  });
  const [r, s] = [signed >> 384n, signed & ((1n << 384n) - 1n)];
  if (!Fn.isValidNot0(r) || !Fn.isValidNot0(s)) throw invalid("r or s is out of range");
  return { hash, r, s, key: parsePoint(key) };
}

function parsePoint(key: string): Point {
  try {
    const point = Point.fromAffine({
      x: numberOf(getBytes(dataSlice(key, 0, 48))),
      y: numberOf(getBytes(dataSlice(key, 48))),
    });
    point.assertValidity();
    return point;
  } catch (cause) {
    throw invalid("the key is no point of the curve", { cause });
  }
}

/**
 * a and b, b = a·t (mod n), both below 2¹⁹² without their signs and a > 0: Euclid's algorithm on (n, t), stopped at the first
 * remainder below 2¹⁹²; the factor of t is then below n / 2¹⁹² too.
 */
function shortFraction(t: bigint): { readonly a: bigint; readonly b: bigint } {
  let [previous, b] = [Fn.ORDER, t];
  let [previousFactor, a] = [0n, 1n];
  while (b >> SHORT_BITS > 0n) {
    const quotient = previous / b;
    [previous, b] = [b, previous - quotient * b];
    [previousFactor, a] = [a, previousFactor - quotient * a];
  }
  return a > 0n ? { a, b } : { a: -a, b: -b };
}

/** Slopes of the doubling of P and of the additions P + 2P, 3P + 2P, … 13P + 2P. */
function slopesOf(point: Point): Uint8Array[] {
  const { x, y } = point.toAffine();
  const twice = point.double();
  const { x: x2, y: y2 } = twice.toAffine();
  const slopes = [Fp.div(Fp.mul(3n, Fp.sub(Fp.sqr(x), 1n)), Fp.mul(2n, y))];
  for (let sum = point; slopes.length < P384_WINDOW_POINTS; sum = sum.add(twice)) {
    const last = sum.toAffine();
    slopes.push(Fp.div(Fp.sub(y2, last.y), Fp.sub(x2, last.x)));
  }
  return slopes.map((slope) => bytesOf(slope, 48));
}

function invalid(reason: string, options?: ErrorOptions): OpenGradientError {
  return new OpenGradientError(
    "SIGNATURE_INVALID",
    `the P-384 signature is not valid: ${reason}`,
    "Check that digest, signature and key belong together.",
    options,
  );
}
