import type { Signer } from "ethers";
import type { Deployment } from "../deployment.ts";
import { LANGUAGE_MODEL_SHAPE, languageModelId } from "../language-model.ts";
import { connectProtocol } from "../protocol.ts";
import { tierSet } from "../tiers.ts";
import { allow, requireFunds } from "./funds.ts";
import { isKnown, type ModelPublication } from "./publish-model.ts";
import { send, type StepListener } from "./send.ts";

/** A language model to be offered in the Signed and the Attested tier: what a model with a proof has, less the proof. */
export type LanguageModelPublication = Pick<
  ModelPublication,
  "contentHash" | "uri" | "computeUnits" | "royalty"
>;

/**
 * Registers a language model, as `publisher`. One that is registered already is not registered again.
 *
 * @returns The model's id.
 * @throws OpenGradientError `ACCOUNT_UNFUNDED` before anything is sent, or `TRANSACTION_REVERTED`.
 */
export async function publishLanguageModel(
  deployment: Deployment,
  publisher: Signer,
  publication: LanguageModelPublication,
  onStep?: StepListener,
): Promise<string> {
  const protocol = connectProtocol(deployment, publisher);
  const { modelRegistry } = protocol;
  const owner = await publisher.getAddress();
  const id = languageModelId(owner, publication.contentHash);
  if (await isKnown(protocol, id)) return id;

  const amount = await modelRegistry.depositRequired();
  const { provider } = publisher;
  if (provider === null) throw new Error("the publisher has no provider");
  await requireFunds(protocol, provider, { account: owner, amount });
  await allow(protocol, { owner, spender: modelRegistry, amount }, onStep);
  const tiers = tierSet("Signed", "Attested");
  const registration = { ...LANGUAGE_MODEL_SHAPE, inferences: 0, tiers, ...publication };
  await send("register model", () => modelRegistry.register(registration), onStep);
  return id;
}
