import { ANSWERS } from "./answers.ts";
import { embeddingBodySchema, readJson } from "./bodies.ts";
import { envelopeOf } from "./envelope.ts";
import type { GatewayModules } from "./modules.ts";
import { canonicalEmbedding } from "../../sdk/embedding-request.ts";

const BYTES_PER_FLOAT = 4;

/** `POST /v1/embeddings`. */
export function addEmbeddingRoute(modules: GatewayModules): void {
  const { routes, line, askedOf, headersOf, settlement } = modules;
  const json = "application/json";
  routes.add(
    {
      method: "post",
      path: "/v1/embeddings",
      summary: "Turn texts into vectors",
      tag: "Answers",
      request: { body: { required: true, content: { [json]: { schema: embeddingBodySchema } } } },
      answer: "A vector for each text.",
      content: { [json]: ANSWERS.Embeddings },
      isPaid: true,
    },
    async (context) => {
      const body = await readJson(context, embeddingBodySchema);
      const input = typeof body.input === "string" ? [body.input] : body.input;
      const bytes = canonicalEmbedding({ input });
      const asked = askedOf(context, { model: body.model, form: "embedding" });
      const order = await line.admit({ ...asked, inputOf: () => bytes });
      const answer = await order.answer();
      const { output, receipt } = answer.record;
      const tokens = Number(receipt.inputUnits);
      const vectors = vectorsOf(output, input.length);
      const said = {
        object: "list",
        model: order.offer.name,
        data: vectors.map((vector, index) => ({
          object: "embedding",
          index,
          embedding: body.encoding_format === "base64" ? base64Of(vector) : floatsOf(vector),
        })),
        usage: { prompt_tokens: tokens, total_tokens: tokens },
        opengradient: {
          ...envelopeOf(settlement, answer.record),
          applied: new TextDecoder().decode(bytes),
        },
      };
      return Response.json(said, { headers: headersOf(order, answer) });
    },
  );
}

/** An output is the vectors of all texts, one after the other. */
function vectorsOf(output: Uint8Array, count: number): readonly Uint8Array[] {
  const length = output.length / count;
  if (length === 0 || length % BYTES_PER_FLOAT !== 0)
    throw new Error(`${output.length} bytes are no ${count} vectors`);
  return Array.from({ length: count }, (_, i) => output.subarray(i * length, (i + 1) * length));
}

function base64Of(vector: Uint8Array): string {
  return Buffer.from(vector).toString("base64");
}

function floatsOf(vector: Uint8Array): number[] {
  const view = new DataView(vector.buffer, vector.byteOffset, vector.byteLength);
  const count = vector.length / BYTES_PER_FLOAT;
  return Array.from({ length: count }, (_, i) => view.getFloat32(i * BYTES_PER_FLOAT, true));
}
