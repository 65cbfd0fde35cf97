import { concat, getCreate2Address, keccak256, toBeHex, ZeroHash, type BytesLike } from "ethers";

/** A verification key in the two pieces that `Groth16Verifier` stores; see `encodeKeySetup` and `encodeKeyDelta`. */
export interface KeyPieces {
  readonly setup: BytesLike;
  readonly delta: BytesLike;
}

/**
 * Where `Groth16Verifier` stores a key: its address is the CREATE2 hash of its content, so it can be told without a chain.
 */
export function keyAddress(groth16Verifier: string, { setup, delta }: KeyPieces): string {
  return storedAt(groth16Verifier, concat([storedAt(groth16Verifier, setup), delta]));
}

/** Address of data that a contract stores as code with SSTORE2: one STOP byte, then the data. */
function storedAt(writer: string, data: BytesLike): string {
  const length = toBeHex((concat([data]).length - 2) / 2 + 1, 2);
  const creationCode = concat(["0x61", length, "0x80600a3d393df300", data]);
  return getCreate2Address(writer, ZeroHash, keccak256(creationCode));
}
