import { hexlify } from "ethers";
import type { Protocol } from "../../sdk/protocol.ts";
import { OpenGradientError } from "../../sdk/errors.ts";
import { isRevert } from "../../sdk/reverts.ts";
import { modelId, modelOrigin } from "../../sdk/model-id.ts";
import { readPackage, type ModelPackage } from "../../zkml/model/package.ts";
import { encodeKeyDelta, encodeKeySetup, type ModelParts } from "../../zkml/prove/encoding.ts";

/** A model that this node runs and proves. */
export interface ServedModel {
  readonly modelId: string;
  readonly model: ModelPackage;
  readonly parts: ModelParts;
}

/** Where a model is on this machine, and who registered it. */
export interface ModelSource {
  readonly folder: string;
  readonly publisher: string;
}

/**
 * Reads model packages and makes sure that each is registered under exactly its content and key.
 *
 * @throws OpenGradientError `MODEL_NOT_REGISTERED`, or ZkmlError `FILE_MISSING` or `FILE_CORRUPTED`.
 */
export async function loadModels(
  sources: readonly ModelSource[],
  protocol: Pick<Protocol, "groth16Verifier" | "modelRegistry">,
): Promise<ReadonlyMap<string, ServedModel>> {
  const models = await Promise.all(sources.map((source) => loadModel(source, protocol)));
  return new Map(models.map((model) => [model.modelId, model]));
}

async function loadModel(
  { folder, publisher }: ModelSource,
  { groth16Verifier, modelRegistry }: Pick<Protocol, "groth16Verifier" | "modelRegistry">,
): Promise<ServedModel> {
  const model = await readPackage(folder);
  const { verificationKey } = model.keys;
  const setup = await groth16Verifier.setupAddress(hexlify(encodeKeySetup(verificationKey)));
  const key = await groth16Verifier.keyAddress(setup, hexlify(encodeKeyDelta(verificationKey)));
  const { contentHash, manifest } = model;
  const { inputSize, outputSize } = manifest;
  const identity = { publisher, contentHash, key, inputSize, outputSize };
  const id = modelId(identity);
  let registered: number;
  try {
    registered = Number((await modelRegistry.model(id)).inferences);
  } catch (cause) {
    if (!isRevert(cause, "ModelRegistryUnknownModel")) throw cause;
    throw new OpenGradientError(
      "MODEL_NOT_REGISTERED",
      `The model in "${folder}" is not registered by ${publisher} with this content and key.`,
      "Publish it first (opg model publish), or fetch the package that its publisher offers.",
      { cause },
    );
  }
  // Not in the id: a node that took requests for more than it can prove would lose its collateral.
  if (registered !== manifest.inferences)
    throw new OpenGradientError(
      "MODEL_NOT_REGISTERED",
      `The model in "${folder}" carries ${manifest.inferences} inferences in a proof; ${publisher} registered it with ${registered}.`,
      "Do not serve it: nobody can answer all requests that the market takes for it.",
    );
  return { modelId: id, model, parts: { origin: modelOrigin(identity), key } };
}
