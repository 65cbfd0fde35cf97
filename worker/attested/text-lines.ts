/** The lines of a text as it comes; the last one needs no end. */
export async function* textLines(
  chunks: AsyncIterable<Uint8Array>,
  maximumBytes: number,
): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  let rest = "";
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > maximumBytes) throw new Error(`the answer has more than ${maximumBytes} bytes`);
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  rest += decoder.decode();
  if (rest !== "") yield rest;
}
