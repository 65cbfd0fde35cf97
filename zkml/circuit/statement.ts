import { keccak_256 } from "@noble/hashes/sha3.js";
import type { ConstraintSystem } from "./constraint-system.ts";
import { FIELD_ORDER, toField } from "./field.ts";
import { commitment } from "./gadgets/poseidon.ts";
import { fingerprint } from "./gadgets/fingerprint.ts";
import { sum, term, type LinearCombination, type ScaledPart } from "./linear-combination.ts";

/*
 * The statement every proof makes: "the model, run on these input bytes, gives these output bytes", with three public
 * inputs whatever the sizes.
 *
 * Let p be input‖output packed 31 bytes per field element.
 *
 *   c = commitment to p (Poseidon)
 *   r = hash of c, the chain, the market, the model, the request, the node, the input and the output
 *   e = Σ p[i] · r^i
 *
 * The circuit enforces c and e for its own p; the chain computes r from the bytes it was given and e from those bytes
 * and r. Suppose the chain's p' differs from the circuit's p. Since r is a hash over c, and c binds p (or Poseidon has a
 * collision), both lists were fixed before r. They agree in e only if r is a root of the non-zero polynomial
 * Σ (p[i] - p'[i]) · x^i of degree below n: probability at most n / FIELD_ORDER per hash tried.
 *
 * Because r names node and request, a proof copied from the mempool fits neither another node nor another request.
 */

/** Order of the public inputs. */
export const PUBLIC_INPUTS = ["commitment", "challenge", "evaluation"] as const;

/** Bytes per field element: 31, so that any packed word is below the field order. */
const WORD_BYTES = 31;

/** What a proof is bound to besides the bytes. Addresses and identifiers are 0x-prefixed hex. */
export interface StatementContext {
  readonly chainId: bigint;
  /** Contract that asks for the proof: it alone can use it. */
  readonly market: string;
  readonly modelId: string;
  readonly requestId: string;
  /** The node that is to be paid. */
  readonly node: string;
}

/** Packs bytes big-endian, 31 to a word; the last word is filled up with zero bytes on the right. */
export function packWords(bytes: Uint8Array): bigint[] {
  const words: bigint[] = [];
  for (let start = 0; start < bytes.length; start += WORD_BYTES) {
    let word = 0n;
    for (let i = 0; i < WORD_BYTES; i++) word = (word << 8n) | BigInt(bytes[start + i] ?? 0);
    words.push(word);
  }
  return words;
}

/** `r`: what the market computes on chain, `keccak256(abi.encode(…)) mod FIELD_ORDER`. */
export function challenge(
  commitmentToWords: bigint,
  context: StatementContext,
  { input, output }: { readonly input: Uint8Array; readonly output: Uint8Array },
): bigint {
  const words = [
    commitmentToWords,
    context.chainId,
    BigInt(context.market),
    BigInt(context.modelId),
    BigInt(context.requestId),
    BigInt(context.node),
    toInteger(keccak_256(input)),
    toInteger(keccak_256(output)),
  ];
  const preimage = new Uint8Array(words.length * 32);
  words.forEach((word, i) => {
    preimage.set(toBytes32(word), i * 32);
  });
  return toInteger(keccak_256(preimage)) % FIELD_ORDER;
}

/** `e`: the packed words' polynomial at `r`. */
export function evaluate(words: readonly bigint[], point: bigint): bigint {
  return words.reduceRight((sumSoFar, word) => toField(sumSoFar * point + word), 0n);
}

/** Wires the statement's three public inputs to the bytes of input and output. */
export function enforceStatement(cs: ConstraintSystem, bytes: readonly LinearCombination[]): void {
  const [c, r, e] = cs.publicInputs;
  if (c === undefined || r === undefined || e === undefined)
    throw new RangeError("three public inputs are needed");
  const words = packCombinations(bytes);

  const committed = commitment(cs, words);
  cs.enforceZero(
    sum([
      [committed, 1],
      [term(c), -1],
    ]),
    "statement",
  );
  cs.assign((witness, { challenge: point }) => {
    witness.set(c, witness.evaluate(committed));
    witness.set(r, point);
  });

  const evaluation = fingerprint(cs, words, r);
  cs.enforceZero(
    sum([
      [evaluation, 1],
      [term(e), -1],
    ]),
    "statement",
  );
  cs.assign((witness) => {
    witness.set(e, witness.evaluate(evaluation));
  });
}

function packCombinations(bytes: readonly LinearCombination[]): LinearCombination[] {
  return Array.from({ length: Math.ceil(bytes.length / WORD_BYTES) }, (_, word) => {
    const parts = bytes
      .slice(word * WORD_BYTES, (word + 1) * WORD_BYTES)
      .map((byte, i): ScaledPart => [byte, 1n << BigInt(8 * (WORD_BYTES - 1 - i))]);
    return sum(parts);
  });
}

function toInteger(bytes: Uint8Array): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

function toBytes32(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * (31 - i))) & 0xffn));
}
