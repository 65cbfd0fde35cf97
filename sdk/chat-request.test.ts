import { expect } from "chai";
import fc from "fast-check";
import {
  canonicalRequest,
  CHAT_LIMITS,
  parseChatRequest,
  type ChatRequest,
} from "./chat-request.ts";
import { OpenGradientError } from "./errors.ts";

const QUESTION: ChatRequest = {
  messages: [{ role: "user", content: "Hello" }],
  max_tokens: 16,
  seed: 0,
  temperature: 0,
};

const written = (text: string) => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Expects a refusal that names what is wrong. */
function expectRefusal(run: () => unknown, what: string | RegExp) {
  let error: unknown;
  try {
    run();
  } catch (caught) {
    error = caught;
  }
  if (!(error instanceof OpenGradientError))
    throw new Error("it was not refused", { cause: error });
  expect(error.code).to.equal("CHAT_REQUEST_INVALID");
  expect(error.message).to.match(typeof what === "string" ? new RegExp(what) : what);
}

/** What a careless or hostile client might send in place of a member. */
const bend = (change: object): ChatRequest => ({ ...QUESTION, ...change });

const anyText = fc.string({ unit: "grapheme" });
const thousandths = (most: number) => fc.integer({ min: 1, max: most }).map((n) => n / 1_000);
const anyMessage = (role: "user" | "assistant") =>
  fc.record({ role: fc.constant(role), content: anyText });

const draws = fc.record(
  { top_p: thousandths(1_000), top_k: fc.integer({ min: 1, max: 2 ** 32 - 1 }) },
  { requiredKeys: [] },
);

const anyRequest: fc.Arbitrary<ChatRequest> = fc
  .record({
    history: fc.array(fc.oneof(anyMessage("user"), anyMessage("assistant")), { maxLength: 4 }),
    last: anyMessage("user"),
    max_tokens: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
    seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
    temperature: thousandths(2_000),
    draws,
    stop: fc.option(
      fc.array(fc.string({ minLength: 1, maxLength: 16 }), { minLength: 1, maxLength: 4 }),
      { nil: undefined },
    ),
  })
  .map(({ history, last, draws: drawn, stop, ...rest }) => ({
    ...rest,
    ...drawn,
    messages: [...history, last],
    ...(stop !== undefined && { stop }),
  }));

describe("chat requests", () => {
  it("have one form", () => {
    const request: ChatRequest = {
      ...QUESTION,
      temperature: 0.75,
      top_p: 0.9,
      top_k: 40,
      stop: ["\n", "</s>"],
      messages: [
        { role: "system", content: 'Say "\u0007" and é\u{1f600}' },
        { content: "a\\b", role: "user" },
      ],
    };
    expect(textOf(canonicalRequest(request))).to.equal(
      '{"max_tokens":16,"messages":[{"content":"Say \\"\\u0007\\" and é\u{1f600}","role":"system"},' +
        '{"content":"a\\\\b","role":"user"}],"seed":0,"stop":["\\n","</s>"],"temperature":0.75,"top_k":40,"top_p":0.9}',
    );
  });

  it("take the least and the most of everything", () => {
    const user = { role: "user" as const, content: "" };
    for (const request of [
      {
        messages: [user],
        max_tokens: 1,
        seed: 0,
        temperature: 0.001,
        top_p: 0.001,
        top_k: 1,
        stop: ["a"],
      },
      {
        messages: Array.from({ length: CHAT_LIMITS.messages }, () => user),
        max_tokens: 2 ** 32 - 1,
        seed: 2 ** 31 - 1,
        temperature: 2,
        top_p: 1,
        top_k: 2 ** 32 - 1,
        stop: Array.from({ length: 4 }, () => "é".repeat(32)),
      },
    ])
      expect(parseChatRequest(canonicalRequest(request))).to.deep.equal(request);
    expect(CHAT_LIMITS).to.deep.equal({ bytes: 262_144, messages: 256 });
  });

  it("are read as they were written", () => {
    fc.assert(
      fc.property(anyRequest, (request) => {
        expect(parseChatRequest(canonicalRequest(request))).to.deep.equal(request);
      }),
    );
  });

  it("are not read if a byte was added, dropped or changed to say the same in another way", () => {
    fc.assert(
      fc.property(anyRequest, fc.nat(), fc.nat(255), (request, position, byte) => {
        const bytes = canonicalRequest(request);
        const index = position % bytes.length;
        for (const changed of [
          Uint8Array.of(...bytes.subarray(0, index), byte, ...bytes.subarray(index)),
          Uint8Array.of(...bytes.subarray(0, index), ...bytes.subarray(index + 1)),
        ]) {
          let read: ChatRequest;
          try {
            read = parseChatRequest(changed);
          } catch (error) {
            expect(error).to.be.instanceOf(OpenGradientError);
            continue;
          }
          // Then it is another request, and this is its one form.
          expect(read).to.not.deep.equal(request);
          expect(canonicalRequest(read)).to.deep.equal(changed);
        }
      }),
    );
  });

  const body = textOf(canonicalRequest(QUESTION));
  const NOT_CANONICAL = {
    "with a blank": body.replace(":16", ": 16"),
    "with a line break at the end": `${body}\n`,
    "with a member twice": body.replace('"seed":0', '"seed":0,"seed":0'),
    "with another value of a member before": body.replace('"seed":0', '"seed":7,"seed":0'),
    "with members in another order": body.replace(
      '"content":"Hello","role":"user"',
      '"role":"user","content":"Hello"',
    ),
    "with an escape that is not needed": body.replace("Hello", "\\u0048ello"),
    "with a number in another form": body.replace(":16", ":1.6e1"),
    "with a negative zero": body.replace('"seed":0', '"seed":-0'),
  };
  for (const [how, text] of Object.entries(NOT_CANONICAL))
    it(`are not read ${how}`, () => {
      expectRefusal(() => parseChatRequest(written(text)), "canonical");
    });

  it("are not read as what is no JSON", () => {
    for (const text of ["", "{", "hello", `\uFEFF${body}`])
      expectRefusal(() => parseChatRequest(written(text)), "not JSON");
    const invalid = written(body);
    invalid[invalid.indexOf("H".charCodeAt(0))] = 0xff;
    expectRefusal(() => parseChatRequest(invalid), "not JSON");
    expectRefusal(() => parseChatRequest(written("[".repeat(100_000))), "not JSON");
  });

  it("are not read as JSON of other things", () => {
    for (const text of ["null", "[]", "1", '"text"', "{}"])
      expectRefusal(() => parseChatRequest(written(text)), "is not valid");
    const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    expectRefusal(() => parseChatRequest(written(deep)), "is not valid");
  });

  it("have no member that would not be applied", () => {
    expectRefusal(() => canonicalRequest(bend({ tools: [] })), "tools");
    expectRefusal(() => parseChatRequest(written(body.replace("{", '{"a":1,'))), '"a"');
    expectRefusal(
      () => parseChatRequest(written(body.replace("{", '{"__proto__":{},'))),
      /__proto__|canonical/,
    );
    expectRefusal(
      () => canonicalRequest(bend({ messages: [{ role: "user", content: "", name: "me" }] })),
      "name",
    );
    expectRefusal(() => canonicalRequest(bend({ top_p: 1 })), "top_p: has no effect");
    expectRefusal(() => canonicalRequest(bend({ top_k: 1 })), "top_k: has no effect");
  });

  it("leave nothing to choose to who serves them", () => {
    for (const member of ["messages", "max_tokens", "seed", "temperature"])
      expectRefusal(() => canonicalRequest(bend({ [member]: undefined })), member);
  });

  const OUT_OF_RANGE: Readonly<Record<string, readonly unknown[]>> = {
    max_tokens: [0, -1, 1.5, 2 ** 32, "16", NaN],
    seed: [-1, 0.5, 2 ** 31, 2 ** 32 - 1, Infinity, null],
    temperature: [-0.1, 2.001, 0.0001, NaN, "0"],
    top_p: [0, 1.001, 0.1234, -1],
    top_k: [0, 1.5, 2 ** 32],
    stop: [[], [""], ["a", "b", "c", "d", "e"], ["é".repeat(33)], "text", [1]],
    messages: [[], [{ role: "tool", content: "" }], [{ role: "user" }], "Hello"],
  };
  for (const [member, values] of Object.entries(OUT_OF_RANGE))
    it(`refuse ${member} out of range`, () => {
      for (const value of values)
        expectRefusal(() => canonicalRequest(bend({ temperature: 1, [member]: value })), member);
    });

  it("refuse half a surrogate pair, written out or escaped", () => {
    const half = [{ role: "user", content: "\ud800" }];
    expectRefusal(() => canonicalRequest(bend({ messages: half })), "surrogate");
    expectRefusal(() => canonicalRequest(bend({ stop: ["\udc00"] })), "surrogate");
    const escaped = body.replace("Hello", "\\ud800");
    expectRefusal(() => parseChatRequest(written(escaped)), "surrogate");
  });

  it("begin with the system and end with the user", () => {
    const say = (...roles: readonly string[]) =>
      bend({ messages: roles.map((role) => ({ role, content: "" })) });
    canonicalRequest(say("system", "user", "assistant", "user"));
    canonicalRequest(say("user", "user"));
    expectRefusal(() => canonicalRequest(say("user", "assistant")), "last|user's");
    expectRefusal(() => canonicalRequest(say("system")), "user's");
    expectRefusal(() => canonicalRequest(say("user", "system", "user")), "first");
    expectRefusal(() => canonicalRequest(say("system", "system", "user")), "first");
  });

  it("have at most so many messages and bytes", () => {
    const limits = { bytes: 200, messages: 3 };
    const say = (count: number, content: string) =>
      bend({ messages: Array.from({ length: count }, () => ({ role: "user", content })) });
    canonicalRequest(say(3, ""), limits);
    expectRefusal(() => canonicalRequest(say(4, ""), limits), "has 4 messages; 3 are taken");
    expectRefusal(() => parseChatRequest(canonicalRequest(say(4, "")), limits), "has 4 messages");
    expectRefusal(() => canonicalRequest(say(1, "a".repeat(150)), limits), "200 are taken");
    const { length: bytes } = canonicalRequest(say(1, "a"));
    const exact = { ...limits, bytes };
    expect(parseChatRequest(canonicalRequest(say(1, "a"), exact), exact)).to.deep.equal(
      say(1, "a"),
    );
    const more = written(JSON.stringify(say(1, "ab")));
    expectRefusal(() => canonicalRequest(say(1, "ab"), exact), `has ${bytes + 1} bytes`);
    expectRefusal(() => parseChatRequest(more, exact), `has ${bytes + 1} bytes`);
    expectRefusal(() => parseChatRequest(new Uint8Array(CHAT_LIMITS.bytes + 1)), "bytes");
  });
});
