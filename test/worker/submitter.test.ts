import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { PGlite } from "@electric-sql/pglite";
import { expect } from "chai";
import { hexlify, JsonRpcProvider, Transaction, Wallet } from "ethers";
import pino from "pino";
import { developmentAccount, startLocalChain, type LocalChain } from "../../scripts/local-chain.ts";
import { Submitter, TransactionTooLarge } from "../../worker/chain/submitter.ts";
import { TransactionJournal } from "../../worker/chain/transaction-journal.ts";
import type { SignedTransaction, TransactionIntent } from "../../worker/chain/transaction.ts";
import { WorkerEvents } from "../../worker/events.ts";
import { openDatabase } from "../../worker/storage/database.ts";

import { until } from "./jobs.ts";

const SOMEBODY = "0x4444444444444444444444444444444444444444";

describe("submitter", () => {
  let chain: LocalChain;
  let provider: JsonRpcProvider;
  let database: PGlite;
  let folder: string;
  let submitter: Submitter;
  let journal: TransactionJournal;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "submitter-"));
    chain = await startLocalChain();
    // As a worker's: what was answered a moment ago may not be so any more.
    provider = new JsonRpcProvider(chain.rpcUrl, undefined, { cacheTimeout: -1 });
    database = await openDatabase(folder);
    journal = new TransactionJournal(database);
    submitter = submitterWith(new AbortController().signal);
  });

  function submitterWith(signal: AbortSignal, bumpAfterMs = 10_000): Submitter {
    return new Submitter({
      wallet: new Wallet(developmentAccount(0).privateKey, provider),
      provider,
      chainId: 31_337n,
      journal,
      events: new WorkerEvents(),
      log: pino({ level: "silent" }),
      ...{ confirmations: 1, pollingIntervalMs: 50, bumpAfterMs },
      maxFeePerGas: 10n ** 10n,
      signal,
    });
  }

  after(async () => {
    provider.destroy();
    await database.close();
    await chain.close();
    await rm(folder, { recursive: true });
  });

  /** Signs a call with so many bytes, and tells what was journalled. */
  async function sign(bytes: number, fill = 0): Promise<SignedTransaction[]> {
    const journalled: SignedTransaction[] = [];
    const data = hexlify(new Uint8Array(bytes).fill(fill));
    const intent = { subject: "request", purpose: "fulfil", to: SOMEBODY, data } as const;
    await submitter.sign(intent, (transaction) => {
      journalled.push(transaction);
      return Promise.resolve();
    });
    return journalled;
  }

  it("signs what nodes take as a transaction", async () => {
    expect(await sign(130_000)).to.have.length(1);
  });

  it("neither signs nor journals what they do not: all that follows would wait for it", async () => {
    const journalled = sign(131_072);
    await journalled.then(
      () => expect.fail("it was signed"),
      (error: unknown) => {
        expect(error).to.be.instanceOf(TransactionTooLarge);
        expect(String(error)).to.match(
          /would be a transaction of 131\d{3} bytes; nodes take 131072/,
        );
      },
    );
  });

  it("sends value along, the same at a higher fee, and none when it gives up", async () => {
    const value = 1_000n;
    const valuesOf = async (purpose: "attest" | "renew") =>
      (await journal.pending({ subject: "fee", purpose })).map(
        ({ raw }) => Transaction.from(raw).value,
      );
    await provider.send("evm_setAutomine", [false]);
    try {
      const hasty = submitterWith(new AbortController().signal, 100);
      const intent = { subject: "fee", to: SOMEBODY, data: "0x", value } as const;
      for (const purpose of ["attest", "renew"] as const)
        await hasty.sign({ ...intent, purpose }, (transaction) => journal.record(transaction));
      const confirmed = hasty.confirm({ subject: "fee", purpose: "attest" });
      await until(async () => (await valuesOf("attest")).length > 1);
      expect(new Set(await valuesOf("attest"))).to.deep.equal(new Set([value]));
      const abandoned = submitter.abandon({ subject: "fee", purpose: "renew" });
      await until(async () => (await valuesOf("renew")).length > 1);
      expect(await valuesOf("renew")).to.have.members([value, 0n]);
      const before = await provider.getBalance(SOMEBODY);
      await provider.send("evm_setAutomine", [true]);
      await provider.send("evm_mine", []);
      expect(await Promise.all([confirmed, abandoned])).to.deep.equal(["mined", "abandoned"]);
      expect((await provider.getBalance(SOMEBODY)) - before).to.equal(value);
    } finally {
      await provider.send("evm_setAutomine", [true]);
    }
  });

  describe("that gives an intent up", () => {
    const [account, sender] = [developmentAccount(0).address, developmentAccount(1)];
    let subjects = 0;
    let intent: TransactionIntent;

    beforeEach(() => {
      subjects += 1;
      intent = { subject: `key ${subjects}`, purpose: "attest", to: SOMEBODY, data: "0x1234" };
    });

    async function signed(): Promise<SignedTransaction> {
      await submitter.sign(intent, (transaction) => journal.record(transaction));
      const [transaction] = await journal.pending(intent);
      if (transaction === undefined) throw new Error("nothing was journalled");
      return transaction;
    }

    it("uses its nonce for a transaction that does nothing", async () => {
      const { hash, nonce } = await signed();
      expect(await submitter.abandon(intent)).to.equal("abandoned");
      expect(await provider.getTransactionReceipt(hash)).to.equal(null);
      expect(await provider.getTransactionCount(account)).to.equal(nonce + 1);
      const block = await provider.getBlock("latest", true);
      const mined = block?.prefetchedTransactions.at(-1);
      expect([mined?.to, mined?.data, mined?.nonce]).to.deep.equal([account, "0x", nonce]);
      expect(await submitter.abandon(intent)).to.equal(undefined);
      expect(await provider.getTransactionCount(account)).to.equal(nonce + 1);
    });

    it("changes nothing when the intent's own transaction was faster", async () => {
      const { hash, raw, nonce } = await signed();
      await provider.broadcastTransaction(raw);
      expect(await submitter.abandon(intent)).to.equal("mined");
      expect((await provider.getTransactionReceipt(hash))?.status).to.equal(1);
      expect(await provider.getTransactionCount(account)).to.equal(nonce + 1);
    });

    it("replaces it once, however often it is killed meanwhile", async () => {
      await signed();
      await provider.send("evm_setAutomine", [false]);
      const killed = new AbortController();
      const mortal = submitterWith(killed.signal);
      const abandoning = mortal.abandon(intent).catch((error: unknown) => error);
      await until(async () => (await journal.pending(intent)).length === 2);
      killed.abort();
      expect(String(await abandoning)).to.include("AbortError");
      await provider.send("evm_setAutomine", [true]);
      await provider.send("evm_mine", []);
      expect(await submitter.abandon(intent)).to.equal("abandoned");
      const { rows } = await database.query("SELECT * FROM transactions WHERE subject = $1", [
        intent.subject,
      ]);
      expect(rows).to.have.length(2);
    });

    it("leaves the nonces that follow to others", async () => {
      const { nonce } = await signed();
      const next = { ...intent, subject: "another", to: sender.address, data: "0x" };
      await submitter.sign(next, (transaction) => journal.record(transaction));
      await submitter.abandon(intent);
      expect(await submitter.confirm(next)).to.equal("mined");
      expect(await provider.getTransactionCount(account)).to.equal(nonce + 2);
    });
  });
});
