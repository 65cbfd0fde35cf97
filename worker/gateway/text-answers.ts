import { failureResponse } from "./failure.ts";
import { eventStream, type EventStreamOptions } from "./event-stream.ts";
import type { TextStream } from "../runtimes/text-stream.ts";
import type { Generation } from "../runtimes/runtime.ts";

/** How OpenAI's protocol says a text: once for chats, once for plain completions. */
export interface TextDialect {
  readonly idPrefix: string;
  readonly object: string;
  readonly chunkObject: string;
  /** Members of a choice that say the whole text. */
  readonly whole: (text: string) => object;
  /** What a stream begins with, goes on with and ends with. */
  readonly start: object;
  readonly piece: (text: string) => object;
  readonly end: object;
}

export const CHAT: TextDialect = {
  idPrefix: "chatcmpl",
  object: "chat.completion",
  chunkObject: "chat.completion.chunk",
  whole: (content) => ({ message: { role: "assistant", content, refusal: null } }),
  start: { delta: { role: "assistant", content: "" } },
  piece: (content) => ({ delta: { content } }),
  end: { delta: {} },
};

export const COMPLETION: TextDialect = {
  idPrefix: "cmpl",
  object: "text_completion",
  chunkObject: "text_completion",
  whole: (text) => ({ text }),
  start: { text: "" },
  piece: (text) => ({ text }),
  end: { text: "" },
};

/** What every part of an answer begins with. */
export interface AnswerHead {
  readonly id: string;
  /** In seconds. */
  readonly created: number;
  readonly model: string;
}

/** An answer in one piece. */
export function textAnswer(
  { object, whole }: TextDialect,
  head: AnswerHead,
  generation: Generation,
): object {
  return {
    ...head,
    object,
    choices: [choice(whole(generation.text), generation.finishReason)],
    usage: usageOf(generation),
  };
}

export interface StreamedAnswer<T> {
  readonly dialect: TextDialect;
  readonly head: AnswerHead;
  readonly text: TextStream<T>;
  readonly generationOf: (answer: T) => Generation;
  readonly isUsageWanted: boolean;
  /** Further members of the first chunk. */
  readonly first?: object;
  /** Further members of the last chunk, which has no choices. */
  readonly last?: (answer: T) => object;
  /** Is told what went wrong after the stream began. */
  readonly onFailure?: (error: unknown) => void;
}

/** An answer as it comes. What fails from here on is a part of the stream: it ends with an error, and without `[DONE]`. */
export function streamedAnswer<T>(
  answer: StreamedAnswer<T>,
  options: EventStreamOptions,
): Response {
  return eventStream(eventsOf(answer), options);
}

async function* eventsOf<T>(answer: StreamedAnswer<T>): AsyncGenerator<string, void> {
  const { dialect, head, text, first = {}, last, onFailure } = answer;
  const chunk = (content: object) =>
    JSON.stringify({ ...head, object: dialect.chunkObject, ...content });
  try {
    yield chunk({ choices: [choice(dialect.start, null)], ...first });
    for await (const piece of text.pieces)
      yield chunk({ choices: [choice(dialect.piece(piece), null)] });
    const done = await text.answer;
    const generation = answer.generationOf(done);
    yield chunk({ choices: [choice(dialect.end, generation.finishReason)] });
    const usage = answer.isUsageWanted ? { usage: usageOf(generation) } : {};
    const more = { ...usage, ...last?.(done) };
    if (Object.keys(more).length > 0) yield chunk({ choices: [], ...more });
  } catch (error) {
    onFailure?.(error);
    yield await failureResponse(error).text();
    return;
  }
  yield "[DONE]";
}

function choice(said: object, finishReason: string | null): object {
  return { index: 0, ...said, logprobs: null, finish_reason: finishReason };
}

function usageOf({ inputTokens, outputTokens }: Generation) {
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
  };
}

/** Unix time in seconds. */
export function now(): number {
  return Math.floor(Date.now() / 1_000);
}
