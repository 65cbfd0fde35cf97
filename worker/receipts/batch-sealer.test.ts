import { expect } from "chai";
import { id } from "ethers";
import { BatchSealer, type BatchSealerOptions } from "./batch-sealer.ts";
import type { OpenReceipt } from "./batch-store.ts";
import { batchOfLeaves } from "../../sdk/inference-batch.ts";

const SIGNER = `0x${"11".repeat(20)}`;

/** Receipts by their numbers, and what became of them. */
class Store {
  readonly receipts: OpenReceipt[] = [];
  readonly sealed: { seqs: bigint[]; hasLeaves: boolean }[] = [];
  #unbatchedSeq = 0n;

  add(seq: number, { fee = 1n, ageMs = 0 }: Partial<Pick<OpenReceipt, "fee" | "ageMs">> = {}) {
    const name = String(seq);
    const ids = { requestId: id(name), modelId: id("model"), leaf: id(`leaf ${name}`) };
    this.receipts.push({ ...ids, seq: BigInt(seq), fee, completedAt: 1n, ageMs });
    this.receipts.sort((a, b) => Number(a.seq - b.seq));
  }

  signers() {
    return Promise.resolve([{ signer: SIGNER, unbatchedSeq: this.#unbatchedSeq }]);
  }

  openReceipts(_signer: string, { from, limit }: { from: bigint; limit: number }) {
    return Promise.resolve(this.receipts.filter(({ seq }) => seq >= from).slice(0, limit));
  }

  seal(signer: string, receipts: readonly OpenReceipt[], hasLeaves: boolean) {
    const firstSeq = receipts[0]?.seq ?? 0n;
    const batch = batchOfLeaves({ node: SIGNER, signer, firstSeq, leaves: receipts });
    this.sealed.push({ seqs: receipts.map(({ seq }) => seq), hasLeaves });
    this.#unbatchedSeq = batch.firstSeq + batch.count;
    return Promise.resolve(batch);
  }
}

function sealing(changes: Partial<BatchSealerOptions> = {}) {
  const store = new Store();
  const sealer = new BatchSealer({
    store,
    limits: { receipts: 3, ageMs: 1_000, value: 100n },
    mayFillGaps: () => Promise.resolve(false),
    isGone: () => false,
    wantsLeaves: () => Promise.resolve(false),
    ...changes,
  });
  const seal = async () => {
    await sealer.sealDue();
    return store.sealed.splice(0).map(({ seqs }) => seqs.map(Number));
  };
  return { store, sealer, seal };
}

describe("what becomes a batch", () => {
  it("is as many receipts as are wanted, and all such batches at once", async () => {
    const { store, seal } = sealing();
    for (const seq of [0, 1]) store.add(seq);
    expect(await seal()).to.deep.equal([]);
    for (const seq of [2, 3, 4, 5, 6]) store.add(seq);
    expect(await seal()).to.deep.equal([
      [0, 1, 2],
      [3, 4, 5],
    ]);
    expect(await seal()).to.deep.equal([]);
  });

  it("is what has waited long enough", async () => {
    const { store, seal } = sealing();
    store.add(0, { ageMs: 999 });
    expect(await seal()).to.deep.equal([]);
    const { store: other, seal: sealOther } = sealing();
    other.add(0, { ageMs: 1_000 });
    other.add(1);
    expect(await sealOther()).to.deep.equal([[0, 1]]);
  });

  it("is cut where the fees come to the limit", async () => {
    const { store, seal } = sealing();
    store.add(0, { fee: 60n });
    expect(await seal()).to.deep.equal([]);
    store.add(1, { fee: 40n });
    store.add(2, { fee: 99n });
    expect(await seal()).to.deep.equal([[0, 1]]);
    store.add(3, { fee: 500n });
    expect(await seal()).to.deep.equal([[2, 3]]);
  });

  it("is all that an enclave has left", async () => {
    const { store, seal } = sealing({ isGone: () => true });
    store.add(0);
    expect(await seal()).to.deep.equal([[0]]);
  });

  it("has no gap: late numbers are waited for as long as they can come", async () => {
    let mayCome = true;
    const { store, seal } = sealing({ mayFillGaps: () => Promise.resolve(mayCome) });
    for (const seq of [1, 2, 3]) store.add(seq, { ageMs: 5_000 });
    expect(await seal()).to.deep.equal([]);
    store.add(0, { ageMs: 5_000 });
    expect(await seal()).to.deep.equal([[0, 1, 2], [3]]);
    for (const seq of [4, 6]) store.add(seq);
    expect(await seal()).to.deep.equal([]);
    mayCome = false;
    expect(await seal()).to.deep.equal([[4]]);
    store.add(7);
    store.add(8);
    expect(await seal()).to.deep.equal([[6, 7, 8]]);
  });

  it("has leaves if anything in it wants them", async () => {
    const asked: string[][] = [];
    const wantsLeaves = (models: ReadonlySet<string>) => {
      asked.push([...models]);
      return Promise.resolve(true);
    };
    const { store, sealer } = sealing({ wantsLeaves, isGone: () => true });
    store.add(0);
    await sealer.sealDue();
    expect(store.sealed[0]?.hasLeaves).to.equal(true);
    expect(asked).to.deep.equal([[id("model")]]);
  });
});
