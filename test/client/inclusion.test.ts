import { expect } from "chai";
import { id } from "ethers";
import { createClient } from "../../sdk/client/client.ts";
import type { Receipt } from "../../sdk/client/receipt.ts";
import { settlementOf } from "../../sdk/client/receipt-access.ts";
import { batchId, batchOf, signBatch, type InferenceBatch } from "../../sdk/inference-batch.ts";
import { receiptLeaf, treePath } from "../../sdk/receipt-tree.ts";
import { startLyingNode, type LyingNode } from "../fixtures/lying-node.ts";
import { expectCode } from "../fixtures/errors.ts";
import { loadFixture, time } from "../fixtures/network.ts";
import { opg } from "../fixtures/protocol.ts";
import { signedMarket } from "../fixtures/signed.ts";

const ORDER = { model: "bytes", input: Uint8Array.of(1, 2, 3), maxFee: 10_000n };

describe("Client: receipts in the chain", () => {
  let fixture: Awaited<ReturnType<typeof signedMarket>>;
  let node: LyingNode;
  /** Three of one key, without a gap. */
  let receipts: [Receipt, Receipt, Receipt];
  let leaves: string[];
  let batch: InferenceBatch;

  beforeEach(async () => {
    fixture = await loadFixture(signedMarket);
    const { deployment, operator, nodeSigner, published, provider, feeEscrow } = fixture;
    await feeEscrow.connect(operator).deposit(operator, opg(100));
    await feeEscrow.connect(operator).authorizeLocker(fixture.receiptLedger);
    node = await startLyingNode({
      settlement: settlementOf(deployment),
      ...{ node: operator.address, key: nodeSigner, now: () => time.latest() },
      models: [
        {
          ...{ name: "bytes", modelId: published.modelId, tier: "Signed", form: "tensor" },
          answer: (input) => Promise.resolve({ output: input.toReversed() }),
        },
      ],
    });
    const client = await createClient({ provider, deployment, nodes: [node.url] });
    const ask = async () => (await client.infer(ORDER)).receipt;
    receipts = [await ask(), await ask(), await ask()];
    const signed = receipts.map(({ kept: { envelope } }) => envelope);
    leaves = signed.map(receiptLeaf);
    batch = batchOf(nodeSigner.address, signed);
  });

  afterEach(() => node.close());

  async function commit(withLeaves: boolean): Promise<string> {
    const { receiptLedger, operator, nodeSigner, deployment } = fixture;
    const signature = await signBatch(settlementOf(deployment), nodeSigner, batch);
    const ledger = receiptLedger.connect(operator);
    const transaction = withLeaves
      ? await ledger.commitBatchWithLeaves(batch, leaves, signature)
      : await ledger.commitBatch(batch, signature);
    return transaction.hash;
  }

  const told = (transactionHash: string, path: readonly string[]) => ({
    ...{ batchId: batchId(batch), batch, index: 1, path: [...path], transactionHash },
  });

  it("are not, until their batch is", async () => {
    await expectCode(() => receipts[1].proveInclusion(), "RECEIPT_NOT_INCLUDED");
  });

  it("are found by the leaves in calldata, whatever the node says", async () => {
    const hash = await commit(true);
    const { requestId } = receipts[1];
    const wrongPath = treePath(leaves, 2);
    for (const lie of [undefined, told(hash, wrongPath), { ...told(hash, []), index: 2 }]) {
      if (lie !== undefined) node.state.inclusions.set(requestId, lie);
      const proof = await receipts[1].proveInclusion();
      expect(proof).to.deep.include({
        ...{ source: "chain", status: "Committed", isSettled: false, index: 1 },
        ...{ batchId: batchId(batch), batch, leaf: leaves[1], path: treePath(leaves, 1) },
      });
    }
    await node.close();
    expect(await receipts[2].proveInclusion()).to.include({ source: "chain", index: 2 });
  });

  it("are settled in a final batch, as the ledger itself says with the same proof", async () => {
    await commit(true);
    const { receiptLedger, stranger } = fixture;
    const { deadline } = await receipts[0].proveInclusion();
    await time.increaseTo(deadline + 1n);
    await receiptLedger.connect(stranger).finalize(batch);
    const { head, leaf, index, path, ...proof } = await receipts[0].proveInclusion();
    expect(proof).to.include({ status: "Final", isSettled: true });
    expect(await receiptLedger.isSettled(head, leaf, index, [...path])).to.be.true;
    const { content, kept } = receipts[0];
    await receiptLedger.verifyReceipt(content, kept.envelope.signature, head, index, [...path]);
  });

  it("are found by what the node says, if it is true", async () => {
    const hash = await commit(false);
    node.state.inclusions.set(receipts[1].requestId, told(hash, treePath(leaves, 1)));
    expect(await receipts[1].proveInclusion()).to.include({ source: "node", index: 1 });
  });

  it("are not shown where the node keeps the leaves for itself, or shows others", async () => {
    await commit(false);
    const error = await expectCode(() => receipts[1].proveInclusion(), "RECEIPT_NOT_INCLUDED");
    expect(error.message).to.include("demand");
    const key = batchId(batch);
    const shown = { batchId: key, node: fixture.operator.address, batch };
    node.state.batches.set(key, { ...shown, leaves: leaves.with(0, id("another")) });
    await expectCode(() => receipts[1].proveInclusion(), "RECEIPT_NOT_INCLUDED");
    node.state.batches.set(key, { ...shown, leaves });
    expect(await receipts[1].proveInclusion()).to.include({ source: "chain", index: 1 });
  });

  it("are not, if their number is another receipt's", async () => {
    await commit(true);
    const { provider, deployment } = fixture;
    const { envelope } = receipts[1].kept;
    const client = await createClient({ provider, deployment, nodes: [node.url] });
    const kept = JSON.parse(JSON.stringify(receipts[1])) as { envelope: { receipt: object } };
    kept.envelope.receipt = {
      ...kept.envelope.receipt,
      fee: (envelope.receipt.fee + 1n).toString(),
    };
    await expectCode(() => client.readReceipt(kept).proveInclusion(), "RECEIPT_NOT_INCLUDED");
  });

  it("are not in a batch of the node's that the chain does not know", async () => {
    node.state.inclusions.set(receipts[1].requestId, told(id("none"), treePath(leaves, 1)));
    await expectCode(() => receipts[1].proveInclusion(), "RECEIPT_NOT_INCLUDED");
  });
});
