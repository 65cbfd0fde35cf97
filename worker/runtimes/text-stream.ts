/** An answer whose text comes piece by piece. */
export interface TextStream<T> {
  /** Ends with the answer, and fails as it does. */
  readonly pieces: ReadableStream<string>;
  readonly answer: Promise<T>;
}

/**
 * Starts an answer, and waits until its text begins: what fails before that fails here, as a whole. What is not read is kept; an
 * answer is as long as its request allows.
 */
export async function startText<T>(
  begin: (onText: (piece: string) => void) => Promise<T>,
): Promise<TextStream<T>> {
  const begun = Promise.withResolvers<undefined>();
  const queue = new TransformStream<string, string>({}, { highWaterMark: Infinity });
  const writer = queue.writable.getWriter();
  const answer = begin((piece) => {
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
