import type { Provider, Signer } from "ethers";
import { connectProtocol, type Protocol } from "../protocol.ts";
import type { Deployment } from "../deployment.ts";
import { modelId } from "../model-id.ts";
import { isRevert } from "../reverts.ts";
import { tierSet } from "../tiers.ts";
import { allow, requireFunds } from "./funds.ts";
import { send, type StepListener } from "./send.ts";

/** A model to be offered in the Proven tier; hex strings are 0x-prefixed. */
export interface ModelPublication {
  /** keccak256 of the model's manifest. */
  readonly contentHash: string;
  /** Points that all keys of one Powers of Tau file and domain share: `α ‖ β ‖ γ ‖ IC`. */
  readonly keySetup: string;
  /** The model's own point: `δ`. */
  readonly keyDelta: string;
  /** Length in bytes of what the chain sees of one inference. */
  readonly inputSize: number;
  readonly outputSize: number;
  /** That one proof carries. */
  readonly inferences: number;
  /** Where the model's files are. */
  readonly uri: string;
  /** Work of one inference, in the network's units. */
  readonly computeUnits: number;
  /** OPG in wei that the publisher receives per inference. */
  readonly royalty: bigint;
}

export interface PublishedModel {
  readonly modelId: string;
  /** Address of the verification key. */
  readonly key: string;
}

/**
 * Registers a model's key and the model, as `publisher`. What is registered already is not registered again: an
 * interrupted publication is finished by repeating it.
 *
 * @throws OpenGradientError `ACCOUNT_UNFUNDED` before anything is sent, or `TRANSACTION_REVERTED`.
 */
export async function publishModel(
  deployment: Deployment,
  publisher: Signer,
  publication: ModelPublication,
  onStep?: StepListener,
): Promise<PublishedModel> {
  const protocol = connectProtocol(deployment, publisher);
  const { modelRegistry, groth16Verifier } = protocol;
  const owner = await publisher.getAddress();
  const { keySetup, keyDelta, ...rest } = publication;
  const key = await groth16Verifier.keyAddress(
    await groth16Verifier.setupAddress(keySetup),
    keyDelta,
  );
  const id = modelId({ publisher: owner, key, ...rest });
  if (await isKnown(protocol, id)) return { modelId: id, key };

  const amount = await modelRegistry.depositRequired();
  const { provider } = publisher;
  if (provider === null) throw new Error("the publisher has no provider");
  await requireFunds(protocol, provider, { account: owner, amount });
  await registerKey(protocol, provider, publication, onStep);
  await allow(protocol, { owner, spender: modelRegistry, amount }, onStep);
  const registration = { key, tiers: tierSet("Proven"), ...rest };
  await send("register model", () => modelRegistry.register(registration), onStep);
  return { modelId: id, key };
}

async function registerKey(
  { groth16Verifier }: Pick<Protocol, "groth16Verifier">,
  provider: Provider,
  { keySetup, keyDelta }: Pick<ModelPublication, "keySetup" | "keyDelta">,
  onStep?: StepListener,
): Promise<void> {
  const setup = await groth16Verifier.setupAddress(keySetup);
  if ((await provider.getCode(setup)) === "0x") {
    await send("register key set-up", () => groth16Verifier.registerSetup(keySetup), onStep);
  }
  if (!(await groth16Verifier.isRegistered(await groth16Verifier.keyAddress(setup, keyDelta)))) {
    const register = () => groth16Verifier.registerKey(setup, keyDelta);
    await send("register verification key", register, onStep);
  }
}

/** Whether a model is registered. */
export async function isKnown(
  { modelRegistry }: Pick<Protocol, "modelRegistry">,
  id: string,
): Promise<boolean> {
  try {
    await modelRegistry.model(id);
    return true;
  } catch (error) {
    if (isRevert(error, "ModelRegistryUnknownModel")) return false;
    throw error;
  }
}
