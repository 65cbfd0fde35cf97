import { Command } from "commander";
import { hexlify } from "ethers";
import { publishModel } from "../../../sdk/actions/publish-model.ts";
import { readPackage } from "../../../zkml/model/package.ts";
import { encodeKeyDelta, encodeKeySetup } from "../../../zkml/prove/encoding.ts";
import { requirePublicTau } from "../../../zkml/setup/ceremony.ts";
import { integerBetween, opgAmount } from "../../arguments.ts";
import { onChain, withChainOptions, type ChainOptions } from "../../chain-options.ts";
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
    .description("Register a package's key and model for the Proven tier")
    .argument("<folder>", "package")
    .requiredOption("--uri <uri>", "where the package can be fetched")
    .option("--compute-units <n>", "work of one inference", integerBetween(1, 2 ** 48), 1)
    .option("--royalty <opg>", "OPG that you receive per inference", opgAmount, 0n);
  return withJsonOption(withChainOptions(command)).action(
    async (folder: string, { uri, computeUnits, royalty, json, ...chain }: Options) => {
      const { keys, contentHash, manifest, ceremony } = await readPackage(folder);
      const publication = {
        contentHash,
        keySetup: hexlify(encodeKeySetup(keys.verificationKey)),
        keyDelta: hexlify(encodeKeyDelta(keys.verificationKey)),
        inputSize: manifest.inputSize,
        outputSize: manifest.outputSize,
        inferences: manifest.inferences,
        uri,
        computeUnits,
        royalty,
      };
      const { modelId, key } = await onChain(chain, ({ deployment, account }) => {
        if (deployment.chainId === BASE_CHAIN_ID) requirePublicTau(ceremony);
        return publishModel(deployment, account, publication, json ? undefined : printStep);
      });
      printResult(json, {
        object: { modelId, key },
        lines: [`model ${modelId}`, `key   ${key}`],
      });
    },
  );
}
