import type { Provider } from "ethers";
import type { Deployment } from "../deployment.ts";
import { OpenGradientError } from "../errors.ts";
import { connectProtocol, type Protocol } from "../protocol.ts";
import { isRevert } from "../reverts.ts";
import type { ModelPublication } from "./publish-model.ts";

/** What a registered model commits to. */
export type ModelContent = Pick<ModelPublication, "contentHash" | "keySetup" | "keyDelta">;

/**
 * Makes sure that a model is registered with exactly this content and key.
 *
 * @param modelId 0x-prefixed, 32 bytes.
 * @throws OpenGradientError `MODEL_NOT_REGISTERED`.
 */
export async function requireRegistered(
  deployment: Deployment,
  provider: Provider,
  modelId: string,
  { contentHash, keySetup, keyDelta }: ModelContent,
): Promise<void> {
  const protocol = connectProtocol(deployment, provider);
  const { groth16Verifier } = protocol;
  const setup = await groth16Verifier.setupAddress(keySetup);
  const key = await groth16Verifier.keyAddress(setup, keyDelta);
  const registered = await find(protocol, modelId);
  if (registered.contentHash === contentHash && registered.key === key) return;
  throw new OpenGradientError(
    "MODEL_NOT_REGISTERED",
    `The model ${modelId} is registered with the content ${registered.contentHash} and the key ${registered.key}; the package has ${contentHash} and ${key}.`,
    "Fetch the package that the model's publisher offers.",
  );
}

async function find({ modelRegistry }: Protocol, modelId: string) {
  try {
    return await modelRegistry.model(modelId);
  } catch (cause) {
    if (!isRevert(cause, "ModelRegistryUnknownModel")) throw cause;
    throw new OpenGradientError(
      "MODEL_NOT_REGISTERED",
      `No model is registered under ${modelId}.`,
      "Check the id, and that the deployment is the one that it belongs to.",
      { cause },
    );
  }
}
