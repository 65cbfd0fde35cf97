import type { PGlite } from "@electric-sql/pglite";
import { expect } from "chai";
import { id, keccak256, recoverAddress, Wallet, ZeroHash } from "ethers";
import type { JointAlongside, JointWriter, WriteAlongside } from "./alongside.ts";
import type { DirectRecord } from "./direct-answer.ts";
import { NodeSigner, type ReceiptDraft } from "./node-signer.ts";
import { ReceiptJournal } from "./receipt-journal.ts";
import { openDatabase } from "../storage/database.ts";
import { chatOffer, LEDGER, orderOf } from "../testing/direct-orders.ts";
import { newFolder, removeFolders } from "../testing/folders.ts";
import { directRequestId } from "../../sdk/direct-request.ts";
import { receiptLeaf } from "../../sdk/receipt-tree.ts";
import { receiptDigest } from "../../sdk/receipt.ts";

const wallet = Wallet.createRandom();
const signer = new NodeSigner(wallet, LEDGER);

function draft(nonce: string | number, evidence?: Uint8Array): ReceiptDraft {
  const { request, quote, input } = orderOf(chatOffer(), { nonce: String(nonce) });
  const usage = { inputUnits: 3n, outputUnits: 2n };
  const times = { startedAt: 7n, completedAt: 8n };
  const output = new TextEncoder().encode(`answer ${nonce}`);
  const answer = { output, usage, ...times, ...(evidence && { evidence }) };
  return { request, quote, input, answer };
}

describe("the journal of receipts", () => {
  let folder: string;
  let database: PGlite;
  let journal: ReceiptJournal;

  beforeEach(async () => {
    folder = await newFolder();
    await open();
    await database.exec("CREATE TABLE charges (request_id text PRIMARY KEY, fee numeric)");
  });

  afterEach(async () => {
    await database.close();
    await removeFolders();
  });

  async function open(leastSeq?: bigint) {
    database = await openDatabase(folder);
    journal = new ReceiptJournal({ database, signer, ...(leastSeq !== undefined && { leastSeq }) });
  }

  const charge: WriteAlongside = async (within, { receipt }) => {
    await within.query("INSERT INTO charges VALUES ($1, $2)", [
      receipt.requestId,
      receipt.fee.toString(),
    ]);
  };

  async function charges(): Promise<number> {
    return (await database.query("SELECT * FROM charges")).rows.length;
  }

  const seqsOf = (records: readonly DirectRecord[]) => records.map(({ receipt }) => receipt.seq);

  it("keeps a receipt as it was signed, to the byte", async () => {
    const evidence = new Uint8Array([1, 2, 3]);
    const signed = await journal.sign(draft(0, evidence), charge);
    const { receipt, signature, request } = signed;
    expect(recoverAddress(receiptDigest(LEDGER, receipt), signature)).to.equal(wallet.address);
    expect(receipt).to.deep.include({
      ...{ requestId: directRequestId(LEDGER, request), seq: 0n, fee: 5n + 30n + 2_000n },
      ...{ evidenceHash: keccak256(evidence), outputHash: keccak256(signed.output) },
      ...{ startedAt: 7n, completedAt: 8n, tier: 0n, inputHash: keccak256(signed.input) },
    });
    expect(await journal.find(receipt.requestId)).to.deep.equal(signed);
    expect(await journal.find(id("other"))).to.equal(undefined);
    const { rows } = await database.query<{ leaf: string }>("SELECT leaf FROM receipts");
    expect(rows).to.deep.equal([{ leaf: receiptLeaf(signed) }]);
    expect(await charges()).to.equal(1);
    const plain = await journal.sign(draft(1));
    expect(plain.receipt.evidenceHash).to.equal(ZeroHash);
    expect(await journal.find(plain.receipt.requestId)).to.deep.equal(plain);
  });

  it("numbers without a gap, however many come at once, and over restarts", async () => {
    const numbers = Array.from({ length: 100 }, (_, number) => number);
    const records = await Promise.all(numbers.map((number) => journal.sign(draft(number), charge)));
    expect(seqsOf(records)).to.deep.equal(numbers.map(BigInt));
    expect(await charges()).to.equal(100);
    await database.close();
    await open();
    expect((await journal.sign(draft("more"))).receipt.seq).to.equal(100n);
    await database.close();
    // The chain has seen more than this journal.
    await open(500n);
    expect((await journal.sign(draft("again"))).receipt.seq).to.equal(500n);
    await database.close();
    await open(500n);
    expect((await journal.sign(draft("last"))).receipt.seq).to.equal(501n);
  });

  it("journals nothing of an answer that cannot be charged, and all of the others", async () => {
    const broken: WriteAlongside = async (within, record) => {
      await charge(within, record);
      throw new Error("no money");
    };
    const results = await Promise.allSettled(
      [0, 1, 2, 3].map((number) => journal.sign(draft(number), number === 2 ? broken : charge)),
    );
    const records = results.filter((it) => it.status === "fulfilled").map(({ value }) => value);
    expect(results.map(({ status }) => status)).to.deep.equal([
      "fulfilled",
      "fulfilled",
      "rejected",
      "fulfilled",
    ]);
    expect(seqsOf(records)).to.deep.equal([0n, 1n, 2n]);
    expect(await charges()).to.equal(3);
    expect((await journal.sign(draft(2), charge)).receipt.seq).to.equal(3n);
  });

  describe("writes what belongs to several receipts in one go", () => {
    /** Sizes of the groups that were written. */
    const groups: number[] = [];
    const writer: JointWriter = {
      writeAll: async (within, entries) => {
        for (const { alongside, record } of entries) {
          await charge(within, record);
          if (alongside === poor) throw new Error("no money");
        }
        groups.push(entries.length);
      },
    };
    const rich: JointAlongside = { writer };
    const poor: JointAlongside = { writer };

    it("once for all of them", async () => {
      groups.length = 0;
      await Promise.all([0, 1, 2, 3].map((number) => journal.sign(draft(number), rich)));
      expect(groups).to.deep.equal([4]);
      expect(await charges()).to.equal(4);
    });

    it("and one by one if one is to blame for a failure", async () => {
      groups.length = 0;
      const all = [0, 1, 2].map((number) =>
        journal.sign(draft(number), number === 1 ? poor : rich),
      );
      const results = await Promise.allSettled(all);
      expect(results.map(({ status }) => status)).to.deep.equal([
        "fulfilled",
        "rejected",
        "fulfilled",
      ]);
      expect(groups).to.deep.equal([1, 1]);
      expect(await charges()).to.equal(2);
      expect((await journal.sign(draft(1), rich)).receipt.seq).to.equal(2n);
    });

    it("beside what is written alone", async () => {
      await Promise.all([
        journal.sign(draft(0), rich),
        journal.sign(draft(1), charge),
        journal.sign(draft(2)),
      ]);
      expect(await charges()).to.equal(2);
    });
  });

  it("has one answer to a request", async () => {
    const first = await journal.sign(draft(0));
    const second = journal.sign(draft(0), charge);
    expect(await second.catch(() => "refused")).to.equal("refused");
    expect(await journal.find(first.receipt.requestId)).to.deep.equal(first);
    expect(await charges()).to.equal(0);
    expect((await journal.sign(draft(1))).receipt.seq).to.equal(1n);
  });

  describe("that an enclave has signed", () => {
    const enclave = new NodeSigner(Wallet.createRandom(), LEDGER);

    it("are kept under the enclave's own numbers", async () => {
      await journal.sign(draft(0));
      await journal.add(enclave.sign(draft(1), 0n), charge);
      await journal.add(enclave.sign(draft(2), 1n), charge);
      expect((await journal.sign(draft(3))).receipt.seq).to.equal(1n);
      const { rows } = await database.query("SELECT signer FROM receipt_signers");
      expect(rows).to.have.length(2);
    });

    it("are kept also if they cannot be charged: their number is used", async () => {
      const record = enclave.sign(draft(0), 0n);
      const failing = journal.add(record, () => Promise.reject(new Error("no money")));
      expect(await failing.catch((error: unknown) => String(error))).to.equal("Error: no money");
      expect(await journal.find(record.receipt.requestId)).to.deep.equal(record);
    });

    it("are charged when they come back after they were recovered", async () => {
      const record = enclave.sign(draft(0), 0n);
      await journal.add(record);
      expect(await journal.add(record, charge)).to.equal(record);
      expect(await charges()).to.equal(1);
    });

    it("are refused under a number that is taken", async () => {
      await journal.add(enclave.sign(draft(0), 0n));
      const other = journal.add(enclave.sign(draft(1), 0n), charge);
      expect(await other.catch(() => "refused")).to.equal("refused");
      expect(await charges()).to.equal(0);
    });
  });
});
