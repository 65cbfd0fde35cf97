import { readFile } from "node:fs/promises";
import { isAddress } from "ethers";
import { z } from "zod";
import { OpenGradientError } from "./errors.ts";

const address = z.string().refine(isAddress, "not an address");

const deploymentSchema = z.object({
  chainId: z.coerce.bigint().positive(),
  addresses: z.object({
    opg: address,
    groth16Verifier: address,
    provenVerifier: address,
    sharedProofVerifier: address,
    signedVerifier: address,
    verifierRouter: address,
    modelRegistry: address,
    feeEscrow: address,
    staking: address,
    nodeRegistry: address,
    feePolicy: address,
    inferenceMarket: address,
    nitroVerifier: address,
    tdxVerifier: address,
    enclaveRegistry: address,
    attestedVerifier: address,
    receiptLedger: address,
  }),
  /** Block from which on events matter. */
  startBlock: z.int().nonnegative(),
});

/** Where the protocol lives on one chain. */
export type Deployment = z.infer<typeof deploymentSchema>;

/** Serialises a deployment for `readDeployment`. */
export function encodeDeployment(deployment: Deployment): string {
  const plain = { ...deployment, chainId: deployment.chainId.toString() };
  return `${JSON.stringify(plain, undefined, 2)}\n`;
}

/**
 * Reads a deployment file.
 *
 * @throws OpenGradientError `DEPLOYMENT_UNREADABLE`.
 */
export async function readDeployment(file: string): Promise<Deployment> {
  try {
    return deploymentSchema.parse(JSON.parse(await readFile(file, "utf8")));
  } catch (cause) {
    throw new OpenGradientError(
      "DEPLOYMENT_UNREADABLE",
      `"${file}" is not a readable deployment file.`,
      "Name the deployment file that was written when the protocol was deployed.",
      { cause },
    );
  }
}
