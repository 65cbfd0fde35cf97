import { readFile, writeFile } from "node:fs/promises";
import { indented } from "./indented.ts";
import { p384Library } from "./p384/library.ts";

const FILE = "contracts/verifiers/nitro/P384.sol";

/** Writes the library that checks signatures over P-384. */
export async function generateP384(): Promise<void> {
  await writeFile(FILE, indented(p384Library()));
}

/** The library's file, if it is not as its generator would write it. */
export async function staleP384(): Promise<string[]> {
  return (await readFile(FILE, "utf8")) === indented(p384Library()) ? [] : [FILE];
}
