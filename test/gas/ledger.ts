import { expect } from "chai";
import { concat, getBytes, hexlify, id, keccak256, toBeHex } from "ethers";
import { batchHead, batchId, signBatch } from "../../sdk/inference-batch.ts";
import { signReceipt } from "../../sdk/receipt.ts";
import { receiptLeaf, treePath, treeRoot } from "../../sdk/receipt-tree.ts";
import { CallMeter__factory } from "../../typechain-types/index.js";
import { at } from "../../zkml/arrays.ts";
import {
  answerDirectly,
  BATCH,
  commit,
  openLedger,
  shown,
  TERMS,
  type AnswerOptions,
  type LedgerFixture,
  type MadeBatch,
} from "../fixtures/ledger.ts";
import { answer, INPUT, publish, tinyModel, type PublishedModel } from "../fixtures/models.ts";
import { loadFixture, time } from "../fixtures/network.ts";
import { opg } from "../fixtures/protocol.ts";
import type { GasBook } from "./gas-book.ts";

/** Receipts of a batch that one of is acted on. */
const COUNT = 256;

/** Books what the ledger costs. One receipt of each batch is real; the others only have leaves. */
export async function bookLedger(book: GasBook): Promise<void> {
  const fixture = await loadFixture(openLedger);
  await bookCommitments(fixture, book);
  await bookProofOfOne(fixture, book);
  await bookChallenges(fixture, book);
  await bookDemands(fixture, book);
  await bookProofs(fixture, book);
}

/** A leaf without a zero byte, which calldata is cheaper for: upper bounds, and the same each time. */
function fillerLeaf(index: number): string {
  return hexlify(getBytes(id(`leaf ${index}`)).map((byte) => byte || 1));
}

/** A batch of so many receipts, of which the first is real. */
async function batchOfMany(
  fixture: LedgerFixture,
  {
    count = COUNT,
    totalFee = opg(10),
    ...bent
  }: AnswerOptions & { count?: number; totalFee?: bigint } = {},
): Promise<MadeBatch> {
  const { ledger, operator, nodeSigner, settlement } = fixture;
  const seq = await ledger.nextSeqOf(operator, nodeSigner);
  const answers = [await answerDirectly(fixture, { seq, ...bent })];
  const filled = Array.from({ length: count - 1 }, (_, i) => fillerLeaf(i));
  const leaves = [...answers.map(receiptLeaf), ...filled];
  const batch = {
    ...{ node: operator.address, signer: nodeSigner.address, root: treeRoot(leaves) },
    ...{ firstSeq: seq, count: BigInt(count) },
    ...{ totalFee, completedAt: at(answers, 0).receipt.completedAt },
    dataHash: keccak256(concat(leaves)),
  };
  return { batch, answers, leaves, signature: await signBatch(settlement, nodeSigner, batch) };
}

/** What of a batch is another in each run. */
const randomOf = ({ batch }: MadeBatch) => [
  ...[batch.root, batch.dataHash],
  toBeHex(batch.completedAt),
];

/** The same of one of its receipts. */
const randomReceipt = (made: MadeBatch) => {
  const { receipt, signature, path } = shown(made);
  const hashes = [receipt.requestId, receipt.modelId, receipt.evidenceHash, signature, ...path];
  return [...hashes, toBeHex(receipt.startedAt), toBeHex(receipt.completedAt)];
};

const randomShown = (made: MadeBatch) => [...randomOf(made), ...randomReceipt(made)];

async function committed(fixture: LedgerFixture, bent: AnswerOptions = {}): Promise<MadeBatch> {
  const made = await batchOfMany(fixture, bent);
  await commit(fixture, made);
  return made;
}

async function bookCommitments(fixture: LedgerFixture, book: GasBook): Promise<void> {
  const { ledger, verifier } = fixture;
  const large = { count: 1_024 };
  for (const suffix of [", first", ""]) {
    const made = await batchOfMany(fixture, large);
    const name = `commit batch of 1024, per receipt${suffix}`;
    await book.book(name, commit(fixture, made), [...randomOf(made), made.signature], 1_024);
    const attesting = ledger.connect(verifier).attestBatch(made.batch, verifier, opg(30));
    await book.book(`attest batch${suffix}`, attesting, randomOf(made));
    await time.increase(TERMS.challengeWindow + 1n);
    await book.book(`finalize batch${suffix}`, ledger.finalize(made.batch), randomOf(made));
    const settling = ledger.settleAttestation(made.batch, verifier);
    await book.book(`settle attestation${suffix}`, settling, randomOf(made));
  }
  const open = await batchOfMany(fixture, large);
  const name = "commit batch of 1024 with leaves, per receipt";
  const random = [...randomOf(open), open.signature];
  await book.book(name, commit(fixture, open, true), random, 1_024);
}

async function bookProofOfOne(fixture: LedgerFixture, book: GasBook): Promise<void> {
  const { ledger, stranger } = fixture;
  const made = await committed(fixture);
  await time.increase(TERMS.challengeWindow + 1n);
  await ledger.finalize(made.batch);
  const head = batchHead(made.batch);
  const path = [...treePath(made.leaves, 0)];
  const leaf = at(made.leaves, 0);
  expect(await ledger.isSettled(head, leaf, 0, path)).to.equal(true);
  const settled = ledger.interface.encodeFunctionData("isSettled", [head, leaf, 0, path]);
  const random = [head, leaf, ...path];
  const sent = stranger.sendTransaction({ to: ledger, data: settled });
  await book.book("prove one receipt of 256", sent, random);
  const meter = await new CallMeter__factory(stranger).deploy();
  const called = await meter.gasOf(ledger, settled);
  book.note("prove one receipt of 256, called by a contract", Number(called));
}

async function bookChallenges(fixture: LedgerFixture, book: GasBook): Promise<void> {
  const { ledger, settlement, nodeSigner, publisher, modelId } = fixture;
  // So that slots of what is owed were written before.
  const first = await committed(fixture, { signature: `0x${"11".repeat(64)}` });
  await ledger.challengeSignature(first.batch, shown(first));
  const forged = await committed(fixture, { signature: `0x${"11".repeat(64)}` });
  const challenging = ledger.challengeSignature(forged.batch, shown(forged));
  await book.book("challenge signature", challenging, randomShown(forged));

  const twice = await committed(fixture);
  const other = { ...at(twice.answers, 0).receipt, outputHash: id("another output") };
  const signature = await signReceipt(settlement, nodeSigner, other);
  const equivocating = [twice.batch, shown(twice), other, signature] as const;
  await book.book("challenge equivocation", ledger.challengeEquivocation(...equivocating), [
    ...randomShown(twice),
    signature,
  ]);

  const dear = await committed(fixture, { receipt: { fee: opg(5) } });
  const { request, quote } = at(dear.answers, 0);
  const overcharged = ledger.challengeFee(dear.batch, shown(dear), request, quote);
  await book.book("challenge fee", overcharged, [...randomShown(dear), request.quoteHash]);

  const low = await batchOfMany(fixture, { totalFee: opg(1) });
  await commit(fixture, low);
  const counted = ledger.challengeTotal(low.batch, [shown(low)]);
  await book.book("challenge total, one receipt", counted, randomShown(low));

  await ledger.connect(publisher).setDataPolicy(modelId, true);
  await time.increase(3_602);
  const bare = await committed(fixture);
  const hidden = ledger.challengePolicy(bare.batch, shown(bare));
  await book.book("challenge policy", hidden, randomShown(bare));
  await ledger.connect(publisher).setDataPolicy(modelId, false);
  expect((await ledger.batchOf(batchId(bare.batch))).status).to.equal(BATCH.Rejected);
  await time.increase(TERMS.challengeWindow + TERMS.proveWindow);
  await book.book("close rejected batch", ledger.closeRejected(bare.batch), randomOf(bare));
}

async function bookDemands(fixture: LedgerFixture, book: GasBook): Promise<void> {
  const { ledger, keeper } = fixture;
  for (const suffix of [", first", ""]) {
    const made = await committed(fixture);
    const demanding = ledger.connect(keeper).demand(made.batch, 0);
    await book.book(`demand${suffix}`, demanding, randomOf(made));
    const { request, quote } = at(made.answers, 0);
    const revealing = ledger.reveal(made.batch, shown(made), request, quote);
    await book.book(`reveal${suffix}`, revealing, [...randomShown(made), request.quoteHash]);
  }
  const hidden = await committed(fixture);
  await ledger.connect(keeper).demand(hidden.batch, 0);
  await time.increase(TERMS.responseWindow + 1n);
  await book.book("expire demand", ledger.expireDemand(hidden.batch, 0), randomOf(hidden));
}

async function bookProofs(fixture: LedgerFixture, book: GasBook): Promise<void> {
  const { ledger, keeper } = fixture;
  const published = await publish(fixture, await tinyModel(), { tiers: ["Proven", "Optimistic"] });
  const proved = await provedAnswer(fixture, published);
  const { output, evidence, made } = proved;
  const random = [...randomShown(made), evidence, output];
  await ledger.connect(keeper).demandProof(made.batch, shown(made));
  const proving = ledger.proveReceipt(made.batch, shown(made), output, evidence);
  await book.book("prove receipt", proving, random);

  const hidden = await provedAnswer(fixture, published);
  const demanding = ledger.connect(keeper).demandProof(hidden.made.batch, shown(hidden.made));
  await book.book("demand proof", demanding, randomShown(hidden.made));
  await time.increase(TERMS.proveWindow + 1n);
  const expiring = ledger.expireProof(hidden.made.batch, shown(hidden.made));
  await book.book("expire proof", expiring, randomShown(hidden.made));

  const lie = "0x010203040506070809101112";
  const lying = await provedAnswer(fixture, published, lie);
  const challenging = ledger.challengeProof(
    ...([lying.made.batch, shown(lying.made), lie, lying.evidence] as const),
  );
  await book.book("challenge proof", challenging, [...randomShown(lying.made), lying.evidence]);
}

/** Commits an answer of the Proven tier with its evidence; of another output, if that is given. */
async function provedAnswer(fixture: LedgerFixture, published: PublishedModel, lie?: string) {
  const { ledger, operator, nodeSigner, settlement } = fixture;
  const { modelId } = published;
  const seq = await ledger.nextSeqOf(operator, nodeSigner);
  const asked = { seq, request: { inputHash: keccak256(INPUT) } };
  const options = { receipt: { tier: 3n, modelId } };
  const { receipt } = await answerDirectly(fixture, { ...asked, ...options });
  const { output, evidence } = await answer(fixture, published, {
    requestId: receipt.requestId,
    input: INPUT,
    node: operator.address,
    market: settlement.settledBy,
  });
  const hashes = { outputHash: keccak256(lie ?? output), evidenceHash: keccak256(evidence) };
  const made = await committed(fixture, {
    ...asked,
    receipt: { ...options.receipt, ...hashes },
  });
  return { made, output, evidence };
}
