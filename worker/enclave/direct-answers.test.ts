import { expect } from "chai";
import { id, keccak256, recoverAddress, ZeroHash } from "ethers";
import { AnswerDesk } from "./answer-desk.ts";
import { SteadyClock } from "./clock.ts";
import { EnclaveKey } from "./enclave-key.ts";
import type { InferAnswer, InferRequest } from "./protocol.ts";
import { SignedLeaves } from "./signed-leaves.ts";
import { LlamaRuntime } from "../runtimes/llama.ts";
import type { Runtime } from "../runtimes/runtime.ts";
import { EchoRuntime } from "../testing/echo-runtime.ts";
import { embeddingPackage } from "../testing/embedding-package.ts";
import { directInferRequest, inferRequest } from "../testing/enclave-requests.ts";
import { failureOf } from "../testing/failure.ts";
import { removeFolders } from "../testing/folders.ts";
import { canonicalEmbedding } from "../../sdk/embedding-request.ts";
import { batchDigest, batchOf } from "../../sdk/inference-batch.ts";
import { attestedReceipt, receiptDigest } from "../../sdk/receipt.ts";

function desk<R extends Runtime>(runtime: R) {
  const key = new EnclaveKey();
  const answering = new AnswerDesk({
    key,
    runtimes: [runtime],
    clock: new SteadyClock(),
    evidenceHash: ZeroHash,
    limits: {
      pending: 64,
      answerMs: 10_000,
      remembered: { answers: 100, bytes: 1_000_000 },
    },
  });
  return { key, runtime, answering };
}

function receiptOf(request: InferRequest, { output, statement, signature }: InferAnswer) {
  const claim = { ...request.claim, inputHash: keccak256(request.input) };
  return { receipt: attestedReceipt({ claim, output, statement }), signature };
}

describe("an enclave's answer to a direct request", () => {
  it("costs what the price says of what was used, under a signature", async () => {
    const { key, runtime, answering } = desk(new EchoRuntime());
    const request = directInferRequest(runtime.contentHash, { content: "héllo" });
    const answer = await answering.answer(request);
    // 5 of input, 6 of output.
    expect(answer.statement.fee).to.equal(5n + 5n * 10n + 6n * 1_000n);
    const { receipt, signature } = receiptOf(request, answer);
    expect(recoverAddress(receiptDigest(request.settlement, receipt), signature)).to.equal(
      key.address,
    );
  });

  it("is not signed for more than the request allows, and uses no number then", async () => {
    const { runtime, answering } = desk(new EchoRuntime());
    const request = directInferRequest(runtime.contentHash, { content: "hello" });
    const failure = await failureOf(answering.answer({ ...request, fee: 6_054n }));
    expect(failure.code).to.equal("FEE_TOO_HIGH");
    const { statement } = await answering.answer({ ...request, fee: 6_055n });
    expect(statement).to.deep.include({ fee: 6_055n, seq: 0n });
  });

  it("is refused if any of its terms is not that behind its id", async () => {
    const { runtime, answering } = desk(new EchoRuntime());
    const request = directInferRequest(runtime.contentHash);
    const { direct, claim } = request;
    if (direct === undefined) throw new Error("it is not direct");
    const other = inferRequest(runtime.contentHash, { number: 9 });
    const bent: InferRequest[] = [
      { ...request, direct: { ...direct, base: 6n } },
      { ...request, direct: { ...direct, perInputUnit: 0n } },
      { ...request, direct: { ...direct, perOutputUnit: 0n } },
      { ...request, direct: { ...direct, nonce: ZeroHash } },
      { ...request, payer: claim.node },
      { ...request, input: other.input },
      { ...request, claim: { ...claim, node: request.payer } },
      { ...request, claim: { ...claim, requestId: id("another") } },
      { ...request, settlement: { ...request.settlement, chainId: 1n } },
    ];
    for (const asked of bent) {
      expect((await failureOf(answering.answer(asked))).code).to.equal("ENCLAVE_REQUEST_INVALID");
      expect((await failureOf(answering.check(asked))).code).to.equal("ENCLAVE_REQUEST_INVALID");
    }
    expect(runtime.runs).to.equal(0);
    expect(await answering.check(request)).to.deep.equal({ inputUnits: 10n, outputUnits: 11n });
  });

  it("comes piece by piece to whoever asks first, and is recalled without being computed", async () => {
    const { runtime, answering } = desk(new EchoRuntime());
    const request = directInferRequest(runtime.contentHash, { content: "one two three" });
    const pieces: string[] = [];
    expect((await failureOf(answering.recall(request))).code).to.equal("ENCLAVE_UNKNOWN");
    const answer = await answering.answer(request, (piece) => pieces.push(piece));
    expect(pieces).to.deep.equal(["one", " two", " three"]);
    expect(await answering.recall(request)).to.equal(answer);
    const bent = { ...request, fee: 1n };
    expect((await failureOf(answering.recall(bent))).code).to.equal("ENCLAVE_REQUEST_DIFFERS");
    expect(runtime.runs).to.equal(1);
  });

  it("has the next number of its settlement, whatever is answered for others", async () => {
    const { runtime, answering } = desk(new EchoRuntime());
    const market = inferRequest(runtime.contentHash);
    const ledger = { chainId: 31_337n, settledBy: market.payer };
    const seqs: bigint[] = [];
    for (const number of [0, 1, 2, 3]) {
      const asked = inferRequest(runtime.contentHash, { number });
      const settlement = number % 2 === 0 ? asked.settlement : ledger;
      seqs.push((await answering.answer({ ...asked, settlement })).statement.seq);
    }
    expect(seqs).to.deep.equal([0n, 0n, 1n, 1n]);
  });
});

describe("an enclave's answer to a request for vectors", () => {
  let runtime: LlamaRuntime;

  before(async () => {
    runtime = await LlamaRuntime.open(await embeddingPackage(), { gpu: false });
  });

  after(async () => {
    await runtime.close();
    await removeFolders();
  });

  const input = canonicalEmbedding({ input: ["one", "two three"] });

  it("is their bytes under a signature, at the price of its tokens", async () => {
    const { key, answering } = desk(runtime);
    const request = directInferRequest(runtime.contentHash, { input });
    const { vectors, inputTokens } = await runtime.embed({ input: ["one", "two three"] });
    const usage = { inputUnits: BigInt(inputTokens), outputUnits: 0n };
    expect(await answering.check(request)).to.deep.equal(usage);
    const answer = await answering.answer(request);
    expect(answer.output).to.deep.equal(vectors);
    expect(answer.statement).to.deep.include({ ...usage, fee: 5n + 10n * usage.inputUnits });
    const { receipt, signature } = receiptOf(request, answer);
    expect(receipt.outputHash).to.equal(keccak256(vectors));
    expect(recoverAddress(receiptDigest(request.settlement, receipt), signature)).to.equal(
      key.address,
    );
    expect(await answering.answer(request)).to.equal(answer);
  });

  it("is refused to texts that are too long, to chats, and to what is not canonical; no number is used", async () => {
    const { answering } = desk(runtime);
    const wrong: readonly [Uint8Array, string][] = [
      [canonicalEmbedding({ input: ["1".repeat(500)] }), "CONTEXT_EXCEEDED"],
      [new TextEncoder().encode('{"input": ["one"]}'), "CHAT_REQUEST_INVALID"],
      [new TextEncoder().encode('{"input":[]}'), "CHAT_REQUEST_INVALID"],
      [inferRequest(runtime.contentHash).input, "CHAT_REQUEST_INVALID"],
    ];
    for (const [bytes, code] of wrong) {
      const asked = directInferRequest(runtime.contentHash, { input: bytes });
      expect((await failureOf(answering.check(asked))).code).to.equal(code);
      expect((await failureOf(answering.answer(asked))).code).to.equal(code);
    }
    const request = directInferRequest(runtime.contentHash, { input });
    const poor = await failureOf(answering.answer({ ...request, fee: 5n }));
    expect(poor.code).to.equal("FEE_TOO_HIGH");
    expect((await answering.answer(request)).statement.seq).to.equal(0n);
  });
});

describe("a batch that an enclave signs", () => {
  async function answered(count: number) {
    const { key, runtime, answering } = desk(new EchoRuntime());
    const signed = [];
    for (let number = 0; number < count; number++) {
      const nonce = id(String(number));
      const request = directInferRequest(runtime.contentHash, { number, nonce });
      signed.push(receiptOf(request, await answering.answer(request)));
    }
    const { settlement } = inferRequest(runtime.contentHash);
    return { key, answering, signed, settlement };
  }

  it("is of receipts that it has signed, without a gap", async () => {
    const { key, answering, signed, settlement } = await answered(5);
    for (const part of [signed, signed.slice(1, 4), signed.slice(4)]) {
      const batch = batchOf(key.address, part);
      const signature = answering.signBatch({ settlement, batch });
      expect(recoverAddress(batchDigest(settlement, batch), signature)).to.equal(key.address);
    }
  });

  it("is refused if it holds anything else", async () => {
    const { key, answering, signed, settlement } = await answered(3);
    const batch = batchOf(key.address, signed);
    const bent = [
      { ...batch, root: id("root") },
      { ...batch, totalFee: batch.totalFee - 1n },
      { ...batch, completedAt: batch.completedAt + 1n },
      { ...batch, dataHash: id("data") },
      { ...batch, count: 2n },
      { ...batch, signer: settlement.settledBy },
    ];
    const codeOf = async (act: () => string) => (await failureOf(Promise.resolve().then(act))).code;
    for (const it of bent)
      expect(await codeOf(() => answering.signBatch({ settlement, batch: it }))).to.equal(
        "ENCLAVE_REQUEST_DIFFERS",
      );
    const unknown = [
      { ...batch, count: 4n },
      { ...batch, count: 0n },
      { ...batch, firstSeq: 1n },
      { ...batch, firstSeq: (1n << 64n) - 1n },
    ];
    for (const it of unknown)
      expect(await codeOf(() => answering.signBatch({ settlement, batch: it }))).to.equal(
        "ENCLAVE_UNKNOWN",
      );
    const elsewhere = { ...settlement, chainId: 1n };
    expect(await codeOf(() => answering.signBatch({ settlement: elsewhere, batch }))).to.equal(
      "ENCLAVE_UNKNOWN",
    );
  });

  it("can be of the latest receipts only: older ones are forgotten, their numbers are not used again", () => {
    const leaves = new SignedLeaves(4);
    const settlement = { chainId: 1n, settledBy: `0x${"11".repeat(20)}` };
    const leaf = (seq: bigint) => ({ leaf: id(String(seq)), fee: seq, completedAt: seq });
    for (let seq = 0n; seq < 9n; seq++) {
      expect(leaves.nextSeq(settlement)).to.equal(seq);
      leaves.add(settlement, leaf(seq));
    }
    expect(leaves.range(settlement, { firstSeq: 3n, count: 2n })).to.equal(undefined);
    expect(leaves.range(settlement, { firstSeq: 5n, count: 3n })).to.deep.equal([
      leaf(5n),
      leaf(6n),
      leaf(7n),
    ]);
  });

  it("is signed for so many contracts and no more", () => {
    const leaves = new SignedLeaves();
    const settlement = (chainId: bigint) => ({ chainId, settledBy: `0x${"11".repeat(20)}` });
    for (let chainId = 0n; chainId < 16n; chainId++) leaves.nextSeq(settlement(chainId));
    expect(() => leaves.nextSeq(settlement(16n))).to.throw("16 contracts");
    expect(leaves.nextSeq(settlement(3n))).to.equal(0n);
  });
});
