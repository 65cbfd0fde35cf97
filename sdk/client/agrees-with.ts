import canonicalize from "canonicalize";
import type { ChatRequest } from "../chat-request.ts";

/*
 * What an app sends in OpenAI's form, against the canonical request that the node says it applied. The node may fill in what
 * decides nothing that the app did say: a limit, a seed, a temperature. Everything else must be as the app said it, and what
 * the app left out must be left out: a `stop` of the node's would cut answers, a `top_k` of 1 would make all of them alike.
 */

/** A request as an app sends it: a JSON object. */
export type SentChat = Readonly<Record<string, unknown>>;

type Rule = (said: unknown, applied: ChatRequest) => boolean;

const anything: Rule = () => true;

/** Takes what was said for an answer's plain default, and nothing else: the canonical request cannot say anything else. */
const only =
  (...values: readonly unknown[]): Rule =>
  (said) =>
    values.some((value) => canonicalize(value) === canonicalize(said));

const same =
  (member: "max_tokens" | "seed" | "temperature"): Rule =>
  (said, applied) =>
    said === applied[member];

/** Where nothing is drawn it means nothing, and canonical requests leave it out. */
const draws =
  (member: "top_p" | "top_k"): Rule =>
  (said, applied) =>
    applied[member] === (applied.temperature === 0 ? undefined : said);

/** How each member that an app may send has to be found in what was applied. */
const RULES: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ["messages", (said, { messages }) => canonicalize(said) === canonicalize(messages)],
  ["max_tokens", same("max_tokens")],
  ["max_completion_tokens", same("max_tokens")],
  ["seed", same("seed")],
  ["temperature", same("temperature")],
  ["top_p", draws("top_p")],
  ["top_k", draws("top_k")],
  [
    "stop",
    (said, { stop }) =>
      canonicalize(typeof said === "string" ? [said] : said) === canonicalize(stop),
  ],
  // These say nothing about the text of the answer.
  ["model", anything],
  ["stream", anything],
  ["stream_options", anything],
  ["user", anything],
  // These have a value that changes nothing.
  ["n", only(1)],
  ["frequency_penalty", only(0)],
  ["presence_penalty", only(0)],
  ["logprobs", only(false)],
  ["response_format", only({ type: "text" })],
]);

/** What a canonical request has only if the app says it. */
const NEVER_ADDED = ["top_p", "top_k", "stop"] as const;

/** Why what was applied is not what was sent; undefined if it is. A member that is null was not said. */
export function disagreement(sent: SentChat, applied: ChatRequest): string | undefined {
  const said = Object.entries(sent).filter(([, value]) => value != null);
  for (const [member, value] of said) {
    const rule = RULES.get(member);
    if (rule === undefined) return `"${member}" was sent, and cannot have been applied`;
    if (!rule(value, applied)) return `"${member}" was not applied as it was sent`;
  }
  const names = new Set(said.map(([member]) => member));
  if (!names.has("messages")) return "no messages were sent";
  const added = NEVER_ADDED.find((member) => member in applied && !names.has(member));
  return added === undefined ? undefined : `"${added}" was applied, and not sent`;
}

/** Whether a node applied what an app sent, and nothing that would change it. */
export function agreesWith(sent: SentChat, applied: ChatRequest): boolean {
  return disagreement(sent, applied) === undefined;
}
