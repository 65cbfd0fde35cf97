import { readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { OpenGradientError } from "../sdk/errors.ts";

/** A decimal number with a unit, as text: no precision is lost. */
export function decimal(
  parse: (text: string) => bigint,
  fallback: string,
): z.ZodPipe<z.ZodDefault<z.ZodString>, z.ZodTransform<bigint, string>> {
  return z
    .string()
    .regex(/^\d+(\.\d{1,18})?$/, 'is not a decimal number in quotes, like "2.5"')
    .default(fallback)
    .transform((text) => parse(text));
}

/** A configuration, and how the paths in it are meant: relative to its file. */
export interface ConfigFile<T> {
  readonly config: T;
  readonly resolve: (relative: string) => string;
}

/**
 * Reads a configuration file.
 *
 * @throws OpenGradientError `CONFIG_INVALID`, naming every member that is wrong.
 */
export async function readConfigFile<S extends z.ZodType>(
  file: string,
  schema: S,
): Promise<ConfigFile<z.output<S>>> {
  const parsed = schema.safeParse(parseJson(file, await readText(file)));
  if (!parsed.success) {
    const faults = parsed.error.issues.map(
      ({ path: where, message }) => `${where.join(".") || "the file"}: ${message}`,
    );
    throw invalid(file, `is not valid: ${faults.join("; ")}`, "Correct these members.");
  }
  const resolve = (relative: string) => path.resolve(path.dirname(file), relative);
  return { config: parsed.data, resolve };
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw invalid(file, "cannot be read", "Name an existing configuration file.", cause);
  }
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid(file, "is not JSON", "Correct its syntax.", cause);
  }
}

function invalid(file: string, what: string, hint: string, cause?: unknown): OpenGradientError {
  const message = `The configuration "${file}" ${what}.`;
  return new OpenGradientError("CONFIG_INVALID", message, hint, { cause });
}
