import type { ChatMessage } from "../../sdk/chat-request.ts";
import type { TextRequest } from "../../sdk/completion-request.ts";
import { OpenGradientError } from "../../sdk/errors.ts";
import type { PromptPiece, PromptTemplate } from "../../sdk/language-model.ts";

/**
 * What a model is to go on from: the prompt of a conversation or, of a text that it is to continue, what every prompt begins
 * with and then that text.
 *
 * @throws OpenGradientError `CHAT_REQUEST_INVALID` for a role that the template does not know.
 */
export function piecesOf(template: PromptTemplate, request: TextRequest): readonly PromptPiece[] {
  return "prompt" in request
    ? joined([...template.start, request.prompt])
    : promptOf(template, request.messages);
}

/**
 * The prompt of a conversation: texts and special tokens by turns. What users write is only ever text, and texts that meet
 * are one, as the model saw them in training.
 *
 * @throws OpenGradientError `CHAT_REQUEST_INVALID` for a role that the template does not know.
 */
export function promptOf(
  template: PromptTemplate,
  messages: readonly ChatMessage[],
): readonly PromptPiece[] {
  const hasSystem = messages[0]?.role === "system";
  return joined([
    ...template.start,
    ...(hasSystem ? [] : template.withoutSystem),
    ...messages.flatMap((message) => framed(template, message)),
    ...template.answer,
  ]);
}

function framed({ roles }: PromptTemplate, { role, content }: ChatMessage): PromptPiece[] {
  const frame = roles[role];
  if (frame !== undefined) return [...frame.before, content, ...frame.after];
  throw new OpenGradientError(
    "CHAT_REQUEST_INVALID",
    `The model takes no ${role} messages.`,
    "Say it in the user's message.",
  );
}

function joined(pieces: readonly PromptPiece[]): PromptPiece[] {
  const result: PromptPiece[] = [];
  for (const piece of pieces) {
    const last = result.at(-1);
    if (typeof piece === "string" && typeof last === "string")
      result.splice(-1, 1, `${last}${piece}`);
    else result.push(piece);
  }
  return result;
}
