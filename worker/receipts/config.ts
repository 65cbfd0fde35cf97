import { parseEther, parseUnits } from "ethers";
import { z } from "zod";
import { TIERS, type TierName } from "../../sdk/tiers.ts";

const tier = z.enum(Object.keys(TIERS) as TierName[]);

/** OPG, as text: no precision is lost. */
function amount(decimals: number, parse: (text: string) => bigint) {
  return z
    .string()
    .regex(
      new RegExp(`^\\d+(\\.\\d{1,${decimals}})?$`),
      `is not a number in quotes with at most ${decimals} decimals, like "2.5"`,
    )
    .transform((text) => parse(text));
}

/** OPG for a million units: whole wei for each. */
const perMillion = amount(12, (text) => parseUnits(text, 12)).default(0n);

const priceSchema = z.strictObject({
  /** For the answer as such. */
  answer: amount(18, parseEther).default(0n),
  /** For a million units of input: tokens of language models, bytes otherwise. */
  millionInput: perMillion,
  millionOutput: perMillion,
});

/** How a language model runs that the node signs for itself. */
const runtimeSchema = z.strictObject({
  /** For weights in a GGUF file; see `LlamaOptions`. */
  gpu: z.union([z.literal("auto"), z.literal(false)]).exactOptional(),
  threads: z.int().min(1).max(1_024).exactOptional(),
  parallel: z.int().min(1).max(256).exactOptional(),
  /** For a model at a server: where that is. */
  url: z.url({ protocol: /^https?$/ }).exactOptional(),
});

const offerSchema = z.strictObject({
  /** One of the models' folders. */
  folder: z.string(),
  tier,
  /** By which clients name the model; without it what its package says, or the folder's name. */
  name: z.string().min(1).max(200).optional(),
  price: priceSchema.prefault({}),
  /** For language models in the Signed tier. */
  runtime: runtimeSchema.prefault({}),
});

export type OfferConfig = z.output<typeof offerSchema>;

const batchSchema = z.strictObject({
  /** Receipts are committed as soon as there are so many, */
  receipts: z.int().min(1).max(2_048).default(1_024),
  /** or one has waited so long, */
  seconds: z.int().min(1).max(86_400).default(300),
  /** or their fees come to this, in OPG. */
  value: amount(18, parseEther)
    .refine((wei) => wei > 0n, "is zero")
    .default(parseEther("100")),
  /** Whether leaves go into the chain also where the models' publishers do not ask for it. */
  leaves: z.boolean().default(false),
});

/** What a node answers by itself, without the market. */
export const directSchema = z.strictObject({
  offers: z.array(offerSchema).min(1, "offers nothing"),
  batch: batchSchema.prefault({}),
});

export type DirectConfig = z.output<typeof directSchema>;

/** How receipts are committed that an earlier configuration has left. */
export const DEFAULT_BATCH: DirectConfig["batch"] = batchSchema.parse({});
