import path from "node:path";
import type { DirectForm, DirectOffer } from "./direct-answer.ts";
import type { OfferConfig } from "./config.ts";
import type { ServedModel } from "../models/served-models.ts";
import { OpenGradientError } from "../../sdk/errors.ts";
import { TIERS, type TierName } from "../../sdk/tiers.ts";

/** An offer, the model behind it, and how the operator configured it. */
export interface ServedOffer {
  readonly offer: DirectOffer;
  readonly model: ServedModel;
  readonly config: OfferConfig;
}

/** Tiers in which each kind of model can be served directly. */
const TIERS_OF: Readonly<Record<ServedModel["kind"], readonly TierName[]>> = {
  language: ["Signed", "Attested"],
  proven: ["Signed", "Optimistic", "Proven"],
};

/**
 * What a node offers.
 *
 * @param models By their folders.
 * @throws OpenGradientError `CONFIG_INVALID`.
 */
export function offersOf(
  configs: readonly OfferConfig[],
  { models, node }: { readonly models: ReadonlyMap<string, ServedModel>; readonly node: string },
): readonly ServedOffer[] {
  const offers = configs.map((config) => {
    const model = models.get(config.folder);
    if (model === undefined) throw invalid(config, "is none of the models");
    requireFitting(config, model);
    return { offer: offerOf(config, { model, node }), model, config };
  });
  requireDistinct(offers);
  return offers;
}

function offerOf(
  { folder, tier, name, price }: OfferConfig,
  { model, node }: { readonly model: ServedModel; readonly node: string },
): DirectOffer {
  const { modelId } = model;
  const isLanguage = model.kind === "language";
  return {
    name: name ?? (isLanguage ? model.package.manifest.name : path.basename(folder)),
    modelId,
    contentHash: isLanguage ? model.package.contentHash : model.model.contentHash,
    tier,
    forms: formsOf(model),
    ...(isLanguage && { contextLength: model.package.manifest.contextLength }),
    quote: {
      ...{ node, modelId, tier: BigInt(TIERS[tier]) },
      base: price.answer,
      perInputUnit: price.millionInput,
      perOutputUnit: price.millionOutput,
    },
  };
}

/** A language model writes or embeds: its package says which. */
function formsOf(model: ServedModel): readonly DirectForm[] {
  if (model.kind === "proven") return ["tensor"];
  return model.package.manifest.embeds === true ? ["embedding"] : ["chat", "completion"];
}

function requireFitting(config: OfferConfig, model: ServedModel): void {
  const { tier } = config;
  if (!TIERS_OF[model.kind].includes(tier))
    throw invalid(config, `cannot be served in the tier ${tier}`);
  // Who asks a node over HTTP shows it the input; what the chain is to see of it, only the payer could say.
  if (model.kind === "proven" && model.model.circuit.form.inputs === "private")
    throw invalid(config, "has private inputs, which are for the market");
}

/** Clients name a model and a tier. */
function requireDistinct(offers: readonly ServedOffer[]): void {
  const seen = new Map<string, ServedOffer>();
  const modelOf = new Map<string, string>();
  for (const served of offers) {
    const { name, tier, modelId } = served.offer;
    const key = `${modelId} ${tier}`;
    if (seen.has(key)) throw invalid(served.config, `is offered twice in the tier ${tier}`);
    seen.set(key, served);
    if ((modelOf.get(name) ?? modelId) !== modelId)
      throw invalid(served.config, `has the name "${name}", which another model has`);
    modelOf.set(name, modelId);
  }
}

function invalid({ folder }: OfferConfig, what: string): OpenGradientError {
  const message = `The model in "${folder}", which is to be served directly, ${what}.`;
  return new OpenGradientError("CONFIG_INVALID", message, "Correct the member direct.offers.");
}
