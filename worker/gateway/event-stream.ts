export interface EventStreamOptions {
  /** How long a client may take to receive one event. */
  readonly sendMs: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Is told when the stream is over, however it ended; once. */
  readonly onEnd?: () => void;
}

/**
 * Server-sent events. The next one is made when the one before has left, so that a slow reader waits for nobody but itself;
 * one who does not read at all is disconnected.
 */
export function eventStream(
  events: AsyncGenerator<string, void>,
  { sendMs, headers = {}, onEnd }: EventStreamOptions,
): Response {
  const encoder = new TextEncoder();
  let stalled: NodeJS.Timeout | undefined;
  let isOver = false;
  const end = () => {
    clearTimeout(stalled);
    if (!isOver) onEnd?.();
    isOver = true;
  };
  const body = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        clearTimeout(stalled);
        const { value, done } = await events.next();
        if (isOver) return;
        if (done === true) {
          end();
          controller.close();
          return;
        }
        controller.enqueue(encoder.encode(`data: ${value}\n\n`));
        stalled = setTimeout(() => {
          end();
          controller.error(new Error(`nothing was read in ${sendMs} ms`));
          void events.return();
        }, sendMs);
      },
      cancel: async () => {
        end();
        await events.return();
      },
    },
    // Nothing is made ahead: how long a piece takes to leave shows.
    { highWaterMark: 0 },
  );
  return new Response(body, {
    headers: {
      "Content-Type": "text/event-stream",
      "Cache-Control": "no-cache",
      // Proxies are not to collect events.
      "X-Accel-Buffering": "no",
      ...headers,
    },
  });
}
