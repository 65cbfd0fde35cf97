import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { checksummed } from "./addresses.ts";

/*
 * Words of the ABI as hex without a prefix: how values are laid out that are hashed often. What takes any type apart each time, as
 * ethers does, takes ten times as long.
 */

/** Lays a value out as a word; undefined if it does not fit. */
export type WordEncoder = (value: unknown) => string | undefined;

/** @throws TypeError for types that are not one word. */
export function wordEncoder(type: string): WordEncoder {
  if (type === "bytes32") return bytes32Word;
  if (type === "address") return addressWord;
  const [, bits] = /^uint(\d+)$/.exec(type) ?? [];
  if (bits === undefined) throw new TypeError(`${type} is laid out by ethers only`);
  const limit = 1n << BigInt(bits);
  return (value) => (typeof value === "bigint" && value < limit ? uintWord(value) : undefined);
}

/** keccak256 of bytes in hex without a prefix. */
export function keccakOfHex(digits: string): string {
  return `0x${bytesToHex(keccak_256(hexToBytes(digits)))}`;
}

function bytes32Word(value: unknown): string | undefined {
  return typeof value === "string" && /^0x[\da-fA-F]{64}$/.test(value) ? value.slice(2) : undefined;
}

function addressWord(value: unknown): string | undefined {
  const address = typeof value === "string" ? checksummed(value) : undefined;
  return address?.slice(2).padStart(64, "0");
}

function uintWord(value: bigint): string | undefined {
  return value < 0n ? undefined : value.toString(16).padStart(64, "0");
}
