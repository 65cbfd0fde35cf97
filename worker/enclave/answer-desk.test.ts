import { expect } from "chai";
import { keccak256, recoverAddress, toUtf8Bytes, toUtf8String, ZeroHash } from "ethers";
import { AnswerDesk, type AnswerLimits } from "./answer-desk.ts";
import { SteadyClock } from "./clock.ts";
import { EnclaveKey } from "./enclave-key.ts";
import type { InferAnswer, InferRequest } from "./protocol.ts";
import { EchoRuntime } from "../testing/echo-runtime.ts";
import { inferRequest } from "../testing/enclave-requests.ts";
import { failureOf } from "../testing/failure.ts";
import { OpenGradientError } from "../../sdk/errors.ts";
import { attestedReceipt, receiptDigest } from "../../sdk/receipt.ts";

const LIMITS: AnswerLimits = {
  pending: 64,
  answerMs: 10_000,
  remembered: { answers: 100, bytes: 1_000_000 },
};

function desk(limits: Partial<AnswerLimits> = {}, nowMs?: () => number) {
  const key = new EnclaveKey();
  const runtime = new EchoRuntime();
  const answering = new AnswerDesk({
    key,
    runtimes: [new EchoRuntime("another"), runtime],
    clock: new SteadyClock(nowMs),
    evidenceHash: ZeroHash,
    limits: { ...LIMITS, ...limits },
  });
  const ask = (options?: Parameters<typeof inferRequest>[1]) =>
    answering.answer(inferRequest(runtime.contentHash, options));
  return { key, runtime, answering, ask };
}

function signerOf(request: InferRequest, { output, statement, signature }: InferAnswer): string {
  const claim = { ...request.claim, inputHash: keccak256(request.input) };
  const receipt = attestedReceipt({ claim, output, statement });
  return recoverAddress(receiptDigest(request.settlement, receipt), signature);
}

describe("an enclave's answer", () => {
  it("is signed with the whole receipt", async () => {
    const { key, runtime, answering } = desk();
    const request = inferRequest(runtime.contentHash, { content: "héllo" });
    const answer = await answering.answer(request);

    expect(toUtf8String(answer.output)).to.equal("héllo");
    expect(answer.statement).to.deep.include({ payer: request.payer, fee: request.fee, seq: 0n });
    expect(answer.statement).to.deep.include({ inputUnits: 5n, outputUnits: 6n });
    expect(signerOf(request, answer)).to.equal(key.address);
    const bent = { ...answer, output: toUtf8Bytes("hello") };
    expect(signerOf(request, bent)).not.to.equal(key.address);
  });

  it("is announced without being computed, or refused with the same reasons", async () => {
    const { runtime, answering } = desk();
    const request = inferRequest(runtime.contentHash);
    await answering.check(request);
    const refused = [
      ["CONTEXT_EXCEEDED", inferRequest(runtime.contentHash, { max_tokens: 1_000 })],
      ["ENCLAVE_MODEL_UNKNOWN", inferRequest(ZeroHash)],
      ["CHAT_REQUEST_INVALID", { ...request, input: toUtf8Bytes("{}") }],
    ] as const;
    for (const [code, asked] of refused)
      expect(await codeOf(answering.check(asked))).to.equal(code);
    expect(runtime.runs).to.equal(0);
    await answering.answer(request);
    await answering.check(request);
    const other = { ...request, fee: request.fee + 1n };
    expect(await codeOf(answering.check(other))).to.equal("ENCLAVE_REQUEST_DIFFERS");
    expect(
      (await answering.answer(inferRequest(runtime.contentHash, { number: 1 }))).statement.seq,
    ).to.equal(1n);
  });

  it("has the next number, without a gap, however many are asked at once", async () => {
    const { ask } = desk();
    const numbers = Array.from({ length: 50 }, (_, number) => number);
    const answers = await Promise.all(
      numbers.map((number) =>
        // Every third one fails, and uses no number.
        ask(number % 3 === 0 ? { number, content: "fail" } : { number }).catch(() => undefined),
      ),
    );
    const given = answers.filter((answer) => answer !== undefined);
    const seqs = given.map(({ statement }) => Number(statement.seq)).sort((a, b) => a - b);
    expect(seqs).to.deep.equal(given.map((_, index) => index));
    expect(given).to.have.length(33);
  });

  it("never goes back in time", async () => {
    let now = 1_000_000;
    const { ask } = desk({}, () => now);
    const first = await ask({ number: 1 });
    now -= 500_000;
    const second = await ask({ number: 2 });
    now += 501_999;
    const third = await ask({ number: 3 });
    expect(first.statement).to.include({ startedAt: 1_000n, completedAt: 1_000n });
    expect(second.statement).to.include({ startedAt: 1_000n, completedAt: 1_000n });
    expect(third.statement).to.include({ startedAt: 1_001n, completedAt: 1_001n });
  });
});

describe("a request for a key that does not count yet", () => {
  it("is not answered, to the second, and then is", async () => {
    let now = 1_000_999;
    const { answering, runtime } = desk({}, () => now);
    const request = { ...inferRequest(runtime.contentHash), notBefore: 1_001n };
    expect((await failureOf(answering.check(request))).code).to.equal("ENCLAVE_TOO_EARLY");
    expect((await failureOf(answering.answer(request))).code).to.equal("ENCLAVE_TOO_EARLY");
    expect(runtime.runs).to.equal(0);
    now += 1;
    await answering.check(request);
    const { statement } = await answering.answer(request);
    expect(statement).to.include({ startedAt: 1_001n, completedAt: 1_001n, seq: 0n });
  });

  it("gets the answer that it has, whenever the key is said to count from", async () => {
    const { answering, runtime } = desk({}, () => 1_000_000);
    const request = inferRequest(runtime.contentHash);
    const answer = await answering.answer(request);
    const later = { ...request, notBefore: 1n << 40n };
    await answering.check(later);
    expect(await answering.answer(later)).to.equal(answer);
  });
});

describe("a request that is asked again", () => {
  it("gets the same bytes", async () => {
    const { ask, runtime } = desk();
    const first = await ask();
    expect(await ask()).to.deep.equal(first);
    expect(runtime.runs).to.equal(1);
  });

  it("gets the same bytes while it is being answered", async () => {
    const { ask, runtime } = desk();
    const release = runtime.hold();
    const asked = [ask(), ask(), ask()];
    release();
    const [first, ...others] = await Promise.all(asked);
    expect(others).to.deep.equal([first, first]);
    expect(runtime.runs).to.equal(1);
    expect(first?.statement.seq).to.equal(0n);
  });

  const changes: Record<string, (request: InferRequest) => InferRequest> = {
    input: (request) => ({
      ...request,
      input: inferRequest(new EchoRuntime().contentHash, { content: "Something else" }).input,
    }),
    fee: (request) => ({ ...request, fee: request.fee + 1n }),
    payer: (request) => ({ ...request, payer: request.claim.node }),
    node: (request) => ({ ...request, claim: { ...request.claim, node: request.payer } }),
  };
  for (const [member, change] of Object.entries(changes)) {
    it(`is refused with another ${member}, before and after the answer`, async () => {
      const { answering, runtime } = desk();
      const request = inferRequest(runtime.contentHash);
      const release = runtime.hold();
      const answer = answering.answer(request);
      const early = await failureOf(answering.answer(change(request)));
      expect(early).to.include({ code: "ENCLAVE_REQUEST_DIFFERS" });
      release();
      await answer;
      const late = await failureOf(answering.answer(change(request)));
      expect(late).to.include({ code: "ENCLAVE_REQUEST_DIFFERS" });
      expect(runtime.runs).to.equal(1);
    });
  }

  it("is another request where it is settled elsewhere", async () => {
    const { answering, runtime } = desk();
    const request = inferRequest(runtime.contentHash);
    const here = await answering.answer(request);
    const settlement = { ...request.settlement, chainId: 1n };
    const there = await answering.answer({ ...request, settlement });
    // Each settlement's receipts are counted by themselves.
    expect([here.statement.seq, there.statement.seq]).to.deep.equal([0n, 0n]);
    expect(runtime.runs).to.equal(2);
  });

  it("is answered anew after it failed", async () => {
    const { answering, runtime } = desk({ answerMs: 20 });
    const request = inferRequest(runtime.contentHash);
    const release = runtime.hold();
    const failure = await failureOf(answering.answer(request));
    expect(failure).to.include({ code: "ENCLAVE_TOO_SLOW" });
    release();
    expect((await answering.answer(request)).statement.seq).to.equal(0n);
  });

  it("is forgotten once so many others were asked after it", async () => {
    const { ask, runtime } = desk({ remembered: { answers: 2, bytes: 1_000_000 } });
    for (const number of [0, 1, 0, 2]) await ask({ number });
    expect(runtime.runs).to.equal(3);
    // 1 was asked the longest ago.
    await ask({ number: 0 });
    expect(runtime.runs).to.equal(3);
    expect((await ask({ number: 1 })).statement.seq).to.equal(3n);
  });

  it("is forgotten once answers take too much memory", async () => {
    const { ask, runtime } = desk({ remembered: { answers: 100, bytes: 20 } });
    for (const number of [0, 1, 2]) await ask({ number, content: "x".repeat(10) });
    await ask({ number: 2, content: "x".repeat(10) });
    expect(runtime.runs).to.equal(3);
    await ask({ number: 0, content: "x".repeat(10) });
    expect(runtime.runs).to.equal(4);
  });
});

describe("a request that is refused", () => {
  async function refusal(request: (contentHash: string) => InferRequest) {
    const { answering, runtime, ask } = desk();
    const error = await failureOf(answering.answer(request(runtime.contentHash)));
    expect(runtime.runs).to.equal(0);
    expect((await ask({ number: 99 })).statement.seq).to.equal(0n);
    return error;
  }

  it("is for a model that is not loaded", async () => {
    const error = await refusal(() => inferRequest(keccak256("0x01")));
    expect(error).to.include({ code: "ENCLAVE_MODEL_UNKNOWN" });
  });

  it("is for a loaded model under another publisher", async () => {
    const error = await refusal((contentHash) => {
      const request = inferRequest(contentHash);
      return { ...request, claim: { ...request.claim, publisher: request.payer } };
    });
    expect(error).to.include({ code: "ENCLAVE_MODEL_UNKNOWN" });
  });

  for (const [what, input] of [
    ["no JSON", "Hello?"],
    [
      "not canonical",
      ' {"max_tokens":1,"messages":[{"content":"x","role":"user"}],"seed":0,"temperature":0}',
    ],
    [
      "in another order",
      '{"messages":[{"content":"x","role":"user"}],"max_tokens":1,"seed":0,"temperature":0}',
    ],
    [
      "with unknown members",
      '{"logprobs":1,"max_tokens":1,"messages":[{"content":"x","role":"user"}],"seed":0,"temperature":0}',
    ],
    [
      "without what is required",
      '{"max_tokens":1,"messages":[{"content":"x","role":"user"}],"temperature":0}',
    ],
  ] as const) {
    it(`has an input that is ${what}`, async () => {
      const error = await refusal((contentHash) => ({
        ...inferRequest(contentHash),
        input: toUtf8Bytes(input),
      }));
      expect(error).to.include({ code: "CHAT_REQUEST_INVALID" });
    });
  }

  it("is one too many", async () => {
    const { ask, runtime } = desk({ pending: 2 });
    const release = runtime.hold();
    const asked = [ask({ number: 0 }), ask({ number: 1 })];
    expect(await failureOf(ask({ number: 2 }))).to.include({ code: "ENCLAVE_BUSY" });
    release();
    await Promise.all(asked);
    expect((await ask({ number: 2 })).statement.seq).to.equal(2n);
  });

  it("comes when the enclave stops, and nothing is signed with a destroyed key", async () => {
    const { ask, answering, runtime, key } = desk();
    runtime.hold();
    const asked = failureOf(ask());
    answering.close();
    expect(await asked).to.include({ code: "ENCLAVE_BUSY" });
    key.destroy();
    expect(() => key.sign(ZeroHash)).to.throw("destroyed");
  });
});

describe("an enclave's key", () => {
  it("shows itself nowhere", async () => {
    const key = new EnclaveKey();
    const { inspect } = await import("node:util");
    const shown = inspect(key, { showHidden: true, depth: 5 }) + JSON.stringify(key);
    expect(Object.keys(key)).to.deep.equal(["publicKey", "address"]);
    expect(shown).not.to.match(/secret/i);
  });
});

async function codeOf(check: Promise<unknown>): Promise<string | undefined> {
  const error: unknown = await check.catch((cause: unknown) => cause);
  return error instanceof OpenGradientError ? error.code : undefined;
}
