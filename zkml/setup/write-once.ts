import { randomUUID } from "node:crypto";
import { link, rm, writeFile } from "node:fs/promises";
import { unwritable } from "../writing.ts";

export interface OnceOptions {
  /** Permissions of the file. */
  readonly mode: number;
  /** Makes a hard link. */
  readonly makeLink?: (from: string, to: string) => Promise<void>;
}

/** What file systems without hard links answer. */
const WITHOUT_LINKS = new Set<unknown>(["EPERM", "ENOSYS", "ENOTSUP", "EOPNOTSUPP"]);

/**
 * Writes a file unless there is one: of processes that start together, the first decides. It appears whole, except on file
 * systems without hard links, where others can find it empty for a moment.
 *
 * @throws ZkmlError `FILE_UNWRITABLE`.
 */
export async function writeOnce(
  file: string,
  content: Uint8Array,
  { mode, makeLink = link }: OnceOptions,
): Promise<void> {
  const whole = `${file}.${randomUUID()}`;
  try {
    await writeFile(whole, content, { mode });
    await makeLink(whole, file).catch(async (error: unknown) => {
      if (!WITHOUT_LINKS.has(codeOf(error))) throw error;
      await writeFile(file, content, { mode, flag: "wx" });
    });
  } catch (cause) {
    if (codeOf(cause) !== "EEXIST") throw unwritable(file, cause);
  } finally {
    await rm(whole, { force: true });
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
