import { open, stat } from "node:fs/promises";
import { OpenGradientError } from "../../sdk/errors.ts";

const MAGIC = "GGUF";
const VERSIONS: readonly number[] = [2, 3];
const HEADER_BYTES = 24;

/**
 * Looks at the first bytes of a file. The library's reader believes whatever they say: of a file that is none, it might read
 * for ever.
 *
 * @throws OpenGradientError `LANGUAGE_MODEL_MISSING` or `LANGUAGE_MODEL_INVALID`.
 */
export async function requireGguf(file: string): Promise<void> {
  const { header, size } = await readHeader(file);
  const isGguf =
    header.length === HEADER_BYTES &&
    header.toString("latin1", 0, 4) === MAGIC &&
    VERSIONS.includes(header.readUInt32LE(4)) &&
    // Numbers of tensors and of members: none is described in less than a byte.
    header.readBigUInt64LE(8) + header.readBigUInt64LE(16) < BigInt(size);
  if (isGguf) return;
  throw new OpenGradientError(
    "LANGUAGE_MODEL_INVALID",
    `"${file}" is not a GGUF file of version ${VERSIONS.join(" or ")}.`,
    "Name a file with a language model's weights in this format.",
  );
}

async function readHeader(file: string): Promise<{ header: Buffer; size: number }> {
  try {
    const { size } = await stat(file);
    await using handle = await open(file);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0);
    return { header: buffer.subarray(0, bytesRead), size };
  } catch (cause) {
    throw new OpenGradientError(
      "LANGUAGE_MODEL_MISSING",
      `"${file}" is missing or cannot be read.`,
      "Name an existing GGUF file.",
      { cause },
    );
  }
}
