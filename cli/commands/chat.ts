import process from "node:process";
import { createInterface } from "node:readline/promises";
import { Command } from "commander";
import { OpenGradientError } from "../../sdk/errors.ts";
import type { ChatOrder, Client } from "../../sdk/client/client.ts";
import type { Receipt } from "../../sdk/client/receipt.ts";
import { chatRequest, withChatOptions, type ChatOptions } from "../chat-options.ts";
import {
  keepReceipt,
  receiptLines,
  receiptObject,
  withClient,
  withClientOptions,
  type ClientOptions,
} from "../client-options.ts";
import { withJsonOption } from "../json-option.ts";
import { print, printResult } from "../output.ts";

interface Options extends ChatOptions, ClientOptions {
  readonly json: boolean;
}

type Message = ChatOrder["messages"][number];

/** `opg chat`: answers of a language model over HTTP, as they come, with receipts that were checked. */
export function chatCommand(): Command {
  const command = new Command("chat")
    .description(
      "Ask a language model through a node, pay for the answer, and check its receipt;\n" +
        "without a question, talk to it until the end of the input",
    )
    .argument("[question]", "what the user says");
  return withJsonOption(withClientOptions(withChatOptions(command))).action(chat);
}

async function chat(question: string | undefined, options: Options): Promise<void> {
  if (question === undefined && options.json)
    throw new OpenGradientError(
      "CHAT_REQUEST_INVALID",
      "There is no question, and a conversation is not for programs.",
      "Give a question, or leave --json away.",
    );
  await withClient(options, (client) =>
    question === undefined ? talk(client, options) : askOnce(client, question, options),
  );
}

async function askOnce(client: Client, question: string, options: Options): Promise<void> {
  const order = { model: options.model, ...chatRequest(question, options) };
  if (!options.json) {
    await showAnswer(client, order, options);
    return;
  }
  const { text, finishReason, receipt } = await client.chat(order);
  await keepReceipt(options, receipt);
  const object = { answer: text, finishReason, ...receiptObject(receipt) };
  printResult(true, { object, lines: [] });
}

/** A conversation: each question is asked with all that was said before. */
async function talk(client: Client, options: Options): Promise<void> {
  const lines = createInterface({ input: process.stdin });
  let said: readonly Message[] = [];
  process.stdout.write("> ");
  for await (const question of lines) {
    if (question.trim() !== "") {
      const { messages, ...rest } = chatRequest(question, options);
      const now = [...(said.length === 0 ? messages : [...said, ...messages.slice(-1)])];
      const order = { model: options.model, ...rest, messages: now };
      const answer = await showAnswer(client, order, options);
      said = [...now, { role: "assistant", content: answer }];
    }
    process.stdout.write("> ");
  }
  print("");
}

/** Shows text as it comes; it counts only once the receipt is shown too. */
async function showAnswer(
  client: Client,
  order: ChatOrder,
  options: Pick<Options, "receipt">,
): Promise<string> {
  const stream = await client.chatStream(order);
  let text = "";
  for await (const piece of stream) {
    text += piece;
    process.stdout.write(printable(piece));
  }
  const receipt = ended(stream.receipt);
  await keepReceipt(options, receipt);
  print("", "", ...receiptLines(receipt), "");
  return text;
}

function ended(receipt: Receipt | undefined): Receipt {
  if (receipt !== undefined) return receipt;
  throw new Error("a stream ended without an error and without a receipt");
}

/** A model's text goes to a terminal, which is not to obey it. */
function printable(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n\t]/gu, "");
}
