/** A signal that ends with any of some others, or with a reason of its own after a time. */
export interface Deadline extends Disposable {
  readonly signal: AbortSignal;
}

/**
 * Starts a deadline. Once it is disposed of, nothing is left of it: neither a timer, nor a listener at signals that live longer.
 *
 * @param others Signals that end it early, with their reasons.
 */
export function startDeadline(
  ms: number,
  reason: () => Error,
  others: readonly AbortSignal[],
): Deadline {
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort(reason());
  }, ms);
  const listeners = others.map((signal) => {
    const end = () => {
      controller.abort(signal.reason);
    };
    if (signal.aborted) end();
    else signal.addEventListener("abort", end, { once: true });
    return () => {
      signal.removeEventListener("abort", end);
    };
  });
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      for (const remove of listeners) remove();
    },
  };
}
