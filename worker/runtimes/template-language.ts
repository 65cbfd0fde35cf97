import { Environment, Interpreter, parse, tokenize } from "@huggingface/jinja";
import { z } from "zod";
import type { ChatMessage, ChatRole } from "../../sdk/chat-request.ts";
import { OpenGradientError } from "../../sdk/errors.ts";
import type { PromptPiece, PromptTemplate } from "../../sdk/language-model.ts";
import { promptOf } from "./prompt.ts";

/** A chat template as model files carry it: a program in Jinja. */
export interface TemplateProgram {
  readonly source: string;
  /** Texts of the vocabulary's control tokens. */
  readonly specials: readonly string[];
  readonly bos?: string;
  readonly eos?: string;
  /** Whether every text begins with `bos`, also if the template does not write it. */
  readonly isBosAdded: boolean;
}

/** Contents that occur in no template, and that no template trims. */
const SYSTEM = "probe-of-the-system";
const FIRST = "probe-of-the-user";
const REPLY = "probe-of-the-assistant";
const SECOND = "probe-of-the-user-again";

type Render = (messages: readonly ChatMessage[], isAnswerNext?: boolean) => string;

/**
 * Finds the frames that a chat template puts around messages, by looking at what it makes of some conversations. Most
 * templates are no more than that; a program in a manifest would be, and could look at the date or at what users write.
 *
 * @throws OpenGradientError `LANGUAGE_MODEL_INVALID` for a template that does anything else.
 */
export function framesOf(program: TemplateProgram): PromptTemplate {
  const render = renderer(program);
  const template = split(program, deduce(program, render));
  for (const conversation of conversations("system" in template.roles)) {
    const wanted = render(conversation, true);
    const found = promptOf(template, conversation).map(written).join("");
    if (withBos(program, wanted) !== found)
      throw unframed("treats messages by more than their role");
  }
  return template;
}

/** The frames as they are written. */
interface Frames {
  readonly start: string;
  readonly withoutSystem: string;
  readonly system?: readonly [before: string, after: string];
  readonly user: readonly [before: string, after: string];
  readonly assistant: readonly [before: string, after: string];
  readonly answer: string;
}

function deduce(program: TemplateProgram, render: Render): Frames {
  const user = message("user", FIRST);
  const asked = [user, message("assistant", REPLY)];
  const [head, userAfter] = around(render([user]), FIRST);
  const [beforeReply, assistantAfter] = around(render(asked), REPLY);
  const [beforeSecond] = around(render([...asked, message("user", SECOND)]), SECOND);
  const assistantBefore = after(`${head}${FIRST}${userAfter}`, beforeReply);
  const userBefore = after(`${beforeReply}${REPLY}${assistantAfter}`, beforeSecond);
  const opening = before(userBefore, head);
  const start = startOf(program, opening);
  const withoutSystem = opening.startsWith(start) ? opening.slice(start.length) : opening;
  const system = systemFrame(render, { start, userBefore });
  return {
    start,
    withoutSystem,
    ...(system !== undefined && { system }),
    user: [userBefore, userAfter],
    assistant: [assistantBefore, assistantAfter],
    answer: after(render([user]), render([user], true)),
  };
}

/** `bos`, if prompts begin with it: the template says so, or leaves it to the tokeniser. */
function startOf({ bos = "", isBosAdded }: TemplateProgram, opening: string): string {
  return isBosAdded || opening.startsWith(bos) ? bos : "";
}

/** Undefined if the template knows no system message, or puts it into the user's. */
function systemFrame(
  render: Render,
  { start, userBefore }: { readonly start: string; readonly userBefore: string },
): Frames["system"] {
  let rendered: string;
  try {
    rendered = render([message("system", SYSTEM), message("user", FIRST)]);
  } catch {
    return undefined;
  }
  const [head, rest, ...more] = rendered.split(SYSTEM);
  const between = rest?.split(FIRST)[0];
  if (head === undefined || between === undefined || more.length > 0) return undefined;
  if (!between.endsWith(userBefore)) return undefined;
  const systemBefore = head.startsWith(start) ? head.slice(start.length) : head;
  return [systemBefore, before(userBefore, between)];
}

function split(program: TemplateProgram, frames: Frames): PromptTemplate {
  const pieces = (text: string) => piecesOf(program.specials, text);
  const frame = ([head, tail]: readonly [string, string]) => ({
    before: pieces(head),
    after: pieces(tail),
  });
  const { start, withoutSystem, system, user, assistant, answer } = frames;
  return {
    start: pieces(start),
    withoutSystem: pieces(withoutSystem),
    roles: {
      ...(system !== undefined && { system: frame(system) }),
      user: frame(user),
      assistant: frame(assistant),
    },
    answer: pieces(answer),
  };
}

/** Text and special tokens by turns. Of several that fit, the longest is meant. */
function piecesOf(specials: readonly string[], text: string): PromptPiece[] {
  const pieces: PromptPiece[] = [];
  let rest = text;
  while (rest !== "") {
    const places = specials
      .map((special) => ({ special, at: rest.indexOf(special) }))
      .filter(({ at }) => at !== -1)
      .sort((a, b) => a.at - b.at || b.special.length - a.special.length);
    const [next] = places;
    const plain = rest.slice(0, next?.at);
    if (plain !== "") pieces.push(plain);
    if (next !== undefined) pieces.push({ special: next.special });
    rest = next === undefined ? "" : rest.slice(next.at + next.special.length);
  }
  return pieces;
}

/** The library's own environment tells templates the time; this one does not. */
function renderer({ source, bos = "", eos = "" }: TemplateProgram): Render {
  let program: ReturnType<typeof parse>;
  try {
    program = parse(tokenize(source, { lstrip_blocks: true, trim_blocks: true }));
  } catch (cause) {
    throw unframed("cannot be read", cause);
  }
  return (messages, isAnswerNext = false) => {
    const environment = new Environment();
    const given = {
      ...GLOBALS,
      messages: messages.map((each) => ({ ...each })),
      add_generation_prompt: isAnswerNext,
      bos_token: bos,
      eos_token: eos,
    };
    try {
      for (const [name, value] of Object.entries(given)) environment.set(name, value);
      return z.string().parse(new Interpreter(environment).run(program).value);
    } catch (cause) {
      throw unframed("fails on a plain conversation", cause);
    }
  };
}

const GLOBALS = {
  true: true,
  false: false,
  none: null,
  True: true,
  False: false,
  None: null,
  raise_exception: (what: string) => {
    throw new Error(what);
  },
};

function conversations(hasSystem: boolean): readonly (readonly ChatMessage[])[] {
  const plain = [
    [message("user", "a")],
    [message("user", "What?"), message("assistant", "That."), message("user", "Why, 1 < 2?")],
    ["a", "b", "c", "d", "e"].map((text, i) => message(i % 2 === 0 ? "user" : "assistant", text)),
  ];
  return hasSystem
    ? [...plain, ...plain.map((each) => [message("system", "Be brief."), ...each])]
    : plain;
}

function withBos({ bos = "", isBosAdded }: TemplateProgram, text: string): string {
  return isBosAdded && !text.startsWith(bos) ? `${bos}${text}` : text;
}

function written(piece: PromptPiece): string {
  return typeof piece === "string" ? piece : piece.special;
}

function message(role: ChatRole, content: string): ChatMessage {
  return { role, content };
}

/** What stands around a text that occurs once. */
function around(text: string, content: string): [before: string, after: string] {
  const [head, tail, ...more] = text.split(content);
  if (head === undefined || tail === undefined || more.length > 0)
    throw unframed("does not write each message once");
  return [head, tail];
}

function after(head: string, text: string): string {
  if (text.startsWith(head)) return text.slice(head.length);
  throw unframed("writes a message in another way once another follows");
}

function before(tail: string, text: string): string {
  if (text.endsWith(tail)) return text.slice(0, text.length - tail.length);
  throw unframed("does not frame the first message like the others");
}

function unframed(what: string, cause?: unknown): OpenGradientError {
  return new OpenGradientError(
    "LANGUAGE_MODEL_INVALID",
    `The chat template of the file ${what}: it cannot be written as frames around messages.`,
    "Write the frames yourself, and give them with --prompt.",
    { cause },
  );
}
