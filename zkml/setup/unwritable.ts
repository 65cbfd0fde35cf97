import { ZkmlError } from "../errors.ts";

/** The failure to write a file or folder of the cache. */
export function unwritable(file: string, cause: unknown): ZkmlError {
  return new ZkmlError(
    "FILE_UNWRITABLE",
    `"${file}" cannot be written: ${cause instanceof Error ? cause.message : "unknown reason"}.`,
    "Make room, get the permission, or choose another cache folder.",
    { cause },
  );
}
