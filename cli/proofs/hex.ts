import { isAddress, isHexString } from "ethers";
import { z } from "zod";

/** With 0x: ethers would take other forms as well, which are no numbers. */
export const address = z
  .string()
  .refine((text): boolean => isHexString(text, 20) && isAddress(text), "not an address");

export const hash = z
  .string()
  .refine((text): boolean => isHexString(text, 32), "not 32 bytes of hex");

export const bytes = z
  .string()
  .refine((text): boolean => isHexString(text, true), "not bytes of hex");
