import { Command, Option } from "commander";
import { awaitOutput, requestInference } from "../../../sdk/actions/request-inference.ts";
import { canonicalRequest } from "../../../sdk/chat-request.ts";
import { OpenGradientError } from "../../../sdk/errors.ts";
import { bytes32, integerBetween, opgAmount } from "../../arguments.ts";
import { onChain, withChainOptions, type ChainOptions } from "../../chain-options.ts";
import { chatRequest, withChatOptions, type ChatOptions } from "../../chat-options.ts";
import { withJsonOption } from "../../json-option.ts";
import { printResult, printStep } from "../../output.ts";

interface Options extends ChatOptions, ChainOptions {
  readonly fee: bigint;
  readonly collateral: bigint;
  readonly expirySeconds: number;
  readonly lockSeconds: number;
  readonly json: boolean;
}

export function requestCommand(): Command {
  const command = new Command("request")
    .description("Have a question answered by a node in the Attested tier, and pay for it")
    .argument("<model>", "id of the model, as opg model publish printed it", bytes32)
    .argument("<question>", "what the user says")
    .requiredOption("--fee <opg>", "OPG that the answer is paid with", opgAmount)
    .addOption(
      new Option("--collateral <opg>", "OPG that the node puts at risk")
        .argParser(opgAmount)
        .default(0n, "0"), // the help cannot show a bigint by itself
    )
    .option(
      "--expiry-seconds <n>",
      "how long nodes may take the request",
      integerBetween(1, 604_800),
      600,
    )
    .option(
      "--lock-seconds <n>",
      "how long the node that has taken it may work on it",
      integerBetween(1, 86_400),
      600,
    );
  return withJsonOption(withChainOptions(withChatOptions(command))).action(request);
}

function request(modelId: string, question: string, options: Options): Promise<void> {
  const { json, fee, collateral, expirySeconds, lockSeconds } = options;
  const input = canonicalRequest(chatRequest(question, options));
  const onStep = json ? undefined : printStep;
  return onChain(options, async ({ deployment, account }) => {
    const order = { modelId, tier: "Attested", input, fee } as const;
    const limits = { collateral, expirySeconds, lockSeconds };
    const made = await requestInference(deployment, account, { ...order, ...limits }, onStep);
    const { requestId } = made;
    const end = await awaitOutput(
      deployment,
      account,
      made,
      onStep === undefined ? {} : { onStep },
    );
    if (end.kind === "expired") throw unanswered(requestId);
    const { node } = end;
    const answer = new TextDecoder().decode(end.output);
    printResult(json, {
      object: { requestId, node, answer },
      lines: [`request ${requestId}`, `node    ${node}`, "", answer],
    });
  });
}

function unanswered(requestId: string): OpenGradientError {
  return new OpenGradientError(
    "REQUEST_UNANSWERED",
    `No node has answered the request ${requestId} in time. Its fee is back in the balance at the fee escrow.`,
    "Offer more, ask for less collateral, give more time, or ask a model that a node serves.",
  );
}
