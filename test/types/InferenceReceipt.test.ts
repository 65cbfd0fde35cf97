import { readFile } from "node:fs/promises";
import path from "node:path";
import { expect } from "chai";
import { concat, dataLength, dataSlice, verifyTypedData, Wallet } from "ethers";
import { z } from "zod";
import { PROOF_KINDS } from "../../sdk/proof-kinds.ts";
import {
  attestedReceipt,
  decodeAttestedEvidence,
  decodeSignedEvidence,
  encodeAttestedEvidence,
  encodeSignedEvidence,
  RECEIPT_TYPES,
  receiptDigest,
  receiptDomain,
  receiptHash,
  signAnswer,
  signAttestedAnswer,
  signedReceipt,
  signReceipt,
  type AttestedAnswer,
  type SignedAnswer,
} from "../../sdk/receipt.ts";

const FILE = path.resolve(import.meta.dirname, "../vectors/receipts.json");

const number = z.string().transform(BigInt);

const vectorsSchema = z.array(
  z.object({
    name: z.string(),
    settlement: z.object({ chainId: number, settledBy: z.string() }),
    receipt: z.object({
      modelId: z.string(),
      requestId: z.string(),
      payer: z.string(),
      node: z.string(),
      tier: number,
      inputHash: z.string(),
      outputHash: z.string(),
      inputUnits: number,
      outputUnits: number,
      fee: number,
      startedAt: number,
      completedAt: number,
      seq: number,
      evidenceHash: z.string(),
    }),
    hash: z.string(),
    digest: z.string(),
  }),
);

/** The same as in `InferenceReceipt.t.sol`: anybody's implementation must come to these. */
const VECTORS = vectorsSchema.parse(JSON.parse(await readFile(FILE, "utf8")));

const KEY = new Wallet(`0x${"42".repeat(32)}`);

/** The first vector, as an answer of the Signed tier. */
function anAnswer() {
  const [vector] = VECTORS;
  if (vector === undefined) throw new Error("no vectors");
  const { modelId, requestId, node, inputHash, ...statement } = vector.receipt;
  const claim = { modelId, requestId, node, inputHash };
  const output = new TextEncoder().encode("output");
  const answer: SignedAnswer = { claim, output, statement };
  return { ...vector, answer };
}

describe("InferenceReceipt", () => {
  for (const { name, settlement, receipt, hash, digest } of VECTORS) {
    it(`has the hash and the digest of the vector: ${name}`, () => {
      expect(receiptHash(receipt)).to.equal(hash);
      expect(receiptDigest(settlement, receipt)).to.equal(digest);
    });
  }

  it("is signed in compact form, as wallets show it", async () => {
    const { settlement, receipt } = anAnswer();
    const signature = await signReceipt(settlement, KEY, receipt);
    expect(dataLength(signature)).to.equal(64);
    const domain = receiptDomain(settlement);
    expect(verifyTypedData(domain, RECEIPT_TYPES, receipt, signature)).to.equal(KEY.address);
  });

  it("follows from the claim, the output and what the node says", () => {
    const { receipt, answer } = anAnswer();
    expect(signedReceipt(answer)).to.deep.equal(receipt);
  });
});

describe("evidence of the Signed tier", () => {
  it("can be taken apart again", async () => {
    const { settlement, receipt, answer } = anAnswer();
    const evidence = await signAnswer(settlement, KEY, answer);
    const found = decodeSignedEvidence(evidence);
    const { payer, inputUnits, outputUnits, fee, startedAt, completedAt, seq } = receipt;
    expect(found).to.deep.equal({
      statement: { payer, inputUnits, outputUnits, fee, startedAt, completedAt, seq },
      signature: await signReceipt(settlement, KEY, receipt),
    });
    expect(found && encodeSignedEvidence(found)).to.equal(evidence);
  });

  it("has every part at its place", () => {
    const { answer } = anAnswer();
    expect(encodeSignedEvidence({ statement: answer.statement, signature: "0xabcd" })).to.equal(
      concat([
        PROOF_KINDS.signedReceiptV1,
        "0x1111111111111111111111111111111111111111",
        "0x0000000c",
        "0x00000020",
        "0x00000000000000000de0b6b3a7640000",
        "0x000000006b49d200",
        "0x000000006b49d205",
        "0x0000000000000001",
        "0xabcd",
      ]),
    );
  });

  it("is not found in evidence of another kind, or cut short", () => {
    const { answer } = anAnswer();
    const evidence = encodeSignedEvidence({ statement: answer.statement, signature: "0x" });
    expect(decodeSignedEvidence(evidence)?.signature).to.equal("0x");
    const other = concat([PROOF_KINDS.provenGroth16V1, dataSlice(evidence, 4)]);
    expect(decodeSignedEvidence(other)).to.equal(undefined);
    for (const length of [0, 3, 4, 71])
      expect(decodeSignedEvidence(dataSlice(evidence, 0, length))).to.equal(undefined);
  });

  it("does not fit members that are too large", () => {
    const { answer } = anAnswer();
    const statement = { ...answer.statement, inputUnits: 2n ** 32n };
    expect(() => encodeSignedEvidence({ statement, signature: "0x" })).to.throw();
  });
});

describe("evidence of the Attested tier", () => {
  /** The second vector, as an answer of the Attested tier. */
  function anAttestedAnswer() {
    const vector = VECTORS[1];
    if (vector === undefined) throw new Error("no vectors");
    const { modelId, requestId, node, inputHash, ...statement } = vector.receipt;
    const claim = { modelId, requestId, node, inputHash };
    const output = new TextEncoder().encode("another output");
    const answer: AttestedAnswer = { claim, output, statement };
    return { ...vector, answer };
  }

  it("is over the receipt that follows from the claim, the output and what the enclave says", () => {
    const { receipt, answer } = anAttestedAnswer();
    expect(attestedReceipt(answer)).to.deep.equal(receipt);
  });

  it("can be taken apart again", async () => {
    const { settlement, receipt, answer } = anAttestedAnswer();
    const evidence = await signAttestedAnswer(settlement, KEY, answer);
    const found = decodeAttestedEvidence(evidence);
    const { payer, inputUnits, outputUnits, fee, startedAt, completedAt, seq } = receipt;
    const { evidenceHash } = receipt;
    expect(found).to.deep.equal({
      statement: { payer, inputUnits, outputUnits, fee, startedAt, completedAt, seq, evidenceHash },
      signature: await signReceipt(settlement, KEY, receipt),
    });
    expect(found && encodeAttestedEvidence(found)).to.equal(evidence);
  });

  it("has every part at its place", () => {
    const { answer } = anAttestedAnswer();
    const signature = `0x${"ab".repeat(64)}`;
    expect(encodeAttestedEvidence({ statement: answer.statement, signature })).to.equal(
      concat([
        PROOF_KINDS.attestedReceiptV1,
        "0x5555555555555555555555555555555555555555",
        "0x00000bb8",
        "0x00000190",
        "0x00000000000000000000000000000005",
        "0x0000000000000006",
        "0x0000000000000007",
        "0x0000000000000008",
        "0x97794b46b3afe9245d61058666381907ac8a35b0e3bce564cde9dd0eea648cb6",
        signature,
      ]),
    );
  });

  it("has room for the largest statement there can be", () => {
    const statement = {
      payer: "0xFFfFfFffFFfffFFfFFfFFFFFffFFFffffFfFFFfF",
      inputUnits: 2n ** 32n - 1n,
      outputUnits: 2n ** 32n - 2n,
      fee: 2n ** 128n - 1n,
      startedAt: 2n ** 64n - 3n,
      completedAt: 2n ** 64n - 2n,
      seq: 2n ** 64n - 1n,
      evidenceHash: `0x${"ee".repeat(32)}`,
    };
    const signature = `0x${"ab".repeat(64)}`;
    const evidence = encodeAttestedEvidence({ statement, signature });
    expect(decodeAttestedEvidence(evidence)).to.deep.equal({ statement, signature });
  });

  it("is not found in evidence of another kind, or of another length", async () => {
    const { settlement, answer } = anAttestedAnswer();
    const evidence = await signAttestedAnswer(settlement, KEY, answer);
    const other = concat([PROOF_KINDS.signedReceiptV1, dataSlice(evidence, 4)]);
    expect(decodeAttestedEvidence(other)).to.equal(undefined);
    expect(decodeAttestedEvidence(concat([evidence, "0x00"]))).to.equal(undefined);
    for (const length of [0, 3, 4, 72, 104, 167])
      expect(decodeAttestedEvidence(dataSlice(evidence, 0, length))).to.equal(undefined);
  });
});
