import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { PGlite } from "@electric-sql/pglite";
import { expect } from "chai";
import { Transaction, Wallet } from "ethers";
import { TransactionJournal } from "../chain/transaction-journal.ts";
import { WorkerEvents } from "../events.ts";
import { openDatabase } from "../storage/database.ts";
import { ActionStore, BudgetExceeded, type Action, type WantedAction } from "./action-store.ts";

const wallet = Wallet.createRandom();

describe("what a verifier may spend", () => {
  let folder: string;
  let database: PGlite;
  let actions: ActionStore;
  let nonce: number;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "opg-actions-"));
    database = await openDatabase(folder);
    nonce = 0;
    actions = new ActionStore({
      database,
      transactions: new TransactionJournal(database),
      events: new WorkerEvents(),
      budget: { bonds: 3n, attested: 20n, gasPerDay: 1_000_000n, maxFeePerGas: 2n },
    });
  });

  afterEach(async () => {
    await database.close();
    await rm(folder, { recursive: true });
  });

  const wanted = (changes: Partial<WantedAction>): WantedAction => ({
    ...{ batchId: "0x01", kind: "demand", leaf: 0, data: "0x", atStake: 2n, reason: undefined },
    ...changes,
  });

  async function found(batchId = "0x01"): Promise<Action> {
    const [action] = await actions.of(batchId);
    if (action === undefined) throw new Error("there is no such action");
    return action;
  }

  async function send(action: Action, gasLimit = 100_000n): Promise<void> {
    const request = { type: 2, chainId: 1, to: wallet.address, nonce, gasLimit };
    const raw = await wallet.signTransaction({
      ...request,
      maxFeePerGas: 1n,
      maxPriorityFeePerGas: 0n,
    });
    const hash = Transaction.from(raw).hash ?? "";
    await actions.send(action, { subject: action.batchId, purpose: action.kind, hash, raw, nonce });
    nonce += 1;
  }

  async function refused(result: Promise<void>): Promise<boolean> {
    try {
      await result;
      return false;
    } catch (error) {
      if (error instanceof BudgetExceeded) return true;
      throw error;
    }
  }

  it("notes a call once", async () => {
    await actions.want([wanted({ data: "0x01" })]);
    await actions.want([wanted({ data: "0x02" })]);
    expect((await actions.of("0x01")).map(({ data }) => data)).to.deep.equal(["0x01"]);
  });

  it("holds bonds to their limit until they are back", async () => {
    await actions.want([wanted({}), wanted({ batchId: "0x02" })]);
    await send(await found());
    expect(await refused(send(await found("0x02")))).to.equal(true);
    expect((await found("0x02")).state).to.equal("Wanted");
    await actions.advance(await found(), "Open");
    expect(await refused(send(await found("0x02")))).to.equal(true);
    await actions.advance(await found(), "Done");
    await send(await found("0x02"));
  });

  it("counts stake behind its word apart from bonds", async () => {
    await actions.want([
      wanted({}),
      wanted({ batchId: "0x02", kind: "attestBatch", leaf: -1, atStake: 20n }),
      wanted({ batchId: "0x03", kind: "attestBatch", leaf: -1, atStake: 1n }),
    ]);
    await send(await found());
    await send(await found("0x02"));
    expect(await refused(send(await found("0x03")))).to.equal(true);
  });

  it("counts gas at its limit and the highest fee, and then at what it was", async () => {
    await actions.want([
      wanted({}),
      wanted({ batchId: "0x02", kind: "challengeFee", atStake: 0n }),
    ]);
    await send(await found(), 300_000n);
    expect(await refused(send(await found("0x02"), 300_000n))).to.equal(true);
    await actions.settleCost(0, 50_000n);
    await send(await found("0x02"), 300_000n);
  });

  it("takes no step that there is not, and none twice", async () => {
    await actions.want([wanted({})]);
    const action = await found();
    await actions.advance(action, "Moot");
    expect(await failure(actions.advance(action, "Moot"))).to.match(/not Wanted any more/);
    expect(await failure(actions.advance(await found(), "Open"))).to.match(/cannot go from Moot/);
  });
});

async function failure(result: Promise<void>): Promise<string> {
  try {
    await result;
  } catch (error) {
    return String(error);
  }
  throw new Error("nothing failed");
}
