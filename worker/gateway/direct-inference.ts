import { getBytes, hexlify } from "ethers";
import type { Context } from "hono";
import { z } from "zod";
import { ANSWERS } from "./answers.ts";
import { inferBodySchema, parseInput, readJson, requireType, tierName } from "./bodies.ts";
import { envelopeOf } from "./envelope.ts";
import { GatewayError } from "./failure.ts";
import type { GatewayModules } from "./modules.ts";
import { TIER_HEADER, tierOf } from "./offers.ts";
import type { TierName } from "../../sdk/tiers.ts";

const JSON_TYPE = "application/json";
const BINARY = "application/octet-stream";

/** What stands in the address if the body is the input itself. */
const querySchema = z.object({ model: z.string(), tier: tierName.optional() });

interface Inference {
  readonly model: string;
  readonly tier: TierName | undefined;
  readonly input: Uint8Array;
}

/** `POST /v1/infer`. */
export function addInferenceRoute(modules: GatewayModules): void {
  const { routes, line, askedOf, headersOf, settlement } = modules;
  routes.add(
    {
      method: "post",
      path: "/v1/infer",
      summary: "Run a network on packed tensors",
      tag: "Answers",
      request: {
        query: querySchema.partial(),
        body: {
          required: true,
          content: { [JSON_TYPE]: { schema: inferBodySchema }, [BINARY]: { schema: z.string() } },
        },
      },
      answer: "The packed outputs; as bytes, if the client accepts nothing but these.",
      content: { [JSON_TYPE]: ANSWERS.Inference, [BINARY]: z.string() },
      isPaid: true,
    },
    async (context) => {
      const { model, tier, input } = await readInference(context);
      const asked = askedOf(context, { model, tier, form: "tensor" });
      const order = await line.admit({ ...asked, inputOf: () => input });
      const answer = await order.answer();
      const headers = headersOf(order, answer);
      const { output, receipt } = answer.record;
      if (context.req.header("accept") === BINARY)
        return new Response(Buffer.from(output), {
          headers: { ...headers, "Content-Type": BINARY },
        });
      const said = {
        id: `infer-${order.requestId.slice(2)}`,
        object: "inference",
        created: Number(receipt.completedAt),
        model: order.offer.name,
        output: hexlify(output),
        opengradient: envelopeOf(settlement, answer.record),
      };
      return Response.json(said, { headers });
    },
  );
}

async function readInference(context: Context): Promise<Inference> {
  const type = requireType(context, JSON_TYPE, BINARY);
  const header = tierOf(context.req.raw.headers);
  if (type === BINARY) {
    const { model, tier } = parseInput(querySchema, context.req.query());
    const input = new Uint8Array(await context.req.arrayBuffer());
    return { model, tier: oneTier(tier, header), input };
  }
  const { model, tier, input } = await readJson(context, inferBodySchema);
  return { model, tier: oneTier(tier, header), input: getBytes(input) };
}

function oneTier(named: TierName | undefined, header: TierName | undefined): TierName | undefined {
  if (named === undefined || header === undefined || named === header) return named ?? header;
  const message = `The request names the tier ${named}, its header ${TIER_HEADER} ${header}.`;
  throw new GatewayError(400, "tier_invalid", message, { parameter: "tier" });
}
