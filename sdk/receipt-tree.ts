import { concat, keccak256, ZeroHash } from "ethers";
import { receiptHash, type InferenceReceipt } from "./receipt.ts";

/*
 * The tree of a batch's receipts. Leaves and inner nodes start with different bytes, so none can stand for the other. A leaf's
 * place says its `seq`: `firstSeq + index`. Leaves are filled up with zero words to the next power of two, so every path of a
 * batch has the same length. `contracts/libraries/ReceiptTree.sol` computes the same.
 */

const LEAF = "0x00";
const INNER = "0x01";

/** A receipt as its signer gave it. */
export interface SignedReceipt {
  readonly receipt: InferenceReceipt;
  /** Compact (EIP-2098), 64 bytes. */
  readonly signature: string;
}

/** Leaf of a receipt: the signature belongs to it, so that a receipt with a wrong one can be shown. */
export function receiptLeaf({ receipt, signature }: SignedReceipt): string {
  return keccak256(concat([LEAF, receiptHash(receipt), signature]));
}

function innerNode(left: string, right: string): string {
  return keccak256(concat([INNER, left, right]));
}

/** Length of the paths of a batch: what `count` leaves have above them. */
export function treeDepth(count: number): number {
  return Math.ceil(Math.log2(count));
}

/** All levels of the tree, from the leaves, filled up, to the root. */
export function treeLevels(leaves: readonly string[]): readonly (readonly string[])[] {
  if (leaves.length === 0) throw new RangeError("a batch has at least one receipt");
  const width = 2 ** treeDepth(leaves.length);
  const bottom = [...leaves, ...Array<string>(width - leaves.length).fill(ZeroHash)];
  const levels = [bottom];
  for (let level = bottom; level.length > 1;) {
    level = Array.from({ length: level.length / 2 }, (_, index) =>
      innerNode(level[2 * index] ?? ZeroHash, level[2 * index + 1] ?? ZeroHash),
    );
    levels.push(level);
  }
  return levels;
}

/** Root of a batch with these leaves, in the order of their `seq`. */
export function treeRoot(leaves: readonly string[]): string {
  return treeLevels(leaves).at(-1)?.[0] ?? ZeroHash;
}

/** Siblings on the way from a leaf to the root, from the bottom up. */
export function treePath(leaves: readonly string[], index: number): readonly string[] {
  return pathIn(treeLevels(leaves), index);
}

/** The same in a tree that was computed before. */
export function pathIn(levels: ReturnType<typeof treeLevels>, index: number): readonly string[] {
  return levels.slice(0, -1).map((level, height) => level[(index >> height) ^ 1] ?? ZeroHash);
}

/** Root that a leaf at this place leads to by this path. */
export function rootOfPath(leaf: string, index: number, path: readonly string[]): string {
  return path.reduce(
    (node, sibling, height) =>
      (index >> height) % 2 === 0 ? innerNode(node, sibling) : innerNode(sibling, node),
    leaf,
  );
}
