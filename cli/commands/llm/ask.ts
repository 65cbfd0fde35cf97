import process from "node:process";
import { Command, InvalidArgumentError } from "commander";
import { hexlify } from "ethers";
import { canonicalRequest, type ChatRequest } from "../../../sdk/chat-request.ts";
import { integerBetween } from "../../arguments.ts";
import { withJsonOption } from "../../json-option.ts";
import { print, printResult } from "../../output.ts";
import { openRuntime, withRuntimeOptions, type RuntimeOptions } from "../../runtime-options.ts";

interface Options extends RuntimeOptions {
  readonly system?: string;
  readonly maxTokens: number;
  readonly seed: number;
  readonly temperature: number;
  readonly stop?: string[];
  readonly json: boolean;
}

export function askCommand(): Command {
  const command = new Command("ask")
    .description("Ask a language model on this machine, exactly as a node would")
    .argument("<folder>", "package")
    .argument("<question>", "what the user says")
    .option("--system <text>", "what the system says first")
    .option("--max-tokens <n>", "most tokens of the answer", integerBetween(1, 2 ** 32 - 1), 64)
    .option("--seed <n>", "seed of the draws", integerBetween(0, 2 ** 31 - 1), 0)
    .option("--temperature <t>", "0 to 2; 0 draws nothing", decimal, 0)
    .option("--stop <texts...>", "texts that end the answer");
  return withJsonOption(withRuntimeOptions(command)).action(
    async (folder: string, question: string, options: Options) => {
      const request = requestOf(question, options);
      const input = hexlify(canonicalRequest(request));
      const runtime = await openRuntime(folder, options);
      try {
        const onText = (piece: string) => void process.stdout.write(piece);
        const answer = await runtime.generate(request, options.json ? {} : { onText });
        const { inputTokens, outputTokens, finishReason } = answer;
        if (!options.json) print("");
        printResult(options.json, {
          object: { ...answer, device: runtime.device, input },
          lines: [
            `${inputTokens} tokens in, ${outputTokens} out, ended by ${finishReason}; ${runtime.device}`,
          ],
        });
      } finally {
        await runtime.close();
      }
    },
  );
}

function requestOf(question: string, options: Options): ChatRequest {
  const { system, maxTokens, seed, temperature, stop } = options;
  return {
    messages: [
      ...(system === undefined ? [] : [{ role: "system" as const, content: system }]),
      { role: "user", content: question },
    ],
    max_tokens: maxTokens,
    seed,
    temperature,
    ...(stop !== undefined && { stop }),
  };
}

function decimal(text: string): number {
  if (/^\d(\.\d{1,3})?$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Give a decimal number with at most three places.");
}
