import canonicalize from "canonicalize";
import { parseChatRequest } from "../chat-request.ts";
import { parseCompletion } from "../completion-request.ts";
import { parseEmbedding } from "../embedding-request.ts";

/*
 * What an app sends in OpenAI's form, against the canonical request that the node says it applied. The node may fill in what
 * contradicts nothing that the app said: a limit, a seed, a temperature. Everything else must be as the app said it, and what
 * the app left out must be left out: a `stop` of the node's would cut answers, a `top_k` of 1 would make all of them alike.
 */

/** What language models are asked for. */
export type TextForm = "chat" | "completion" | "embedding";

/** A request as an app sends it. */
export interface SentRequest {
  readonly form: TextForm;
  /** The body: a JSON object. */
  readonly body: Readonly<Record<string, unknown>>;
}

type Applied = Readonly<Record<string, unknown>>;

type Rule = (said: unknown, applied: Applied) => boolean;

const anything: Rule = () => true;

/** Takes what was said for the one value that changes nothing: canonical requests cannot say another. */
const only =
  (value: unknown): Rule =>
  (said) =>
    isSame(said, value);

const same =
  (member: string): Rule =>
  (said, applied) =>
    isSame(said, applied[member]);

/** Said alone, one may stand for a list of one. */
const sameList =
  (member: string): Rule =>
  (said, applied) =>
    isSame(typeof said === "string" ? [said] : said, applied[member]);

/** Where nothing is drawn it means nothing, and canonical requests leave it out. */
const draws =
  (member: "top_p" | "top_k"): Rule =>
  (said, applied) =>
    isSame(applied.temperature === 0 ? undefined : said, applied[member]);

function isSame(a: unknown, b: unknown): boolean {
  return canonicalize(a) === canonicalize(b);
}

type Rules = ReadonlyMap<string, Rule>;

/** These say nothing about the answer. */
const SILENT: Rules = new Map([
  ["model", anything],
  ["user", anything],
]);

const TEXT: Rules = new Map<string, Rule>([
  ...SILENT,
  ["stream", anything],
  ["stream_options", anything],
  ["max_tokens", same("max_tokens")],
  ["seed", same("seed")],
  ["temperature", same("temperature")],
  ["top_p", draws("top_p")],
  ["top_k", draws("top_k")],
  ["stop", sameList("stop")],
  ["n", only(1)],
  ["frequency_penalty", only(0)],
  ["presence_penalty", only(0)],
]);

interface FormRules {
  readonly parse: (bytes: Uint8Array) => Applied;
  /** What is asked; never filled in. */
  readonly subject: string;
  /** How each member that an app may send has to be found in what was applied; others cannot have been applied. */
  readonly rules: Rules;
}

const FORMS: Readonly<Record<TextForm, FormRules>> = {
  chat: {
    parse: parseChatRequest,
    subject: "messages",
    rules: new Map<string, Rule>([
      ...TEXT,
      ["messages", same("messages")],
      ["max_completion_tokens", same("max_tokens")],
      ["logprobs", only(false)],
      ["response_format", only({ type: "text" })],
    ]),
  },
  completion: {
    parse: parseCompletion,
    subject: "prompt",
    rules: new Map<string, Rule>([
      ...TEXT,
      ["prompt", (said, { prompt }) => isSame(said, prompt) || isSame(said, [prompt])],
      ["echo", only(false)],
      ["best_of", only(1)],
    ]),
  },
  embedding: {
    parse: parseEmbedding,
    subject: "input",
    rules: new Map<string, Rule>([
      ...SILENT,
      ["input", sameList("input")],
      // How the vectors are written, not what they are.
      ["encoding_format", anything],
    ]),
  },
};

/** What a canonical request has only if the app says it. */
const NEVER_ADDED = ["top_p", "top_k", "stop"] as const;

/**
 * Why what was applied is not what was sent; undefined if it is. A member that is null was not said.
 *
 * @param applied The canonical request, as the node says it.
 * @throws OpenGradientError `CHAT_REQUEST_INVALID` if that is no canonical request.
 */
export function disagreement({ form, body }: SentRequest, applied: string): string | undefined {
  const { parse, subject, rules } = FORMS[form];
  const request = parse(new TextEncoder().encode(applied));
  const said = new Map(Object.entries(body).filter(([, value]) => value != null));
  for (const [member, value] of said) {
    const rule = rules.get(member);
    if (rule === undefined) return `"${member}" was sent, and cannot have been applied`;
    if (!rule(value, request)) return `"${member}" was not applied as it was sent`;
  }
  if (!said.has(subject)) return `no ${subject} was sent`;
  const added = NEVER_ADDED.find((member) => member in request && !said.has(member));
  return added === undefined ? undefined : `"${added}" was applied, and not sent`;
}

/** Whether a node applied what an app sent, and nothing that would change it. */
export function agreesWith(sent: SentRequest, applied: string): boolean {
  return disagreement(sent, applied) === undefined;
}
