import { Command } from "commander";
import { registerNode } from "../../../sdk/actions/register-node.ts";
import { address, opgAmount } from "../../arguments.ts";
import { onChain, withChainOptions, type ChainOptions } from "../../chain-options.ts";
import { print, printStep } from "../../output.ts";

interface Options extends ChainOptions {
  readonly signer: string;
  readonly stake: bigint;
  readonly endpoint: string;
}

export function registerCommand(): Command {
  const command = new Command("register")
    .description("Register the sender as operator of an inference node, with stake")
    .requiredOption("--signer <address>", "account that the node's software sends with", address)
    .requiredOption("--stake <opg>", "OPG to stake", opgAmount)
    .option("--endpoint <url>", "URL under which the node is reached", "");
  return withChainOptions(command).action(
    async ({ signer, stake, endpoint, ...chain }: Options) => {
      await onChain(chain, ({ deployment, account }) =>
        registerNode(deployment, account, { signer, stake, endpoint }, printStep),
      );
      print("The node is registered. Next: opg node start --config <file>");
    },
  );
}
