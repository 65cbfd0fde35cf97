import { isHexString } from "ethers";
import { OpenGradientError } from "../errors.ts";
import type { TierName } from "../tiers.ts";
import type { AnswerForm, NodeListing, NodeOffer } from "./node-directory.ts";

/** What an app wants answered. */
export interface Wanted {
  /** The model's id, or the name by which nodes know it. */
  readonly model: string;
  /** Any that is offered, unless given. */
  readonly tier?: TierName | undefined;
  readonly form: AnswerForm;
}

/** Ids of models by the names under which an app asks for them. */
export type ModelPins = Readonly<Record<string, string>>;

/** So many units each way tell which of two prices is lower. */
const TYPICAL_UNITS = 1_000n;

/**
 * Who offers what is wanted, the cheapest first.
 *
 * Names are the nodes' own, so a name that means several models is refused: whoever asks for one must not get the other.
 *
 * @throws OpenGradientError `MODEL_NOT_OFFERED`, `MODEL_AMBIGUOUS`, or `NO_NODE_LEFT` if no node could be asked.
 */
export function chooseOffers(
  { offers, failures }: NodeListing,
  wanted: Wanted,
  pins: ModelPins = {},
): readonly NodeOffer[] {
  const id = modelIdIn(wanted.model, pins);
  const fitting = offers.filter(
    ({ name, modelId, tier, forms }) =>
      (id === undefined ? name === wanted.model : modelId === id) &&
      (wanted.tier === undefined || tier === wanted.tier) &&
      forms.includes(wanted.form),
  );
  if (fitting.length === 0) throw nobody({ offers, failures }, wanted);
  requireOne(wanted, fitting);
  return fitting.toSorted((a, b) => compare(priceOf(a), priceOf(b)));
}

function modelIdIn(model: string, pins: ModelPins): string | undefined {
  const id = Object.hasOwn(pins, model) ? pins[model] : model;
  return isHexString(id, 32) ? id.toLowerCase() : undefined;
}

function requireOne({ model }: Wanted, offers: readonly NodeOffer[]): void {
  const ids = [...new Set(offers.map(({ modelId }) => modelId))];
  if (ids.length === 1) return;
  throw new OpenGradientError(
    "MODEL_AMBIGUOUS",
    `Nodes call different models "${model}": ${ids.join(", ")}.`,
    'Ask for the model by its id, or say which one the name means (the option "models").',
  );
}

function nobody({ offers, failures }: NodeListing, { model, tier, form }: Wanted): Error {
  if (offers.length === 0 && failures.length > 0) return noNodeLeft(failures);
  const what = `${form} of "${model}"${tier === undefined ? "" : ` in the ${tier} tier`}`;
  const names = [...new Set(offers.map(({ name, tier: offered }) => `${name} (${offered})`))];
  return new OpenGradientError(
    "MODEL_NOT_OFFERED",
    `No node offers ${what}; there are: ${names.join(", ") || "none"}.`,
    "Ask for one of these, or name a node that offers it.",
  );
}

/** Every node has failed. */
export function noNodeLeft(failures: readonly Error[]): OpenGradientError {
  const reasons = failures.map(({ message }) => message).join(" ");
  return new OpenGradientError(
    "NO_NODE_LEFT",
    reasons === "" ? "There is no node to ask." : `No node has answered. ${reasons}`,
    "Ask again later, or name more nodes.",
    failures.length === 0 ? {} : { cause: new AggregateError(failures) },
  );
}

function priceOf({ quote: { base, perInputUnit, perOutputUnit } }: NodeOffer): bigint {
  return base + TYPICAL_UNITS * (perInputUnit + perOutputUnit);
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : Number(a > b);
}
