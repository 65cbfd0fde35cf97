import { GatewayError } from "./failure.ts";
import type { DirectForm, DirectOffer } from "../receipts/direct-answer.ts";
import { TIERS, type TierName } from "../../sdk/tiers.ts";

export const TIER_HEADER = "OpenGradient-Tier";

/** What a client asks for. */
export interface Wanted {
  /** Name or id of a model. */
  readonly model: string;
  /** Without it, the model's first that has the form. */
  readonly tier: TierName | undefined;
  readonly form: DirectForm;
}

/**
 * The tier that a request's header names, if it names one.
 *
 * @throws GatewayError 400.
 */
export function tierOf(headers: Headers): TierName | undefined {
  const named = headers.get(TIER_HEADER);
  if (named === null || isTier(named)) return named ?? undefined;
  const message = `${TIER_HEADER} names no tier; there are: ${Object.keys(TIERS).join(", ")}.`;
  throw new GatewayError(400, "tier_invalid", message, { parameter: TIER_HEADER });
}

function isTier(name: string): name is TierName {
  return Object.hasOwn(TIERS, name);
}

/** What a node offers, as clients look for it. */
export class Offers {
  readonly byModel: ReadonlyMap<string, readonly DirectOffer[]>;
  readonly #byId: ReadonlyMap<string, readonly DirectOffer[]>;

  constructor(offers: readonly DirectOffer[]) {
    this.byModel = Map.groupBy(offers, ({ name }) => name);
    this.#byId = Map.groupBy(offers, ({ modelId }) => modelId);
  }

  /**
   * Offers of a model, by its name or id.
   *
   * @throws GatewayError 404.
   */
  of(model: string): readonly DirectOffer[] {
    const found = this.byModel.get(model) ?? this.#byId.get(model.toLowerCase());
    if (found !== undefined) return found;
    const message = `There is no model "${model}" here; there are: ${[...this.byModel.keys()].join(", ")}.`;
    throw new GatewayError(404, "model_not_found", message, { parameter: "model" });
  }

  /**
   * The offer that a request is for.
   *
   * @throws GatewayError 404 for a model or tier that is not offered, 400 for a form that the model does not have.
   */
  find({ model, tier, form }: Wanted): DirectOffer {
    const offers = this.of(model).filter((offer) => tier === undefined || offer.tier === tier);
    if (offers.length === 0)
      throw new GatewayError(
        404,
        "tier_not_offered",
        `"${model}" is not offered as ${tier ?? ""}.`,
        {
          parameter: TIER_HEADER,
        },
      );
    const found = offers.find(({ forms }) => forms.includes(form));
    if (found !== undefined) return found;
    const forms = [...new Set(offers.flatMap((offer) => offer.forms))];
    throw new GatewayError(
      400,
      "form_not_offered",
      `"${model}" takes no ${form} requests here; it takes: ${forms.join(", ")}.`,
      { parameter: "model" },
    );
  }
}
