import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { PGlite } from "@electric-sql/pglite";
import { expect } from "chai";
import { hexlify, JsonRpcProvider, Wallet } from "ethers";
import pino from "pino";
import { developmentAccount, startLocalChain, type LocalChain } from "../../scripts/local-chain.ts";
import { Submitter, TransactionTooLarge } from "../../worker/chain/submitter.ts";
import { TransactionJournal } from "../../worker/chain/transaction-journal.ts";
import type { SignedTransaction } from "../../worker/chain/transaction.ts";
import { WorkerEvents } from "../../worker/events.ts";
import { openDatabase } from "../../worker/storage/database.ts";

const SOMEBODY = "0x4444444444444444444444444444444444444444";

describe("submitter", () => {
  let chain: LocalChain;
  let provider: JsonRpcProvider;
  let database: PGlite;
  let folder: string;
  let submitter: Submitter;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "submitter-"));
    chain = await startLocalChain();
    provider = new JsonRpcProvider(chain.rpcUrl);
    database = await openDatabase(folder);
    submitter = new Submitter({
      wallet: new Wallet(developmentAccount(0).privateKey, provider),
      provider,
      chainId: 31_337n,
      journal: new TransactionJournal(database),
      events: new WorkerEvents(),
      log: pino({ level: "silent" }),
      ...{ confirmations: 1, pollingIntervalMs: 50, bumpAfterMs: 10_000 },
      maxFeePerGas: 10n ** 10n,
      signal: new AbortController().signal,
    });
  });

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
    const intent = { requestId: "request", purpose: "fulfil", to: SOMEBODY, data } as const;
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
});
