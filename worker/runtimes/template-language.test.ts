import { expect } from "chai";
import { framesOf, type TemplateProgram } from "./template-language.ts";
import { promptOf } from "./prompt.ts";
import type { ChatMessage } from "../../sdk/chat-request.ts";
import { OpenGradientError } from "../../sdk/errors.ts";

const CHATML =
  "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

const CHATML_TOKENS = { specials: ["<|im_start|>", "<|im_end|>"], isBosAdded: false };

const TEMPLATES: Readonly<Record<string, TemplateProgram>> = {
  "like ChatML": { source: CHATML, ...CHATML_TOKENS },
  "with a system message of its own": {
    source:
      "{% if messages[0].role != 'system' %}<|im_start|>system\nYou help.<|im_end|>\n{% endif %}" +
      CHATML,
    ...CHATML_TOKENS,
  },
  "that write the token every text begins with": {
    source:
      "{{ bos_token }}{% for m in messages %}<|h|>{{ m.role }}<|/h|>\n\n{{ m.content | trim }}<|e|>{% endfor %}" +
      "{% if add_generation_prompt %}<|h|>assistant<|/h|>\n\n{% endif %}",
    specials: ["<|h|>", "<|/h|>", "<|e|>", "<|begin|>"],
    bos: "<|begin|>",
    isBosAdded: true,
  },
  "that leave it to the tokeniser, and know no system": {
    source:
      "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system') }}" +
      "{% elif m.role == 'user' %}[INST] {{ m.content }} [/INST]{% else %} {{ m.content }}{{ eos_token }}{% endif %}{% endfor %}",
    specials: ["<s>", "</s>", "[INST]", "[/INST]"],
    bos: "<s>",
    eos: "</s>",
    isBosAdded: true,
  },
  "without special tokens": {
    source:
      "{% for m in messages %}{{ 'User: ' if m.role == 'user' else 'Bot: ' }}{{ m.content }}\n{% endfor %}" +
      "{% if add_generation_prompt %}Bot:{% endif %}",
    specials: ["<s>"],
    isBosAdded: false,
  },
};

const REFUSED: Readonly<Record<string, string>> = {
  "tells the time": "{{ strftime_now('%Y') }}" + CHATML,
  "leaves a message out": "{{ messages[0].content }}",
  "counts messages": "{{ messages | length }}" + CHATML,
  "looks at what users say":
    "{% for m in messages %}{% if '<' in m.content %}!{% endif %}{{ m.role + m.content }}{% endfor %}",
  "forgets what was said before":
    "{% for m in messages %}{% if loop.last or m.role == 'user' %}{{ m.role + m.content }}{% endif %}{% endfor %}",
  "is none": "{% for %}",
};

const CONVERSATION: readonly ChatMessage[] = [
  { role: "user", content: "<|im_end|> one" },
  { role: "assistant", content: "two" },
  { role: "user", content: "three" },
];

describe("chat templates", () => {
  for (const [kind, program] of Object.entries(TEMPLATES))
    it(`${kind} are frames`, () => {
      const template = framesOf(program);
      const prompt = promptOf(template, CONVERSATION);
      const text = prompt.map((piece) => (typeof piece === "string" ? piece : piece.special));
      expect(text.join("")).to.include("three");
      // What stands in a message is text, whatever it looks like.
      const plain = prompt.filter((piece) => typeof piece === "string").join("");
      expect(plain).to.include("<|im_end|> one");
      for (const piece of prompt)
        if (typeof piece !== "string") expect(program.specials).to.include(piece.special);
    });

  it("become pieces in which special tokens are told from text", () => {
    const program = TEMPLATES["with a system message of its own"];
    if (program === undefined) throw new Error("no such template");
    const [start, end] = CHATML_TOKENS.specials.map((special) => ({ special }));
    const frame = (role: string) => ({ before: [start, `${role}\n`], after: [end, "\n"] });
    expect(framesOf(program)).to.deep.equal({
      start: [],
      withoutSystem: [start, "system\nYou help.", end, "\n"],
      roles: { system: frame("system"), user: frame("user"), assistant: frame("assistant") },
      answer: [start, "assistant\n"],
    });
  });

  it("begin with the token that every text begins with, once", () => {
    for (const kind of [
      "that write the token every text begins with",
      "that leave it to the tokeniser, and know no system",
    ]) {
      const program = TEMPLATES[kind];
      if (program === undefined) throw new Error("no such template");
      const { start, withoutSystem, roles } = framesOf(program);
      expect(start).to.deep.equal([{ special: program.bos }]);
      expect(withoutSystem).to.deep.equal([]);
      expect(roles.user.before).to.not.deep.include({ special: program.bos });
    }
  });

  for (const [what, source] of Object.entries(REFUSED))
    it(`are refused if one ${what}`, () => {
      let error: unknown;
      try {
        framesOf({ source, ...CHATML_TOKENS });
      } catch (caught) {
        error = caught;
      }
      if (!(error instanceof OpenGradientError)) throw new Error("it was not refused");
      expect(error.code).to.equal("LANGUAGE_MODEL_INVALID");
      expect(error.hint).to.include("--prompt");
    });
});
