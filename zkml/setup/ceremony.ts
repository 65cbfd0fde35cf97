import { createHash } from "node:crypto";
import { z } from "zod";
import { ZkmlError } from "../errors.ts";
import { readKeyTranscript } from "./key-transcript.ts";
import { PUBLISHED_TAU } from "./published-tau.ts";
import type { PowersOfTau } from "./tau-file.ts";

const FORMAT = "opengradient-ceremony/1";

const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);
const blake2bSchema = z.string().regex(/^[0-9a-f]{128}$/);
const contributionSchema = { name: z.string(), hash: blake2bSchema };

const ceremonySchema = z.object({
  format: z.literal(FORMAT),
  powersOfTau: z
    .object({
      origin: z.enum(["public", "development"]),
      power: z.int().positive(),
      blake2b: blake2bSchema,
    })
    .refine(
      ({ origin, power, blake2b }) => origin !== "public" || PUBLISHED_TAU.get(power) === blake2b,
      "not a file of the public ceremony",
    ),
  /** snarkjs' hash of the circuit and the Powers of Tau. */
  circuit: blake2bSchema,
  contributions: z.array(
    z.discriminatedUnion("kind", [
      z.object({ kind: z.literal("random"), ...contributionSchema }),
      z.object({
        kind: z.literal("beacon"),
        ...contributionSchema,
        value: z.string(),
        iterationsExponent: z.int(),
      }),
    ]),
  ),
  /** SHA-256 of the two key files that came out of it. */
  provingKey: sha256Schema,
  verificationKey: sha256Schema,
});

/** The transcript of a key set-up: what it started from, who took part, and what came out. */
export type Ceremony = z.infer<typeof ceremonySchema>;

/** The files that a ceremony gave. */
export interface KeyFiles {
  readonly provingKey: Uint8Array;
  readonly verificationKey: Uint8Array;
}

/**
 * The transcript of a proving key. It is always read from the key itself, so the two cannot come to differ.
 *
 * @throws ZkmlError `FILE_CORRUPTED` if the proving key cannot be read.
 */
export async function describeCeremony(
  { provingKey, verificationKey }: KeyFiles,
  { origin, power, blake2b }: PowersOfTau,
): Promise<Ceremony> {
  const { circuit, contributions } = await readKeyTranscript(provingKey);
  return {
    format: FORMAT,
    powersOfTau: { origin, power, blake2b },
    circuit,
    contributions: [...contributions],
    provingKey: sha256(provingKey),
    verificationKey: sha256(verificationKey),
  };
}

export function encodeCeremony(ceremony: Ceremony): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(ceremony, undefined, 2)}\n`);
}

/** @throws ZkmlError `FILE_CORRUPTED`. */
export function decodeCeremony(file: Uint8Array): Ceremony {
  try {
    return ceremonySchema.parse(JSON.parse(new TextDecoder().decode(file)));
  } catch (cause) {
    throw new ZkmlError(
      "FILE_CORRUPTED",
      "The transcript of the model's key set-up is not readable.",
      "Fetch the package again, or set the model up again.",
      { cause },
    );
  }
}

/**
 * Refuses development keys: whoever made them can forge proofs.
 *
 * @throws ZkmlError `SETUP_DEVELOPMENT`.
 */
export function requirePublicTau({ powersOfTau }: Ceremony): void {
  if (powersOfTau.origin === "public") return;
  throw new ZkmlError(
    "SETUP_DEVELOPMENT",
    "The model's keys are for development: whoever set it up can forge its proofs.",
    "Set the model up from the public Powers of Tau: opg model setup --powers-of-tau.",
  );
}

/** Hex digits. */
export function sha256(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
