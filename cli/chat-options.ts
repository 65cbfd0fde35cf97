import { InvalidArgumentError, type Command } from "commander";
import type { ChatRequest } from "../sdk/chat-request.ts";
import { integerBetween } from "./arguments.ts";

/** How a language model is to answer. */
export interface ChatOptions {
  readonly system?: string;
  readonly maxTokens: number;
  readonly seed: number;
  readonly temperature: number;
  readonly stop?: string[];
}

export function withChatOptions(command: Command): Command {
  return command
    .option("--system <text>", "what the system says first")
    .option("--max-tokens <n>", "most tokens of the answer", integerBetween(1, 2 ** 32 - 1), 64)
    .option("--seed <n>", "seed of the draws", integerBetween(0, 2 ** 31 - 1), 0)
    .option("--temperature <t>", "0 to 2; 0 draws nothing", decimal, 0)
    .option("--stop <texts...>", "texts that end the answer");
}

export function chatRequest(question: string, options: ChatOptions): ChatRequest {
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
