import { access, stat } from "node:fs/promises";
import { hexlify } from "ethers";
import { OpenGradientError } from "../../sdk/errors.ts";
import {
  LANGUAGE_MODEL_SHAPE,
  manifestFile,
  readLanguageModel,
  type LanguageModel as LanguageModelPackage,
} from "../../sdk/language-model.ts";
import { modelId, modelOrigin, type ModelIdentity } from "../../sdk/model-id.ts";
import type { Protocol } from "../../sdk/protocol.ts";
import { isRevert } from "../../sdk/reverts.ts";
import { tierSet, type TierName } from "../../sdk/tiers.ts";
import { readPackage, type ModelPackage } from "../../zkml/model/package.ts";
import { encodeKeyDelta, encodeKeySetup, type ModelParts } from "../../zkml/prove/encoding.ts";

/** A model that this node runs and proves. */
export interface ProvenModel {
  readonly kind: "proven";
  readonly modelId: string;
  readonly model: ModelPackage;
  readonly parts: ModelParts;
}

/** A language model that this node's enclave runs. */
export interface LanguageModel {
  readonly kind: "language";
  readonly modelId: string;
  readonly publisher: string;
  readonly folder: string;
  readonly package: LanguageModelPackage;
}

/** A model that this node serves. */
export type ServedModel = ProvenModel | LanguageModel;

/** Where a model is on this machine, and who registered it. */
export interface ModelSource {
  readonly folder: string;
  readonly publisher: string;
  /** Tiers that it has to be registered for, beside that of the market: Proven, or Attested for language models. */
  readonly tiers?: readonly TierName[];
  /** Whether nobody answers the market's requests for it, if it is a language model. */
  readonly isOffMarket?: boolean;
}

type Contracts = Pick<Protocol, "groth16Verifier" | "modelRegistry">;

/**
 * Reads model packages and makes sure that each is registered under exactly its content and key. What kind of package a folder
 * is shows by its files.
 *
 * @throws OpenGradientError `MODEL_NOT_REGISTERED`, `LANGUAGE_MODEL_MISSING` or `LANGUAGE_MODEL_INVALID`, or ZkmlError
 * `FILE_MISSING` or `FILE_CORRUPTED`.
 */
export function loadModels(
  sources: readonly ModelSource[],
  contracts: Contracts,
): Promise<readonly ServedModel[]> {
  return Promise.all(
    sources.map(async (source) =>
      (await isLanguageModel(source.folder))
        ? loadLanguageModel(source, contracts)
        : loadProvenModel(source, contracts),
    ),
  );
}

/**
 * Whether a folder is the package of a language model.
 *
 * @throws OpenGradientError `CONFIG_INVALID` if there is no such folder: whose package it should be, nobody knows.
 */
export async function isLanguageModel(folder: string): Promise<boolean> {
  const found = await stat(folder).catch(() => undefined);
  if (found?.isDirectory() !== true)
    throw new OpenGradientError(
      "CONFIG_INVALID",
      `The model's package "${folder}" is not a folder that is there.`,
      "Name the folder of a package: opg model compile makes one of a network, opg llm describe of a language model.",
    );
  return access(manifestFile(folder)).then(
    () => true,
    () => false,
  );
}

async function loadProvenModel(
  { folder, publisher, tiers = [] }: ModelSource,
  { groth16Verifier, modelRegistry }: Contracts,
): Promise<ProvenModel> {
  const model = await readPackage(folder);
  const { verificationKey } = model.keys;
  const setup = await groth16Verifier.setupAddress(hexlify(encodeKeySetup(verificationKey)));
  const key = await groth16Verifier.keyAddress(setup, hexlify(encodeKeyDelta(verificationKey)));
  const { contentHash, manifest } = model;
  const { inputSize, outputSize } = manifest;
  const identity = { publisher, contentHash, key, inputSize, outputSize };
  const wanted = { folder, identity, tiers: ["Proven", ...tiers] } as const;
  const registered = await findRegistered({ modelRegistry }, wanted);
  // Not in the id: a node that took requests for more than it can prove would lose its collateral.
  if (registered.inferences !== manifest.inferences)
    throw new OpenGradientError(
      "MODEL_NOT_REGISTERED",
      `The model in "${folder}" carries ${manifest.inferences} inferences in a proof; ${publisher} registered it with ${registered.inferences}.`,
      "Do not serve it: nobody can answer all requests that the market takes for it.",
    );
  const { id } = registered;
  return { kind: "proven", modelId: id, model, parts: { origin: modelOrigin(identity), key } };
}

async function loadLanguageModel(
  { folder, publisher, tiers = [], isOffMarket = false }: ModelSource,
  contracts: Contracts,
): Promise<LanguageModel> {
  const model = await readLanguageModel(folder);
  const { contentHash } = model;
  const identity = { ...LANGUAGE_MODEL_SHAPE, publisher, contentHash };
  const wanted = isOffMarket ? tiers : (["Attested", ...tiers] as const);
  const { id } = await findRegistered(contracts, { folder, identity, tiers: wanted });
  return { kind: "language", modelId: id, publisher, folder, package: model };
}

interface Wanted {
  readonly folder: string;
  readonly identity: ModelIdentity;
  readonly tiers: readonly TierName[];
}

/** @throws OpenGradientError `MODEL_NOT_REGISTERED`. */
async function findRegistered(
  { modelRegistry }: Pick<Contracts, "modelRegistry">,
  { folder, identity, tiers: wanted }: Wanted,
): Promise<{ readonly id: string; readonly inferences: number }> {
  const id = modelId(identity);
  const { publisher } = identity;
  let missing: TierName | undefined;
  try {
    const { tiers, inferences } = await modelRegistry.model(id);
    missing = wanted.find((tier) => (Number(tiers) & tierSet(tier)) === 0);
    if (missing === undefined) return { id, inferences: Number(inferences) };
  } catch (cause) {
    if (!isRevert(cause, "ModelRegistryUnknownModel")) throw cause;
    throw new OpenGradientError(
      "MODEL_NOT_REGISTERED",
      `The model in "${folder}" is not registered by ${publisher} with this content and key.`,
      "Publish it first (opg model publish), or fetch the package that its publisher offers.",
      { cause },
    );
  }
  throw new OpenGradientError(
    "MODEL_NOT_REGISTERED",
    `The model in "${folder}" is not offered in the ${missing} tier by ${publisher}.`,
    "Serve a model that is, or ask its publisher.",
  );
}
