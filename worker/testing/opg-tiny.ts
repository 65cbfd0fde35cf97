import path from "node:path";
import type { ChatRequest } from "../../sdk/chat-request.ts";

/** A language model that is small enough to be in the repository, and real: it was trained, and answers. */
export const OPG_TINY = path.resolve(import.meta.dirname, "../models/opg-tiny");

/** A question as a request: greedy, and with room for a sentence, unless told otherwise. */
export function ask(question: string, options: Partial<ChatRequest> = {}): ChatRequest {
  return {
    messages: [{ role: "user", content: question }],
    max_tokens: 64,
    seed: 0,
    temperature: 0,
    ...options,
  };
}

/** A question of a chat, with the frame that the model's package has, as a text to continue. */
export function continued(question: string): {
  prompt: string;
  max_tokens: number;
  seed: number;
  temperature: number;
  stop: string[];
} {
  const prompt = `User: ${question}\nAssistant:`;
  return { prompt, max_tokens: 20, seed: 0, temperature: 0, stop: ["\n"] };
}
