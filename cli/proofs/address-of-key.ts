import type { Groth16VerificationKey } from "snarkjs";
import { keyAddress } from "../../sdk/key-address.ts";
import { encodeKeyDelta, encodeKeySetup } from "../../zkml/prove/encoding.ts";

/** Where a verification key is on chain, or would be once registered. */
export function addressOfKey(groth16Verifier: string, key: Groth16VerificationKey): string {
  const pieces = { setup: encodeKeySetup(key), delta: encodeKeyDelta(key) };
  return keyAddress(groth16Verifier, pieces);
}
