import { Validator } from "@seriousme/openapi-schema-validator";
import { z } from "zod";

const mediaSchema = z.looseObject({ schema: z.looseObject({}) });

const documentSchema = z.looseObject({
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.looseObject({
        responses: z.record(
          z.string(),
          z.looseObject({ content: z.record(z.string(), mediaSchema).optional() }),
        ),
      }),
    ),
  ),
});

/** An answer, and where it comes from. */
export interface Answered {
  readonly method: "get" | "post";
  /** As in the document, with parameters in braces. */
  readonly path: string;
  readonly status: number;
  readonly type: string;
  readonly body: unknown;
}

/** A document that was found valid, to which answers can be held. */
export interface OpenApiDocument {
  readonly paths: readonly string[];
  /** @throws Error if the document does not have the answer, or says something else about it. */
  readonly hold: (answered: Answered) => void;
}

/** @throws Error if a document is not what OpenAPI says. */
export async function readOpenApi(document: object): Promise<OpenApiDocument> {
  const validator = new Validator();
  const { valid, errors } = await validator.validate({ ...document });
  if (!valid) throw new Error(`the document is not valid: ${JSON.stringify(errors)}`);
  const { paths } = documentSchema.parse(validator.resolveRefs());
  return {
    paths: Object.keys(paths),
    hold: ({ method, path, status, type, body }) => {
      const answers = new Map(Object.entries(paths[path]?.[method]?.responses ?? {}));
      const schema = answers.get(String(status))?.content?.[type]?.schema;
      if (schema === undefined)
        throw new Error(`the document has no ${status} ${type} of ${method} ${path}`);
      z.fromJSONSchema(schema).parse(body);
    },
  };
}
