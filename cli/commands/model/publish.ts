import { Command, Option } from "commander";
import { hexlify } from "ethers";
import {
  publishLanguageModel,
  type LanguageModelPublication,
} from "../../../sdk/actions/publish-language-model.ts";
import { publishModel } from "../../../sdk/actions/publish-model.ts";
import type { StepListener } from "../../../sdk/actions/send.ts";
import { readLanguageModel } from "../../../sdk/language-model.ts";
import { isLanguageModel } from "../../../worker/models/served-models.ts";
import { readPackage } from "../../../zkml/model/package.ts";
import { encodeKeyDelta, encodeKeySetup } from "../../../zkml/prove/encoding.ts";
import { requirePublicTau } from "../../../zkml/setup/ceremony.ts";
import { integerBetween, opgAmount } from "../../arguments.ts";
import {
  onChain,
  withChainOptions,
  type ChainAccess,
  type ChainOptions,
} from "../../chain-options.ts";
import { withJsonOption } from "../../json-option.ts";
import { printResult, printStep } from "../../output.ts";

/** Base, where models are paid for with money. */
const BASE_CHAIN_ID = 8453n;

interface Options extends ChainOptions {
  readonly uri: string;
  readonly computeUnits: number;
  readonly royalty: bigint;
  readonly json: boolean;
}

export function publishCommand(): Command {
  const command = new Command("publish")
    .description(
      "Register a package: for the Proven tier with its key, or a language model for the Attested and Signed tiers",
    )
    .argument("<folder>", "package")
    .requiredOption("--uri <uri>", "where the package can be fetched")
    .option("--compute-units <n>", "work of one inference", integerBetween(1, 2 ** 48), 1)
    .addOption(
      new Option("--royalty <opg>", "OPG that you receive per inference")
        .argParser(opgAmount)
        .default(0n, "0"), // the help cannot show a bigint by itself
    );
  return withJsonOption(withChainOptions(command)).action(
    async (folder: string, { uri, computeUnits, royalty, json, ...chain }: Options) => {
      const offer = { uri, computeUnits, royalty };
      const publish = (await isLanguageModel(folder))
        ? await languagePublication(folder, offer)
        : await provenPublication(folder, offer);
      const { modelId, key } = await onChain(chain, (access) =>
        publish(access, json ? undefined : printStep),
      );
      printResult(json, {
        object: { modelId, ...(key !== undefined && { key }) },
        lines: [`model ${modelId}`, ...(key === undefined ? [] : [`key   ${key}`])],
      });
    },
  );
}

type Offer = Omit<LanguageModelPublication, "contentHash">;

/** What is left to do on chain when a package was read. */
type Publish = (
  access: ChainAccess,
  onStep?: StepListener,
) => Promise<{ readonly modelId: string; readonly key?: string }>;

async function languagePublication(folder: string, offer: Offer): Promise<Publish> {
  const { contentHash } = await readLanguageModel(folder);
  return async ({ deployment, account }, onStep) => ({
    modelId: await publishLanguageModel(deployment, account, { contentHash, ...offer }, onStep),
  });
}

async function provenPublication(folder: string, offer: Offer): Promise<Publish> {
  const { keys, contentHash, manifest, ceremony } = await readPackage(folder);
  const { inputSize, outputSize, inferences } = manifest;
  const publication = {
    contentHash,
    keySetup: hexlify(encodeKeySetup(keys.verificationKey)),
    keyDelta: hexlify(encodeKeyDelta(keys.verificationKey)),
    ...{ inputSize, outputSize, inferences },
    ...offer,
  };
  return ({ deployment, account }, onStep) => {
    if (deployment.chainId === BASE_CHAIN_ID) requirePublicTau(ceremony);
    return publishModel(deployment, account, publication, onStep);
  };
}
