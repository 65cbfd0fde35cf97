import { z } from "zod";

/** How one network fared. What was not reached is `null`, false or left out. */
export const networkResultSchema = z.object({
  name: z.string(),
  compiled: z.boolean(),
  /** All constraints hold for a run, and they commit to the integer graph's output. */
  witness: z.boolean(),
  /** Largest difference between the integers' outputs and those expected. */
  maxAbsError: z.number().nullable(),
  tolerance: z.number().nullable(),
  constraints: z.int().nullable(),
  proveMs: z.number().optional(),
  /** The contract takes the proof, and so does a verifier off chain that shares no code with the prover. */
  verified: z.boolean().optional(),
  /** Code and sentence of what stopped it. */
  error: z.string().optional(),
});

export type NetworkResult = z.infer<typeof networkResultSchema>;

/** Before anything was tried. */
export function untried(name: string): NetworkResult {
  return {
    name,
    compiled: false,
    witness: false,
    maxAbsError: null,
    tolerance: null,
    constraints: null,
  };
}
