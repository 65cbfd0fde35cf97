import { z } from "zod";
import { JOB_STATES, type JobState } from "./job-states.ts";
import type { RequestTerms } from "../../sdk/request.ts";

/** A request of the market, as its event told it. */
export interface FoundRequest {
  readonly requestId: string;
  readonly terms: RequestTerms;
  readonly input: Uint8Array;
}

/** One of the answers that share their evidence. */
export interface SharedPart {
  readonly requestId: string;
  /** 0x-prefixed hex. */
  readonly output: string;
}

/** A model's answer, and what shows that it is the model's. */
export interface Answer {
  readonly output: Uint8Array;
  readonly evidence: Uint8Array;
  /** All answers that share the evidence, in its order, this one too; none if it has it for itself. */
  readonly shared?: readonly SharedPart[] | undefined;
  /** How long each step took, in milliseconds. */
  readonly durationsMs: Readonly<Record<string, number>>;
}

/** A request with all that an answer to it takes. */
export interface AnswerableRequest extends FoundRequest {
  /** Of a private input; kept from before the request was locked. */
  readonly opening: Uint8Array | undefined;
  /** What it was answered with, which a reorganisation may leave to be sent again. */
  readonly answer: Answer | undefined;
}

/** One request on its way through this node. */
export interface Job extends AnswerableRequest {
  readonly state: JobState;
  /** Why the job ended as it did, where the state alone does not say it. */
  readonly reason: string | undefined;
}

const termsSchema = z.object({
  modelId: z.string(),
  tier: z.coerce.bigint(),
  payer: z.string(),
  consumer: z.string(),
  callbackGas: z.coerce.bigint(),
  inputHash: z.string(),
  work: z.coerce.bigint(),
  maxFee: z.coerce.bigint(),
  minFee: z.coerce.bigint(),
  royalty: z.coerce.bigint(),
  collateral: z.coerce.bigint(),
  rampStart: z.coerce.bigint(),
  rampSeconds: z.coerce.bigint(),
  expiry: z.coerce.bigint(),
  lockSeconds: z.coerce.bigint(),
  salt: z.coerce.bigint(),
}) satisfies z.ZodType<RequestTerms>;

const sharedSchema = z.array(z.object({ requestId: z.string(), output: z.string() }));

const durationsSchema = z.record(z.string(), z.number());

const rowSchema = z.object({
  request_id: z.string(),
  state: z.enum(JOB_STATES),
  terms: z.string(),
  input: z.instanceof(Uint8Array),
  opening: z.instanceof(Uint8Array).nullable(),
  output: z.instanceof(Uint8Array).nullable(),
  evidence: z.instanceof(Uint8Array).nullable(),
  shared: z.string().nullable(),
  durations_ms: z.string().nullable(),
  reason: z.string().nullable(),
});

/** Reads a job from its row. */
export function jobOf(row: unknown): Job {
  const { request_id, state, terms, input, opening, reason, ...rest } = rowSchema.parse(row);
  const { output, evidence, shared, durations_ms } = rest;
  return {
    requestId: request_id,
    state,
    terms: termsSchema.parse(JSON.parse(terms)),
    input,
    opening: opening ?? undefined,
    answer:
      output === null || evidence === null
        ? undefined
        : {
            output,
            evidence,
            shared: decodeShared(shared),
            durationsMs: durationsSchema.parse(JSON.parse(durations_ms ?? "{}")),
          },
    reason: reason ?? undefined,
  };
}

function decodeShared(text: string | null): readonly SharedPart[] | undefined {
  return text === null ? undefined : sharedSchema.parse(JSON.parse(text));
}

/** Terms as text; integers as decimal strings. */
export function encodeTerms(terms: RequestTerms): string {
  return JSON.stringify(terms, (_, value: unknown) =>
    typeof value === "bigint" ? value.toString() : value,
  );
}
