import { getBytes, hexlify } from "ethers";
import { z } from "zod";
import { checksummed } from "./addresses.ts";

/*
 * How values go over the wire as JSON. Bytes are 0x-prefixed hex, and whole numbers that may be large are decimal text: JSON has no
 * numbers beyond 2^53 that everybody reads alike.
 */

/** A whole number of so many bits. */
export function uint(bits: number): z.ZodCodec<z.ZodString, z.ZodBigInt> {
  return z.codec(
    z.string().regex(/^(0|[1-9]\d{0,77})$/, "is not a whole number in quotes"),
    z
      .bigint()
      .min(0n)
      .max((1n << BigInt(bits)) - 1n),
    {
      decode: (text) => BigInt(text),
      encode: (value) => value.toString(),
    },
  );
}

/** Bytes as text. */
export const hex = z.string().regex(/^0x([0-9a-f]{2})*$/, "is not 0x-prefixed lower-case hex");

/** Bytes. */
export const bytes = z.codec(
  hex,
  z.custom<Uint8Array>((value) => value instanceof Uint8Array),
  {
    decode: (text) => getBytes(text),
    encode: (value) => hexlify(value),
  },
);

/** So many bytes, as text. */
export function fixedBytes(length: number): z.ZodString {
  return hex.length(2 + 2 * length, `has not ${length} bytes`);
}

export const bytes32 = fixedBytes(32);

/** An address, whose checksum is written as it should be. */
export const address = z
  .string()
  .refine((text) => checksummed(text) !== undefined, { error: "is not an address", abort: true })
  .overwrite((text) => checksummed(text) ?? text);
