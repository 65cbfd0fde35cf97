import process from "node:process";
import { expect } from "chai";
import { keccak256, toUtf8String } from "ethers";
import pino from "pino";
import { batchId } from "../../sdk/inference-batch.ts";
import { itemisedFee } from "../../sdk/price-quote.ts";
import { receiptLeaf, rootOfPath } from "../../sdk/receipt-tree.ts";
import type { TierName } from "../../sdk/tiers.ts";
import { readWorkerConfig } from "../../worker/config.ts";
import type { DirectRecord } from "../../worker/receipts/direct-answer.ts";
import { startWorker, type Worker } from "../../worker/worker.ts";
import { directNode, offerOf, orderFor, type DirectNode } from "../fixtures/direct-node.ts";
import { opg } from "../fixtures/protocol.ts";
import { until } from "./jobs.ts";

const log = pino({ level: process.env.LOG_LEVEL ?? "silent" });

/** Of `BatchView`. */
const FINAL = 2n;

describe("worker that answers directly", () => {
  let node: DirectNode;
  let worker: Worker | undefined;
  let nonce = 0;

  before(async () => {
    node = await directNode();
    await node.approve(await node.measure());
  });

  afterEach(async () => {
    await worker?.stop();
    worker = undefined;
  });

  after(() => node.close());

  async function start(configuration: string) {
    worker = await startWorker(await readWorkerConfig(configuration), { log });
    return worker;
  }

  async function answer(asked: Worker, tier: TierName): Promise<DirectRecord> {
    nonce += 1;
    const offer = offerOf(asked, tier);
    const order = orderFor(offer, node.payer.address, { nonce: String(nonce) });
    const most = await asked.direct.desk.measure(offer, offer.forms[0] ?? "chat", order.input);
    const maxFee = itemisedFee(offer.quote, most).total;
    const { record } = await asked.direct.desk.answer(offer, { ...order, maxFee });
    return record;
  }

  /** Waits until a receipt is in the chain, and says where. */
  async function included({ direct: { reader } }: Worker, { receipt }: DirectRecord) {
    let found: Awaited<ReturnType<typeof reader.receipt>>;
    await until(async () => {
      found = await reader.receipt(receipt.requestId);
      return found?.inclusion != null;
    });
    if (found?.inclusion == null) throw new Error("it is not included");
    return { ...found, inclusion: found.inclusion };
  }

  it("answers by its enclave, which signs its batches, and by itself", async () => {
    const { receiptLedger } = node;
    const running = await start(await node.configureLanguage("language"));
    await until(() => answer(running, "Attested").then(Boolean, () => false));
    const attested = await answer(running, "Attested");
    expect(toUtf8String(attested.output)).to.equal("It rose.");
    expect(attested.signer).to.equal(running.enclave?.address);
    const { inclusion, ...shown } = await included(running, attested);
    expect(inclusion.batch.signer).to.equal(attested.signer);
    const [listed] = (await running.direct.reader.batchReceipts(inclusion.batchId, 0, 1)) ?? [];
    // What people ask language models is nobody's business.
    expect(listed).not.to.have.any.keys("input", "output");
    expect(shown.receipt.fee).to.be.greaterThan(opg("0.01"));

    const pieces: string[] = [];
    const offer = offerOf(running, "Signed");
    const order = orderFor(offer, node.payer.address, { nonce: "signed" });
    const { record } = await running.direct.desk.answer(offer, order, {
      onText: (piece) => pieces.push(piece),
    });
    expect(pieces.join("")).to.equal("It rose.");
    expect(record.signer).to.equal(running.account);
    await included(running, await answer(running, "Signed"));
    expect(await receiptLedger.nextSeqOf(node.operator, running.account)).to.equal(2n);
  });

  it("commits what it signed, shows what is demanded, proves it, and finalises", async () => {
    const { receiptLedger, keeper, feeEscrow, operator, payer } = node;
    const running = await start(await node.configureTensors("tensors"));
    const optimistic = await answer(running, "Optimistic");
    const proven = await answer(running, "Proven");
    expect(keccak256(proven.evidence ?? "0x")).to.equal(proven.receipt.evidenceHash);
    expect(proven.output).to.deep.equal(optimistic.output);
    const { inclusion, ...shown } = await included(running, optimistic);
    const { batch, index, path } = inclusion;
    expect(batchId(batch)).to.equal(inclusion.batchId);
    const leaf = receiptLeaf(optimistic);
    expect(rootOfPath(leaf, index, path)).to.equal(batch.root);
    // The chain knows the numbers that another journal has used for the same key.
    expect(batch).to.deep.include({ firstSeq: 2n, count: 2n, signer: shown.signer });
    expect(await receiptLedger.leafOf(optimistic.receipt, optimistic.signature)).to.equal(leaf);
    expect(await receiptLedger.requestIdOf(optimistic.request)).to.equal(
      optimistic.receipt.requestId,
    );

    const challenger = receiptLedger.connect(keeper);
    const second = (await included(running, proven)).inclusion;
    await (await challenger.demand(batch, 0)).wait();
    for (const [record, at] of [
      [optimistic, inclusion],
      [proven, second],
    ] as const) {
      const { receipt, signature } = record;
      const its = { receipt, signature, index: at.index, path: [...at.path] };
      await (await challenger.demandProof(batch, its)).wait();
    }
    await until(async () => (await receiptLedger.batchOf(inclusion.batchId)).openDemands === 0n);
    const { filters } = receiptLedger;
    const id = inclusion.batchId;
    expect(await receiptLedger.queryFilter(filters.ReceiptRevealed(id))).to.have.length(1);
    expect(await receiptLedger.queryFilter(filters.ReceiptProved(id))).to.have.length(2);
    expect(await feeEscrow.earningsOf(operator)).to.be.greaterThan(0n);
    expect(payer.address).to.equal(proven.receipt.payer);

    await node.pass(4_000);
    await until(async () => (await receiptLedger.batchOf(id)).status === FINAL);
    const { receipt, signature } = optimistic;
    await receiptLedger.verifyReceipt(
      receipt,
      signature,
      await receiptLedger.headOf(batch),
      index,
      [...path],
    );
  });

  it("serves batches to those who check them", async () => {
    const { direct } = await start(await node.configureTensors("tensors"));
    const { filters } = node.receiptLedger;
    const committed = await node.receiptLedger.queryFilter(filters.BatchCommitted());
    const id = committed.at(-1)?.args.batchId ?? "";
    const { leaves, batch } = (await direct.reader.batch(id)) ?? {};
    const receipts = (await direct.reader.batchReceipts(id, 0, 10)) ?? [];
    expect(receipts.map(receiptLeaf)).to.deep.equal(leaves);
    expect(batch?.count).to.equal(2n);
    // Anybody can compute these again.
    for (const { receipt, input, output } of receipts) {
      expect(keccak256(input ?? "0x")).to.equal(receipt.inputHash);
      expect(keccak256(output ?? "0x")).to.equal(receipt.outputHash);
    }
    expect(await direct.reader.batchReceipts(id, 1, 10)).to.deep.equal(receipts.slice(1));
    expect(await direct.reader.batch(keccak256("0x"))).to.equal(undefined);
    expect(await direct.reader.batchReceipts(keccak256("0x"), 0, 1)).to.equal(undefined);
    expect(await direct.reader.receipt(keccak256("0x"))).to.equal(undefined);
  });
});
