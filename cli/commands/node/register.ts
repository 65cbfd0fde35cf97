import { Command, Option } from "commander";
import { registerNode } from "../../../sdk/actions/register-node.ts";
import type { NodeRoleName } from "../../../sdk/tiers.ts";
import { address, opgAmount } from "../../arguments.ts";
import { onChain, withChainOptions, type ChainOptions } from "../../chain-options.ts";
import { print, printStep } from "../../output.ts";

interface Options extends ChainOptions {
  readonly role: readonly Lowercase<NodeRoleName>[];
  readonly signer: string;
  readonly stake: bigint;
  readonly endpoint: string;
}

const ROLES: readonly NodeRoleName[] = ["Inference", "Verifier", "Data"];

export function registerCommand(): Command {
  const command = new Command("register")
    .description("Register the sender as operator of a node, with stake")
    .addOption(
      new Option("--role <names...>", "what the node does")
        .choices(ROLES.map((name) => name.toLowerCase()))
        .default(["inference"]),
    )
    .requiredOption("--signer <address>", "account that the node's software sends with", address)
    .requiredOption("--stake <opg>", "OPG to stake", opgAmount)
    .option("--endpoint <url>", "URL under which the node is reached", "");
  return withChainOptions(command).action(
    async ({ role, signer, stake, endpoint, ...chain }: Options) => {
      const roles = ROLES.filter((name) => role.some((chosen) => chosen === name.toLowerCase()));
      await onChain(chain, ({ deployment, account }) =>
        registerNode(deployment, account, { roles, signer, stake, endpoint }, printStep),
      );
      print("The node is registered. Next: opg node start --config <file>");
    },
  );
}
