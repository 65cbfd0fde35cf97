import { createRequire } from "node:module";
import type { ecdsaRecover, ecdsaSign } from "secp256k1";

/** What is used of libsecp256k1. */
export interface NativeSecp256k1 {
  readonly ecdsaSign: typeof ecdsaSign;
  readonly ecdsaRecover: typeof ecdsaRecover;
}

/**
 * libsecp256k1, which signs and recovers in a tenth of the time that JavaScript takes; null where there is no build of it for the
 * machine. Its package has a replacement in JavaScript for that case, which is not used: noble's is the better one.
 */
export const nativeSecp256k1: NativeSecp256k1 | null = load();

function load(): NativeSecp256k1 | null {
  try {
    // Types of the package are those of its main module, which is this one where there is a build.
    return createRequire(import.meta.url)("secp256k1/bindings") as NativeSecp256k1;
  } catch {
    return null;
  }
}
