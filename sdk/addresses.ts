import { getAddress, isAddress } from "ethers";

/** How many addresses are remembered. */
const MAX_KNOWN = 4_096;

/** Addresses as they are written, by how they were. A checksum takes a hash. */
const known = new Map<string, string>();

/** An address with its checksum; undefined for what is none, or has a wrong one. */
export function checksummed(text: string): string | undefined {
  const found = known.get(text);
  if (found !== undefined || !isAddress(text)) return found;
  if (known.size >= MAX_KNOWN) known.clear();
  const address = getAddress(text);
  known.set(text, address);
  return address;
}
