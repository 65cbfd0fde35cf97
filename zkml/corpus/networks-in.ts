import { readdir } from "node:fs/promises";
import { ZkmlError } from "../errors.ts";

/**
 * Names of the networks that a folder holds, each a folder of its own.
 *
 * @throws ZkmlError `FILE_MISSING` for a folder that is not there or holds no folder.
 */
export async function networksIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  if (names.length > 0) return names.sort();
  throw new ZkmlError(
    "FILE_MISSING",
    `"${folder}" holds no networks.`,
    "Name a folder of folders with network.onnx, input.json and expected.json.",
  );
}
