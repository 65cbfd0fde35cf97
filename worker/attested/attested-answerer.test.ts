import { expect } from "chai";
import { getBytes, hexlify, id, keccak256, Wallet } from "ethers";
import { canonicalRequest } from "../../sdk/chat-request.ts";
import { OpenGradientError } from "../../sdk/errors.ts";
import { decodeAttestedEvidence } from "../../sdk/receipt.ts";
import { Unanswerable, type Readiness } from "../jobs/answerer.ts";
import type { Answer, Job } from "../jobs/job.ts";
import type { LanguageModel } from "../models/served-models.ts";
import {
  CONTENT_HASH,
  FakeChain,
  FakeEnclave,
  LIFETIME,
  MEASUREMENT,
  OPERATOR,
} from "../testing/attested-fakes.ts";
import { AttestedAnswerer } from "./attested-answerer.ts";
import type { Standing } from "./enclave-keeper.ts";

const MODEL = id("model");
const PUBLISHER = Wallet.createRandom().address;
const PAYER = Wallet.createRandom().address;
const SETTLEMENT = { chainId: 31_337n, settledBy: Wallet.createRandom().address };
const QUESTION = canonicalRequest({
  messages: [{ role: "user", content: "2+2?" }],
  max_tokens: 8,
  seed: 1,
  temperature: 0,
});

function job(input = QUESTION, changes: Partial<Job["terms"]> = {}, answer?: Answer): Job {
  const terms = {
    modelId: MODEL,
    payer: PAYER,
    inputHash: keccak256(input),
    maxFee: 7n,
    lockSeconds: 600n,
    ...changes,
  };
  return { requestId: id("request"), state: "Locked", terms, input, answer } as unknown as Job;
}

describe("attested answerer", () => {
  let enclave: FakeEnclave;
  let chain: FakeChain;
  let standing: Standing;

  beforeEach(async () => {
    enclave = new FakeEnclave();
    chain = new FakeChain();
    enclave.completedAt = 1_100n;
    const { address } = enclave.key;
    chain.carryOut(address, "attest");
    const record = { from: 1_000n, until: 1_000n + LIFETIME, operator: OPERATOR };
    standing = {
      kind: "attested",
      enclave,
      identity: await enclave.identity(),
      record: { ...record, isRevoked: false, measurementId: MEASUREMENT },
    };
  });

  function answerer(): AttestedAnswerer {
    const model = { publisher: PUBLISHER, package: { contentHash: CONTENT_HASH } };
    return new AttestedAnswerer({
      models: new Map([[MODEL, model as unknown as LanguageModel]]),
      keeper: { standing },
      ledger: chain,
      settlement: SETTLEMENT,
      node: OPERATOR,
      signal: new AbortController().signal,
    });
  }

  const refusalOf = (readiness: Readiness) =>
    readiness.kind === "refused" ? readiness.reason : `not refused: ${readiness.kind}`;

  async function failure(of: Job): Promise<Error> {
    const error: unknown = await answerer()
      .answer(of)
      .then(
        () => undefined,
        (cause: unknown) => cause,
      );
    if (error instanceof Error) return error;
    throw new Error("it answered");
  }

  it("is ready for a request that its enclave takes", async () => {
    expect(await answerer().prepareFor(job())).to.deep.equal({ kind: "ready" });
    const [use] = chain.uses;
    expect(use).to.deep.equal({
      key: enclave.key.address,
      operator: OPERATOR,
      modelId: MODEL,
      timestamp: chain.time,
    });
    expect(enclave.asked).to.equal(0);
  });

  it("gives the enclave's answer with a receipt for the payer and the fee of the terms", async () => {
    const { output, evidence, durationsMs } = await answerer().answer(job());
    expect(new TextDecoder().decode(output)).to.equal("answer 1");
    // Kind, statement, hash of further evidence, signature.
    expect(evidence).to.have.length(4 + 68 + 32 + 64);
    expect(durationsMs).to.have.keys("inference");
    expect(chain.uses.at(-1)?.timestamp).to.equal(1_100n);
  });

  describe("declines, before anything is locked,", () => {
    for (const [name, input] of [
      ["what is not JSON", new TextEncoder().encode("hello")],
      ["a request that is not in canonical form", Uint8Array.of(0x20, ...QUESTION)],
      ["an unknown member", new TextEncoder().encode('{"a":1}')],
      ["nothing", new Uint8Array()],
    ] as const)
      it(name, async () => {
        expect(refusalOf(await answerer().prepareFor(job(input)))).to.match(
          /^CHAT_REQUEST_INVALID: /,
        );
      });

    it("a model that the enclave has not loaded", async () => {
      if (standing.kind !== "attested") throw new Error("not attested");
      standing = { ...standing, identity: { ...standing.identity, models: [] } };
      expect(refusalOf(await answerer().prepareFor(job()))).to.include("not loaded");
    });

    it("what the enclave says it cannot take, such as a prompt that is too long", async () => {
      enclave.objection = "CONTEXT_EXCEEDED: too long";
      expect(refusalOf(await answerer().prepareFor(job()))).to.equal(enclave.objection);
    });

    it("what the key will not live to answer, to the second", async () => {
      const last = 1_000n + LIFETIME - 1n - chain.time;
      const { kind } = await answerer().prepareFor(job(QUESTION, { lockSeconds: last }));
      expect(kind).to.equal("ready");
      const late = job(QUESTION, { lockSeconds: last + 1n });
      expect(refusalOf(await answerer().prepareFor(late))).to.include("key counts until");
    });

    it("what the chain objects to: a measurement or a model", async () => {
      chain.objection = "MeasurementPolicyModelNotAllowed(…)";
      expect(refusalOf(await answerer().prepareFor(job()))).to.equal(chain.objection);
    });

    it("everything while there is no enclave", async () => {
      standing = { kind: "unavailable", reason: "it is gone" };
      expect(refusalOf(await answerer().prepareFor(job()))).to.include("it is gone");
    });
  });

  it("waits while the enclave's clock is behind its key's attestation, to the second", async () => {
    enclave.time = 999n;
    expect((await answerer().prepareFor(job())).kind).to.equal("waiting");
    expect(await failure(job())).not.to.be.instanceOf(Unanswerable);
    expect(enclave.asked).to.equal(0);
    enclave.time = 1_000n;
    expect((await answerer().prepareFor(job())).kind).to.equal("ready");
    await answerer().answer(job());
  });

  it("waits while the RPC node is behind the key's attestation, and gives nothing up", async () => {
    chain.time = 999n;
    expect((await answerer().prepareFor(job())).kind).to.equal("waiting");
    chain.time = 1_000n;
    chain.objection = "EnclaveRegistryKeyUnknown(key: 0x…)";
    expect((await answerer().prepareFor(job())).kind).to.equal("waiting");
    expect(await failure(job())).not.to.be.instanceOf(Unanswerable);
    chain.objection = undefined;
    expect((await answerer().prepareFor(job())).kind).to.equal("ready");
  });

  it("passes a receipt on whose time the chain has yet to come to", async () => {
    enclave.completedAt = chain.time + 60n;
    const { evidence } = await answerer().answer(job());
    const said = decodeAttestedEvidence(hexlify(evidence));
    expect(said?.statement.completedAt).to.equal(chain.time + 60n);
  });

  it("waits while an enclave is being prepared", async () => {
    standing = { kind: "preparing", reason: "it starts" };
    expect(await answerer().prepareFor(job())).to.deep.equal({
      kind: "waiting",
      reason: "it starts",
    });
    expect(await failure(job())).not.to.be.instanceOf(Unanswerable);
  });

  it("tries again when the enclave fails, and gives up when it refuses", async () => {
    enclave.refusal = new Error("socket hang up");
    expect(await failure(job())).not.to.be.instanceOf(Unanswerable);
    enclave.refusal = new OpenGradientError("CONTEXT_EXCEEDED", "too long", "Ask for less.");
    const error = await failure(job());
    expect(error).to.be.instanceOf(Unanswerable);
    expect(error.message).to.equal("CONTEXT_EXCEEDED: too long");
  });

  it("sends no receipt on that is signed by another key", async () => {
    enclave.signer = Wallet.createRandom();
    const error = await failure(job());
    expect(error).to.be.instanceOf(Unanswerable);
    expect(error.message).to.match(/^the receipt is signed by 0x/);
  });

  it("sends no receipt on that names another fee", async () => {
    enclave.fee = 8n;
    expect((await failure(job())).message).to.include("another payer or fee");
  });

  it("sends no receipt on that the chain would not take", async () => {
    chain.objection = "EnclaveRegistryKeyRevoked(key: 0x…)";
    const error = await failure(job());
    expect(error).to.be.instanceOf(Unanswerable);
    expect(error.message).to.equal(chain.objection);
  });

  it("gives the same answer again that is in the journal, and asks nobody", async () => {
    const answer = await answerer().answer(job());
    standing = { kind: "unavailable", reason: "it is gone" };
    const again = job(QUESTION, {}, answer);
    expect(await answerer().prepareFor(again)).to.deep.equal({ kind: "ready" });
    expect(await answerer().answer(again)).to.equal(answer);
    expect(enclave.asked).to.equal(1);
  });

  it("gives no second answer when the first counts no more", async () => {
    const answer = await answerer().answer(job());
    chain.objection = "EnclaveRegistryKeyRevoked(key: 0x…)";
    const again = job(QUESTION, {}, answer);
    expect((await answerer().prepareFor(again)).kind).to.equal("refused");
    expect(await failure(again)).to.be.instanceOf(Unanswerable);
    const forged = { ...answer, evidence: getBytes("0x01020304") };
    expect((await failure(job(QUESTION, {}, forged))).message).to.include("not an enclave's");
    expect(enclave.asked).to.equal(1);
  });
});
