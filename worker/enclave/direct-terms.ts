import { keccak256 } from "ethers";
import type { InferRequest } from "./protocol.ts";
import { directRequestId, type DirectRequest } from "../../sdk/direct-request.ts";
import { OpenGradientError } from "../../sdk/errors.ts";
import { itemisedFee, quoteHash, type PriceQuote, type Usage } from "../../sdk/price-quote.ts";
import { TIERS } from "../../sdk/tiers.ts";

type DirectTerms = NonNullable<InferRequest["direct"]>;

const TIER = BigInt(TIERS.Attested);

/**
 * Holds a direct request's id to its terms. A request of the market has terms that only the market knows.
 *
 * @throws OpenGradientError `ENCLAVE_REQUEST_INVALID`.
 */
export function requireOwnTerms(request: InferRequest): void {
  const { settlement, claim, direct } = request;
  if (direct === undefined) return;
  const id = directRequestId(settlement, requestOf(request, direct));
  if (id === claim.requestId) return;
  throw new OpenGradientError(
    "ENCLAVE_REQUEST_INVALID",
    `The id ${claim.requestId} is not that of the request's terms, which is ${id}.`,
    "Ask with the terms that the id was made of.",
  );
}

/**
 * What an answer costs.
 *
 * @throws OpenGradientError `FEE_TOO_HIGH` if a direct request does not allow for it.
 */
export function feeOf(request: InferRequest, usage: Usage): bigint {
  const { fee: most, direct } = request;
  if (direct === undefined) return most;
  const { total } = itemisedFee(quoteOf(request, direct), usage);
  if (total <= most) return total;
  throw new OpenGradientError(
    "FEE_TOO_HIGH",
    `The answer costs ${total} wei of OPG; the request allows for ${most}.`,
    "Allow for more, or ask for a shorter answer.",
  );
}

function requestOf(request: InferRequest, direct: DirectTerms): DirectRequest {
  const { claim, payer, input } = request;
  return {
    modelId: claim.modelId,
    tier: TIER,
    payer,
    node: claim.node,
    inputHash: keccak256(input),
    quoteHash: quoteHash(quoteOf(request, direct)),
    nonce: direct.nonce,
  };
}

function quoteOf({ claim: { node, modelId } }: InferRequest, direct: DirectTerms): PriceQuote {
  const { base, perInputUnit, perOutputUnit } = direct;
  return { node, modelId, tier: TIER, base, perInputUnit, perOutputUnit };
}
