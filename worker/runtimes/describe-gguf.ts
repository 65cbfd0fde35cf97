import path from "node:path";
import { readGgufFileInfo } from "node-llama-cpp";
import { z } from "zod";
import { requireGguf } from "./gguf.ts";
import { framesOf } from "./template-language.ts";
import { OpenGradientError } from "../../sdk/errors.ts";
import {
  ggufManifest,
  NO_TEXT,
  type GgufDescription,
  type GgufManifest,
  type PromptTemplate,
} from "../../sdk/language-model.ts";

export interface DescribeOptions {
  /** The file's own if it has one, else the file's name. */
  readonly name?: string;
  /** The one it was trained with, if that is not more than 8,192: contexts cost memory. */
  readonly contextLength?: number;
  /** In place of the file's chat template. */
  readonly prompt?: PromptTemplate;
  readonly stop?: readonly string[];
  /** The model is to turn texts into vectors: no chat template is needed then, and neither frames nor stop texts are taken. */
  readonly embeds?: boolean;
}

const LARGEST_DEFAULT_CONTEXT = 8_192;

/** `LLAMA_TOKEN_TYPE_CONTROL` of llama.cpp. */
const CONTROL = 3;

const tokenId = z.coerce.number().int().nonnegative();

/** What of a file's metadata counts here. */
const metadataSchema = z.object({
  general: z.object({ architecture: z.string(), name: z.string().optional() }),
  tokenizer: z.object({
    chat_template: z.string().optional(),
    ggml: z.object({
      tokens: z.array(z.string()),
      token_type: z.array(z.number()).optional(),
      bos_token_id: tokenId.optional(),
      eos_token_id: tokenId.optional(),
      add_bos_token: z.boolean().optional(),
      model: z.string(),
    }),
  }),
});

type Metadata = z.output<typeof metadataSchema>;

/**
 * Makes the manifest of any GGUF file of a language model, by what the file says of itself.
 *
 * @throws OpenGradientError `LANGUAGE_MODEL_MISSING`, or `LANGUAGE_MODEL_INVALID` if it is none, or has no chat template that
 * can be written as frames and none is given.
 */
export async function describeGguf(
  file: string,
  { name, contextLength, ...options }: DescribeOptions = {},
): Promise<GgufManifest> {
  await requireGguf(file);
  const { metadata, trained } = await readMetadata(file);
  return ggufManifest(file, {
    name: name ?? metadata.general.name ?? path.basename(file, ".gguf"),
    contextLength: contextLength ?? Math.min(trained, LARGEST_DEFAULT_CONTEXT),
    ...textOf(file, metadata, options),
  });
}

function textOf(
  file: string,
  metadata: Metadata,
  { prompt, stop = [], embeds = false }: DescribeOptions,
): Omit<GgufDescription, "name" | "contextLength"> {
  // Frames and stop texts that were given all the same are in it, so that the manifest is refused for them.
  if (embeds)
    return { ...NO_TEXT, prompt: prompt ?? NO_TEXT.prompt, stop: [...stop], embeds: true };
  return { prompt: prompt ?? templateOf(file, metadata), stop: [...stop], trimStart: true };
}

async function readMetadata(file: string): Promise<{ metadata: Metadata; trained: number }> {
  try {
    const { metadata: found } = await readGgufFileInfo(file, { readTensorInfo: false });
    const metadata = metadataSchema.parse(found);
    const { architecture } = metadata.general;
    const ofArchitecture = z.record(z.string(), z.unknown()).parse(found)[architecture];
    const { context_length: trained } = z
      .object({ context_length: z.coerce.number().int().positive() })
      .parse(ofArchitecture);
    return { metadata, trained };
  } catch (cause) {
    throw new OpenGradientError(
      "LANGUAGE_MODEL_INVALID",
      `"${file}" does not hold a language model with its tokeniser.`,
      "Name the GGUF file of a language model; a draft, an adapter or a projector is none.",
      { cause },
    );
  }
}

function templateOf(file: string, { tokenizer }: Metadata): PromptTemplate {
  const { chat_template: source, ggml } = tokenizer;
  if (source === undefined)
    throw new OpenGradientError(
      "LANGUAGE_MODEL_INVALID",
      `"${file}" has no chat template.`,
      "Give the frames of its messages with --prompt.",
    );
  const textOf = (id: number | undefined) => (id === undefined ? undefined : ggml.tokens[id]);
  // What llama.cpp takes if the file does not say: yes for SentencePiece, no for byte pairs.
  const isBosAdded = ggml.add_bos_token ?? ggml.model === "llama";
  const bos = textOf(ggml.bos_token_id);
  const eos = textOf(ggml.eos_token_id);
  return framesOf({
    source,
    specials: ggml.tokens.filter((_, id) => ggml.token_type?.[id] === CONTROL),
    isBosAdded,
    ...(bos !== undefined && { bos }),
    ...(eos !== undefined && { eos }),
  });
}
