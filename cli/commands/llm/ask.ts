import process from "node:process";
import { Command } from "commander";
import { hexlify } from "ethers";
import { canonicalRequest } from "../../../sdk/chat-request.ts";
import { chatRequest, withChatOptions, type ChatOptions } from "../../chat-options.ts";
import { withJsonOption } from "../../json-option.ts";
import { print, printResult } from "../../output.ts";
import { openRuntime, withRuntimeOptions, type RuntimeOptions } from "../../runtime-options.ts";

interface Options extends ChatOptions, RuntimeOptions {
  readonly json: boolean;
}

export function askCommand(): Command {
  const command = new Command("ask")
    .description("Ask a language model on this machine, exactly as a node would")
    .argument("<folder>", "package")
    .argument("<question>", "what the user says");
  return withJsonOption(withRuntimeOptions(withChatOptions(command))).action(
    async (folder: string, question: string, options: Options) => {
      const request = chatRequest(question, options);
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
