import { z } from "zod";
import { JOB_STATES, type JobState } from "./job-states.ts";
import type { RequestTerms } from "../../sdk/request.ts";

/** A request of the market, as its event told it. */
export interface FoundRequest {
  readonly requestId: string;
  readonly terms: RequestTerms;
  readonly input: Uint8Array;
}

/** A request with all that a proof of it takes. */
export interface ProvableRequest extends FoundRequest {
  /** Of a private input; kept from before the request was locked. */
  readonly opening: Uint8Array | undefined;
}

/** One of the answers that share a proof. */
export interface SharedPart {
  readonly requestId: string;
  /** 0x-prefixed hex. */
  readonly output: string;
}

/** A model's answer with its proof. */
export interface ProvenAnswer {
  readonly output: Uint8Array;
  readonly evidence: Uint8Array;
  /** All answers that share the proof, in its order, this one too; none if it has the proof for itself. */
  readonly shared?: readonly SharedPart[] | undefined;
  readonly witnessMs: number;
  readonly proofMs: number;
}

/** One request on its way through this node. */
export interface Job extends ProvableRequest {
  readonly state: JobState;
  readonly answer: ProvenAnswer | undefined;
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

const rowSchema = z.object({
  request_id: z.string(),
  state: z.enum(JOB_STATES),
  terms: z.string(),
  input: z.instanceof(Uint8Array),
  opening: z.instanceof(Uint8Array).nullable(),
  output: z.instanceof(Uint8Array).nullable(),
  evidence: z.instanceof(Uint8Array).nullable(),
  shared: z.string().nullable(),
  witness_ms: z.number().nullable(),
  proof_ms: z.number().nullable(),
  reason: z.string().nullable(),
});

/** Reads a job from its row. */
export function jobOf(row: unknown): Job {
  const { request_id, state, terms, input, opening, reason, ...rest } = rowSchema.parse(row);
  const { output, evidence, shared, witness_ms, proof_ms } = rest;
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
            witnessMs: witness_ms ?? 0,
            proofMs: proof_ms ?? 0,
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
