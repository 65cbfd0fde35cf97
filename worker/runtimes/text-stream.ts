/** A text that has begun, and what is known once it is complete. */
export interface TextStream<T> {
  readonly pieces: AsyncIterable<string>;
  readonly answer: Promise<T>;
}

/**
 * Starts an answer, and waits until its text begins: what fails before that, fails as a whole. Pieces that nobody has taken yet
 * wait in memory. They are as much as the answer, whose length is limited, and a slow reader holds up nobody else.
 */
export async function beginText<T>(
  run: (onText: (piece: string) => void) => Promise<T>,
): Promise<TextStream<T>> {
  const begun = Promise.withResolvers<undefined>();
  const queue = new TransformStream<string, string>({}, { highWaterMark: Infinity });
  const writer = queue.writable.getWriter();
  const answer = run((piece) => {
    void writer.write(piece).catch(() => undefined);
    begun.resolve(undefined);
  });
  answer
    .then(
      () => writer.close(),
      (error: unknown) => writer.abort(error),
    )
    .catch(() => undefined);
  await Promise.race([begun.promise, answer]);
  return { pieces: queue.readable, answer };
}

/** A text that is there already. */
export function wholeText<T>(text: string, answer: T): TextStream<T> {
  const pieces = text === "" ? [] : [text];
  return { pieces: ReadableStream.from(pieces), answer: Promise.resolve(answer) };
}
