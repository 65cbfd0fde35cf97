import { InvalidArgumentError } from "commander";

/** The document's own time, by its word. */
export const DOCUMENT_TIME = "document";

/** The check's chain begins a minute before. */
const EARLIEST_MS = 60_000;

/** Unix seconds, a date with time and zone as of ISO 8601, or `document`. */
export function momentOrDocument(text: string): Date | typeof DOCUMENT_TIME {
  if (text === DOCUMENT_TIME) return text;
  const time = parseTime(text);
  if (time !== undefined) return time;
  throw new InvalidArgumentError(
    'Give seconds since 1970, a time like 2026-02-12T17:56:02Z, or "document".',
  );
}

/** The same without `document`; gives Unix seconds. */
export function unixTime(text: string): number {
  const time = parseTime(text);
  if (time !== undefined) return Math.floor(time.getTime() / 1000);
  throw new InvalidArgumentError("Give seconds since 1970, or a time like 2026-02-12T17:56:02Z.");
}

function parseTime(text: string): Date | undefined {
  const time = new Date(/^\d{1,11}$/.test(text) ? 1000 * Number(text) : isoTime(text));
  return time.getTime() >= EARLIEST_MS ? time : undefined;
}

/** A date alone, or one without a zone, would mean something else on another machine. */
function isoTime(text: string): string {
  return /T.*(Z|[+-]\d{2}:\d{2})$/.test(text) ? text : "";
}
