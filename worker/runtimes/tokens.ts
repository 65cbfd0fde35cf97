import type { LlamaModel, Token } from "node-llama-cpp";
import { OpenGradientError } from "../../sdk/errors.ts";
import type { PromptPiece, PromptTemplate } from "../../sdk/language-model.ts";

/** Turns prompts into tokens. */
export class TemplateTokens {
  readonly #model: LlamaModel;
  readonly #special: ReadonlyMap<string, Token>;
  readonly #ends: ReadonlySet<Token>;

  /** @throws OpenGradientError `LANGUAGE_MODEL_INVALID` if the template names a special token that the model does not have. */
  constructor(model: LlamaModel, template: PromptTemplate) {
    this.#model = model;
    this.#special = new Map(
      specialsOf(template).map((name) => [name, specialToken(model, name)] as const),
    );
    this.#ends = new Set(this.#special.values());
  }

  /**
   * @throws OpenGradientError `CHAT_REQUEST_INVALID` if a text has a token that ends answers: some files declare these as
   * text.
   */
  tokenize(prompt: readonly PromptPiece[]): Token[] {
    return prompt.flatMap((piece) =>
      typeof piece === "string" ? this.#text(piece) : [this.#specialOf(piece.special)],
    );
  }

  /** Whether a token ends an answer: the model says so, or it belongs between messages. */
  ends(token: Token): boolean {
    return this.#model.isEogToken(token) || this.#ends.has(token);
  }

  #text(text: string): Token[] {
    const tokens = this.#model.tokenize(text, false);
    const end = tokens.find((token) => this.ends(token));
    if (end === undefined) return tokens;
    throw new OpenGradientError(
      "CHAT_REQUEST_INVALID",
      `The model takes "${this.#model.detokenize([end], true)}" for the end of a message wherever it stands.`,
      "Leave it out.",
    );
  }

  #specialOf(name: string): Token {
    return this.#special.get(name) ?? specialToken(this.#model, name);
  }
}

function specialsOf({ start, withoutSystem, roles, answer }: PromptTemplate): string[] {
  const frames = Object.values(roles).flatMap((frame) =>
    frame === undefined ? [] : [...frame.before, ...frame.after],
  );
  const pieces = [...start, ...withoutSystem, ...frames, ...answer];
  return pieces.flatMap((piece) => (typeof piece === "string" ? [] : [piece.special]));
}

function specialToken(model: LlamaModel, name: string): Token {
  const [token, ...more] = model.tokenize(name, true);
  if (token !== undefined && more.length === 0 && model.isSpecialToken(token)) return token;
  throw new OpenGradientError(
    "LANGUAGE_MODEL_INVALID",
    `The prompt's template names the special token "${name}", which the model does not have.`,
    "Correct the template, or describe the model anew: opg llm describe.",
  );
}

/** What decoders put for bytes that are no character, or not yet one. */
const REPLACEMENT = "\uFFFD";

/** Tokens before a piece of text that decide on how it is written. */
const MEMORY = 3;

/**
 * Turns an answer's tokens into text, one by one. A character may be spread over several tokens: it is held back until it is
 * whole.
 */
export class SpokenTokens {
  readonly #model: LlamaModel;
  #before: readonly Token[];
  #pending: Token[] = [];
  /** Characters of the pending tokens that were given out. */
  #given = 0;

  /** @param prompt What the answer follows. */
  constructor(model: LlamaModel, prompt: readonly Token[]) {
    this.#model = model;
    this.#before = prompt.slice(-MEMORY);
  }

  /** The text that a token completes. */
  add(token: Token): string {
    this.#pending.push(token);
    const text = this.#text();
    const isWhole = !text.endsWith(REPLACEMENT);
    const piece = text.slice(this.#given, isWhole ? undefined : -REPLACEMENT.length);
    if (isWhole) this.#forget();
    else this.#given += piece.length;
    return piece;
  }

  /** What was held back, if nothing follows. */
  end(): string {
    const rest = this.#text().slice(this.#given);
    this.#forget();
    return rest;
  }

  #text(): string {
    return this.#model.detokenize(this.#pending, false, this.#before);
  }

  #forget(): void {
    this.#before = [...this.#before, ...this.#pending].slice(-MEMORY);
    this.#pending = [];
    this.#given = 0;
  }
}
