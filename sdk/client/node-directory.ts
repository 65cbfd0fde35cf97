import { z } from "zod";
import { OpenGradientError } from "../errors.ts";
import type { PriceQuote } from "../price-quote.ts";
import type { Settlement } from "../receipt.ts";
import { quoteSchema } from "../receipt-envelope.ts";
import { TIERS, type TierName } from "../tiers.ts";
import { address, bytes32, uint } from "../wire.ts";
import { callNode, parseJson, readText, type Fetch } from "./http.ts";
import { NodeFailure } from "./node-failure.ts";

/** Where a node is, and whose it is, if that is known. */
export interface NodePlace {
  /** Without `/v1`. */
  readonly url: string;
  readonly operator?: string;
}

/** What a model takes and gives. */
export const ANSWER_FORMS = ["chat", "completion", "embedding", "tensor"] as const;

export type AnswerForm = (typeof ANSWER_FORMS)[number];

/** A model that a node answers for, in a tier, at a price. */
export interface NodeOffer {
  readonly url: string;
  readonly node: string;
  /** How this node calls the model. */
  readonly name: string;
  readonly modelId: string;
  readonly contentHash: string;
  readonly tier: TierName;
  readonly forms: readonly string[];
  readonly quote: PriceQuote;
}

const tierName = z.enum(["Signed", "Attested", "Optimistic", "Proven"]);

const listSchema = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      opengradient: z.object({
        chainId: uint(256),
        ledger: address,
        node: address,
        offers: z.array(
          z.object({
            modelId: bytes32,
            contentHash: bytes32,
            tier: tierName,
            forms: z.array(z.string()),
            quote: quoteSchema,
          }),
        ),
      }),
    }),
  ),
});

/** Prices change, and a node answers at the price of the moment. */
const OFFERS_LIVE_MS = 30_000;
const LIST_TIMEOUT_MS = 5_000;

export interface NodeDirectoryOptions {
  readonly fetch: Fetch;
  readonly settlement: Settlement;
  readonly places: () => Promise<readonly NodePlace[]>;
}

/** What nodes offer, and which of them are left alone for a while. */
export interface NodeDirectory {
  readonly list: () => Promise<NodeListing>;
  /** Asks nothing of a node for so long. */
  readonly avoid: (url: string, forMs: number) => void;
  /** For how long a node is still left alone, in milliseconds; 0 if it is not. */
  readonly restOf: (url: string) => number;
  /** Makes the node's offers be read again. */
  readonly forget: (url: string) => void;
}

export interface NodeListing {
  readonly offers: readonly NodeOffer[];
  /** Why some nodes offer nothing. */
  readonly failures: readonly OpenGradientError[];
}

export function createNodeDirectory(options: NodeDirectoryOptions): NodeDirectory {
  const known = new Map<string, { readonly at: number; readonly offers: Promise<NodeOffer[]> }>();
  const restUntil = new Map<string, number>();

  const offersOf = (place: NodePlace) => {
    const found = known.get(place.url);
    if (found !== undefined && performance.now() - found.at < OFFERS_LIVE_MS) return found.offers;
    const offers = readOffers(options, place);
    known.set(place.url, { at: performance.now(), offers });
    offers.catch(() => known.delete(place.url));
    return offers;
  };

  return {
    list: async () => {
      const places = await options.places();
      const settled = await Promise.allSettled(places.map(offersOf));
      return {
        offers: settled.flatMap((result) => (result.status === "fulfilled" ? result.value : [])),
        failures: settled.flatMap((result) =>
          result.status === "rejected" ? [foreseen(result.reason)] : [],
        ),
      };
    },
    avoid: (url, forMs) => {
      restUntil.set(url, performance.now() + forMs);
    },
    restOf: (url) => Math.max(0, (restUntil.get(url) ?? 0) - performance.now()),
    forget: (url) => {
      known.delete(url);
    },
  };
}

function foreseen(error: unknown): OpenGradientError {
  if (error instanceof OpenGradientError) return error;
  throw error;
}

async function readOffers(
  { fetch, settlement }: NodeDirectoryOptions,
  { url, operator }: NodePlace,
): Promise<NodeOffer[]> {
  const call = { fetch, url: `${url}/v1/models`, timeoutMs: LIST_TIMEOUT_MS };
  const text = await readText(url, await callNode(call));
  const parsed = listSchema.safeParse(parseJson(text));
  const failed = (what: string) => new NodeFailure("NODE_FAILED", what, { url });
  if (!parsed.success) throw failed("does not say what it offers");
  return parsed.data.data.flatMap(({ id, opengradient: { chainId, ledger, node, offers } }) => {
    if (chainId !== settlement.chainId || ledger !== settlement.settledBy)
      throw failed(`settles at ${ledger} on chain ${chainId}, and not where this app does`);
    if (operator !== undefined && node !== operator)
      throw failed(`says that it is ${node}, and is registered as that of ${operator}`);
    return offers
      .filter((offer) => isItsOwn(node, offer))
      .map((offer) => ({ url, node, name: id, ...offer }));
  });
}

/** A price for something else would be none for this. */
function isItsOwn(
  node: string,
  { modelId, tier, quote }: Pick<NodeOffer, "modelId" | "tier" | "quote">,
): boolean {
  return quote.node === node && quote.modelId === modelId && quote.tier === BigInt(TIERS[tier]);
}
