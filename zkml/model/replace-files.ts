import { mkdtemp, readdir, rename, rm, rmdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { ZkmlError } from "../errors.ts";
import { unwritable } from "../writing.ts";

/*
 * Several files of a folder are replaced as one. All are written into a folder beside them, and renaming that folder
 * declares it complete; then they are moved into place. A process that dies before the renaming has changed nothing.
 * What one that dies after it has left undone, whoever opens the folder next does.
 */
const COMPLETE = "replacement";

/**
 * Writes files into a folder: all of them, or none.
 *
 * @throws ZkmlError `FILE_UNWRITABLE` or `KEYS_CHANGED`, and nothing was changed.
 */
export async function replaceFiles(
  folder: string,
  files: Readonly<Record<string, Uint8Array>>,
): Promise<void> {
  await finishReplacement(folder);
  let unfinished = "";
  try {
    unfinished = await mkdtemp(path.join(folder, "unfinished-"));
    for (const [name, content] of Object.entries(files)) {
      // On the disk before the renaming, which could otherwise outlive a power cut that the content does not.
      await writeFile(path.join(unfinished, name), content, { flush: true });
    }
    await rename(unfinished, path.join(folder, COMPLETE));
  } catch (cause) {
    if (unfinished !== "") await rm(unfinished, { recursive: true, force: true });
    throw isOccupied(cause) ? keysChanged(folder) : unwritable(folder, cause);
  }
  await finishReplacement(folder);
}

/** Moves the files of a replacement into place that was declared complete and then interrupted. */
export async function finishReplacement(folder: string): Promise<void> {
  const complete = path.join(folder, COMPLETE);
  try {
    for (const name of await readdir(complete)) {
      await rename(path.join(complete, name), path.join(folder, name));
    }
    await rmdir(complete);
  } catch (error) {
    // There is none, or another process is finishing it too.
    if (!isMissing(error)) throw error;
  }
}

/** Another process has declared its replacement complete, and not moved it yet. */
function isOccupied(error: unknown): boolean {
  return error instanceof Error && "code" in error && OCCUPIED.includes(String(error.code));
}

const OCCUPIED = ["ENOTEMPTY", "EEXIST"];

/** Two who replace the same files at once would lose what one of them did. */
export function keysChanged(folder: string): ZkmlError {
  return new ZkmlError(
    "KEYS_CHANGED",
    `Somebody else has changed the keys in "${folder}" meanwhile; nothing was written.`,
    "Repeat the command: it goes on from the keys that are there now.",
  );
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
