import { ZkmlError } from "./errors.ts";

/** Runs what writes, and tells a user's mistake, such as a folder that may not be written to, in a sentence. */
export async function writing<T>(target: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    if (!isSystemError(cause)) throw cause;
    throw unwritable(target, cause);
  }
}

export function unwritable(target: string, cause: unknown): ZkmlError {
  const why = cause instanceof Error ? cause.message : "unknown reason";
  return new ZkmlError(
    "FILE_UNWRITABLE",
    `"${target}" cannot be written: ${why}.`,
    "Choose a place that may be written to and has room, and repeat the command.",
    { cause },
  );
}

/** A failed call to the operating system. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "syscall" in error;
}
