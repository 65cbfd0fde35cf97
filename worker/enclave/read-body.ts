/** An answer's body, if it is not too large. */
export async function readBody(
  chunks: AsyncIterable<Uint8Array>,
  maximum: number,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > maximum) throw new Error(`the answer has more than ${maximum} bytes`);
    parts.push(chunk);
  }
  return new Uint8Array(Buffer.concat(parts));
}
