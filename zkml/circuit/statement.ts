import { keccak_256 } from "@noble/hashes/sha3.js";
import { concatBytes } from "@noble/hashes/utils.js";
import type { ConstraintSystem } from "./constraint-system.ts";
import { FIELD_ORDER, toField } from "./field.ts";
import { commitment } from "./gadgets/poseidon.ts";
import { fingerprint } from "./gadgets/fingerprint.ts";
import { sum, term, type LinearCombination } from "./linear-combination.ts";
import { packWords, toBytes32, toInteger } from "./packed-words.ts";

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
 *
 * SHARED PROOFS
 *
 * A proof that several inferences share says the same of each. Its p is the words of each inference, one after the other, and
 * then a 1; r is the hash of c, the chain, the market, the model, the node, and a digest of request, input and output of
 * everyone who shares it.
 *
 * The 1 at the end tells the chain how many inferences there are: without it, lists that differ by zeros at the end would be
 * the same polynomial, and a claim of more inferences than the circuit has, all of zeros, would hold. The model's id need
 * not say how many they are.
 */

/** Order of the public inputs. */
export const PUBLIC_INPUTS = ["commitment", "challenge", "evaluation"] as const;

/** What a proof is bound to besides requests and bytes. Addresses and identifiers are 0x-prefixed hex. */
export interface NodeContext {
  readonly chainId: bigint;
  /** Contract that asks for the proof: it alone can use it. */
  readonly market: string;
  readonly modelId: string;
  /** The node that is to be paid. */
  readonly node: string;
}

/** The same for one request. */
export interface StatementContext extends NodeContext {
  readonly requestId: string;
}

/** The bytes of an answer, as the chain sees them. */
export interface AnswerBytes {
  readonly input: Uint8Array;
  readonly output: Uint8Array;
}

/** An answer of a proof that several requests share. */
export interface SharedAnswer extends AnswerBytes {
  readonly requestId: string;
}

/** `r`: what the chain computes, `keccak256(abi.encode(…)) mod FIELD_ORDER`. */
export function challenge(
  commitmentToWords: bigint,
  { chainId, market, modelId, requestId, node }: StatementContext,
  { input, output }: AnswerBytes,
): bigint {
  const context = [chainId, BigInt(market), BigInt(modelId), BigInt(requestId), BigInt(node)];
  return hashToField([
    commitmentToWords,
    ...context,
    toInteger(keccak_256(input)),
    toInteger(keccak_256(output)),
  ]);
}

/** `r` of a shared proof. */
export function sharedChallenge(
  commitmentToWords: bigint,
  { chainId, market, modelId, node }: NodeContext,
  answers: readonly SharedAnswer[],
): bigint {
  const digest = keccakOfWords(
    answers.flatMap(({ requestId, input, output }) => [
      BigInt(requestId),
      toInteger(keccak_256(input)),
      toInteger(keccak_256(output)),
    ]),
  );
  const context = [chainId, BigInt(market), BigInt(modelId), BigInt(node)];
  return hashToField([commitmentToWords, ...context, digest]);
}

/** The words of one inference. */
export function wordsOf({ input, output }: AnswerBytes): bigint[] {
  return packWords(concatBytes(input, output));
}

/** `e`: the packed words' polynomial at `r`. */
export function evaluate(words: readonly bigint[], point: bigint): bigint {
  return words.reduceRight((sumSoFar, word) => toField(sumSoFar * point + word), 0n);
}

/** What ends the words of a shared proof. */
const END = 1;

/** `e` of a shared proof. */
export function evaluateShared(words: readonly bigint[], point: bigint): bigint {
  return evaluate([...words, BigInt(END)], point);
}

/** Wires the statement's three public inputs to the words of all inferences. */
export function enforceStatement(
  cs: ConstraintSystem,
  words: readonly LinearCombination[],
  { isShared }: { readonly isShared: boolean },
): void {
  const [c, r, e] = cs.publicInputs;
  if (c === undefined || r === undefined || e === undefined)
    throw new RangeError("three public inputs are needed");

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

  const evaluation = fingerprint(cs, isShared ? [...words, cs.constant(END)] : words, r);
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

function hashToField(words: readonly bigint[]): bigint {
  return keccakOfWords(words) % FIELD_ORDER;
}

function keccakOfWords(words: readonly bigint[]): bigint {
  return toInteger(keccak_256(concatBytes(...words.map(toBytes32))));
}
