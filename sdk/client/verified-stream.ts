import { Stream } from "openai/core/streaming";
import type { Usage } from "../price-quote.ts";
import { readStep, withText, type StreamStep } from "./answer-forms.ts";
import { limited } from "./http.ts";
import { NodeFailure } from "./node-failure.ts";
import { ReceiptError } from "./receipt-fault.ts";

/** How often a stream that broke off is asked for again: with the same nonce it is the same answer, and paid for. */
const REPEATS = 1;

/** All that came of a stream, for its receipt to be held to. */
interface StreamedAnswer {
  readonly text: string;
  readonly usage: Partial<Usage> | undefined;
  readonly finishReason: string | undefined;
  readonly envelope: unknown;
}

export interface VerifiedStreamOptions {
  readonly form: "chat" | "completion";
  readonly url: string;
  /** Asks for the stream; again, for the same one. */
  readonly open: () => Promise<Response>;
  /** Throws if the receipt does not hold. */
  readonly verify: (answer: StreamedAnswer) => Promise<void>;
}

/** A piece of an answer. */
export interface VerifiedChunk {
  /** As the node sent it. */
  readonly chunk: unknown;
  readonly text: string;
  /** Only the last ones have none: they tell usage, and bring the receipt. */
  readonly hasChoice: boolean;
}

/**
 * Hands text over as it comes, and the end of it only once the receipt holds: from the chunk on that says why the answer ended,
 * everything is held back until then. What broke off is asked for again, and goes on where it was.
 *
 * @throws ReceiptError, or NodeFailure.
 */
export async function* verifiedStream(
  options: VerifiedStreamOptions,
): AsyncGenerator<VerifiedChunk, void> {
  const given = { text: "" };
  for (let attempt = 0; ; attempt++) {
    try {
      yield* passOn(options, given);
      return;
    } catch (error) {
      const isSameAgain = error instanceof NodeFailure && error.mayHaveArrived;
      if (!isSameAgain || attempt >= REPEATS) throw error;
    }
  }
}

const NOTHING = { text: "", usage: undefined, finishReason: undefined, envelope: undefined };

async function* passOn(
  { form, url, open, verify }: VerifiedStreamOptions,
  given: { text: string },
): AsyncGenerator<VerifiedChunk, void> {
  let all: StreamedAnswer = NOTHING;
  const held: VerifiedChunk[] = [];
  for await (const { chunk, step } of stepsOf({ form, url }, await open())) {
    if (all.envelope !== undefined)
      throw new ReceiptError("output", "the stream goes on after its receipt");
    const fresh = freshText(given.text, { before: all.text, text: step.text });
    all = added(all, step);
    if (fresh === undefined) continue;
    const whole = fresh === step.text ? chunk : withText(form, chunk, fresh);
    const piece = { chunk: whole, text: fresh, hasChoice: step.hasChoice };
    const isEnd = all.finishReason !== undefined || all.envelope !== undefined;
    if (isEnd) held.push(piece);
    else {
      given.text += fresh;
      yield piece;
    }
  }
  if (all.text.length < given.text.length)
    throw new ReceiptError("output", "asked again, the node said less");
  await verify(all);
  yield* held;
}

function added(answer: StreamedAnswer, step: StreamStep): StreamedAnswer {
  return {
    text: answer.text + step.text,
    usage: step.usage ?? answer.usage,
    finishReason: step.finishReason ?? answer.finishReason,
    envelope: step.envelope ?? answer.envelope,
  };
}

/** The part of a chunk's text that was not handed over before; undefined if the whole chunk was. */
function freshText(
  given: string,
  { before, text }: { readonly before: string; readonly text: string },
): string | undefined {
  const known = given.slice(before.length, before.length + text.length);
  if (!text.startsWith(known))
    throw new ReceiptError("output", "asked again, the node said something else");
  const isKnown = before.length < given.length && known.length === text.length;
  return isKnown ? undefined : text.slice(known.length);
}

async function* stepsOf(
  { form, url }: Pick<VerifiedStreamOptions, "form" | "url">,
  response: Response,
): AsyncGenerator<{ readonly chunk: unknown; readonly step: StreamStep }, void> {
  const chunks = Stream.fromSSEResponse<unknown>(limited(response), new AbortController());
  const iterator = chunks[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await nextOf(url, iterator);
      if (next.done === true) return;
      yield { chunk: next.value, step: readStep(form, next.value) };
    }
  } finally {
    await iterator.return?.();
  }
}

async function nextOf(
  url: string,
  iterator: AsyncIterator<unknown>,
): Promise<IteratorResult<unknown>> {
  try {
    return await iterator.next();
  } catch (cause) {
    const failure = { url, mayHaveArrived: true, cause };
    throw new NodeFailure("NODE_UNREACHABLE", "broke off its answer", failure);
  }
}
