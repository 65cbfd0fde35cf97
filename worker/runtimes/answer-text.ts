/** How an answer's text begins and ends. */
export interface TextRules {
  /** Texts that end the answer; they do not belong to it. */
  readonly stop: readonly string[];
  /** Whether blanks at the beginning are left away. */
  readonly trimStart: boolean;
}

/**
 * The text of an answer as it grows. What may turn out to be the beginning of a stop text is held back, so that what was
 * given out is never taken back.
 */
export class AnswerText {
  readonly #rules: TextRules;
  readonly #onText: (piece: string) => void;
  #given = "";
  #held = "";
  #isStopped = false;

  constructor(rules: TextRules, onText: (piece: string) => void) {
    this.#rules = rules;
    this.#onText = onText;
  }

  /** What was given out. */
  get text(): string {
    return this.#given;
  }

  /** Whether a stop text was found: nothing is taken any more. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Takes what comes next. */
  add(piece: string): void {
    if (this.#isStopped) return;
    const text = this.#held + piece;
    // Before a stop text is looked for: what is left away was never said.
    this.#held = this.#rules.trimStart && this.#given === "" ? text.trimStart() : text;
    const stop = firstOf(this.#held, this.#rules.stop);
    if (stop !== undefined) {
      this.#isStopped = true;
      this.#give(stop);
    } else this.#give(this.#held.length - heldBack(this.#held, this.#rules.stop));
  }

  /** Gives out what was held back: nothing comes any more. */
  end(): void {
    if (!this.#isStopped) this.#give(this.#held.length);
  }

  #give(length: number): void {
    const piece = this.#held.slice(0, length);
    this.#held = this.#held.slice(length);
    if (piece === "") return;
    this.#given += piece;
    this.#onText(piece);
  }
}

/** Where the first of some texts begins. */
function firstOf(text: string, wanted: readonly string[]): number | undefined {
  const found = wanted.map((each) => text.indexOf(each)).filter((index) => index !== -1);
  return found.length === 0 ? undefined : Math.min(...found);
}

/** How many characters at the end may be the beginning of one of some texts. */
function heldBack(text: string, wanted: readonly string[]): number {
  return Math.max(0, ...wanted.map((each) => overlap(text, each)));
}

function overlap(text: string, wanted: string): number {
  let length = Math.min(text.length, wanted.length - 1);
  while (!text.endsWith(wanted.slice(0, length))) length--;
  return length;
}
