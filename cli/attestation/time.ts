import { InvalidArgumentError } from "commander";

/** The document's own time, by its word. */
export const DOCUMENT_TIME = "document";

/** Unix seconds, a date with time and zone as of ISO 8601, or `document`. */
export function momentOrDocument(text: string): Date | typeof DOCUMENT_TIME {
  if (text === DOCUMENT_TIME) return text;
  const time = new Date(/^\d{1,11}$/.test(text) ? 1000 * Number(text) : isoTime(text));
  // The chain of the check begins a minute before.
  if (Number.isNaN(time.getTime()) || time.getTime() < 60_000)
    throw new InvalidArgumentError(
      'Give seconds since 1970, a time like 2026-02-12T17:56:02Z, or "document".',
    );
  return time;
}

/** A date alone, or one without a zone, would mean something else on another machine. */
function isoTime(text: string): string {
  return /T.*(Z|[+-]\d{2}:\d{2})$/.test(text) ? text : "";
}
