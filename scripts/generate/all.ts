/**
 * Writes everything that is made from other files, or with `--check` tells whether it is fresh.
 *
 * Run: npm run generate [-- --check]
 */
import process from "node:process";
import { generateGasTable, staleGasTable } from "./gas-table.ts";
import { generateP384, staleP384 } from "./p384.ts";
import { generateSha384, staleSha384 } from "./sha384.ts";
import { generateStorageLayout, staleStorageLayout } from "./storage-layout.ts";
import { generateTypes, staleTypes } from "./types.ts";

if (process.argv.includes("--check")) {
  const stale = [
    ...(await staleP384()),
    ...(await staleSha384()),
    ...staleTypes(),
    ...staleStorageLayout(),
    ...(await staleGasTable()),
  ];
  if (stale.length > 0) {
    process.stderr.write(`Not fresh (run npm run generate):\n  ${stale.join("\n  ")}\n`);
    process.exitCode = 1;
  }
} else {
  // First: the types are made from these too.
  await generateP384();
  await generateSha384();
  generateTypes();
  generateStorageLayout();
  await generateGasTable();
}
