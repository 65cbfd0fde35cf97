import type { PGlite } from "@electric-sql/pglite";
import { expect } from "chai";
import { Wallet, id } from "ethers";
import fc from "fast-check";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { DirectRecord } from "../receipts/direct-answer.ts";
import type { JointEntry } from "../receipts/alongside.ts";
import { NodeSigner } from "../receipts/node-signer.ts";
import { openDatabase } from "../storage/database.ts";
import { chatOffer, LEDGER, orderOf } from "../testing/direct-orders.ts";
import type { Channel, Reservation } from "./channel.ts";
import { ChannelBook } from "./channel-book.ts";
import type { ChannelReader } from "./channel-reader.ts";
import { ChannelStore } from "./channel-store.ts";

const PAYER = new Wallet(id("a payer")).address;
const NODE = new Wallet(id("a node")).address;
const DEPOSIT = 1_000n;
const CREDIT = 50n;

const signer = new NodeSigner(Wallet.createRandom(), LEDGER);

/** An answer that costs so much. */
function recordOf(fee: bigint): DirectRecord {
  const { request, quote: usual, input } = orderOf(chatOffer(), {});
  const quote = { ...usual, base: fee, perInputUnit: 0n, perOutputUnit: 0n };
  const usage = { inputUnits: 1n, outputUnits: 1n };
  const answer = { output: new Uint8Array(), usage, startedAt: 0n, completedAt: 0n };
  return signer.sign({ request, quote, input, answer }, 0n);
}

/** What may happen to requests on one channel, in any order. */
type Step =
  | { readonly kind: "voucher"; readonly cumulative: bigint }
  | { readonly kind: "ask"; readonly maxFee: bigint }
  | {
      readonly kind: "end";
      readonly which: number;
      readonly how: "paid" | "failed" | "lost";
      readonly share: number;
    };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("voucher" as const), cumulative: fc.bigInt(0n, 1_100n) }),
  fc.record({ kind: fc.constant("ask" as const), maxFee: fc.bigInt(0n, 120n) }),
  fc.record({
    kind: fc.constant("end" as const),
    which: fc.nat(20),
    how: fc.constantFrom("paid" as const, "failed" as const, "lost" as const),
    share: fc.nat(100),
  }),
);

describe("channel book", () => {
  let folder: string;
  let database: PGlite;
  let store: ChannelStore;
  let salt = 0n;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "book-"));
    database = await openDatabase(folder);
    store = new ChannelStore(database);
  });

  after(async () => {
    await database.close();
    await rm(folder, { recursive: true });
  });

  function open(): ChannelBook {
    const onChain = { status: "open", deposit: DEPOSIT, claimed: 0n } as const;
    const reader = { read: () => Promise.resolve(onChain) } as unknown as ChannelReader;
    return new ChannelBook({ store, reader, credit: CREDIT, rereadAfterMs: 0 });
  }

  const signed = (cumulative: bigint) => ({
    cumulative,
    signature: `0x${"11".repeat(64)}`,
    signedBy: "key" as const,
  });

  /** Ends a request: its answer is journalled and given, or there is none, or it is journalled and then lost. */
  async function end(
    book: ChannelBook,
    reservation: Reservation,
    { how, fee }: { readonly how: "paid" | "failed" | "lost"; readonly fee: bigint },
  ): Promise<void> {
    if (how !== "failed") await book.charge(database, reservation, fee);
    if (how === "paid") await book.settle(reservation, fee);
    else await book.giveBack(reservation);
  }

  it("never lets more be spent than there is, and loses no fee, whatever happens in whatever order", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40, size: "max" }), async (steps) => {
        const book = open();
        const terms = { payer: PAYER, node: NODE, salt: (salt += 1n) };
        const channel = await book.enter(terms);
        const underWay: Reservation[] = [];
        const ended: Promise<void>[] = [];
        let charged = 0n;
        let best = 0n;
        for (const each of steps) {
          if (each.kind === "voucher") {
            book.take(channel, signed(each.cumulative));
            best = best > each.cumulative ? best : each.cumulative;
          } else if (each.kind === "ask") {
            const outcome = book.reserve(channel, each.maxFee);
            if (typeof outcome !== "string") underWay.push(outcome);
          } else {
            const [reservation] = underWay.splice(each.which % (underWay.length || 1), 1);
            if (reservation === undefined) continue;
            const fee = (reservation.maxFee * BigInt(each.share)) / 100n;
            charged += each.how === "failed" ? 0n : fee;
            ended.push(end(book, reservation, { ...each, fee }));
            await Promise.all(ended.slice(0, each.which));
          }
          expect(channel.charged + channel.reserved <= DEPOSIT, "more than the deposit").to.equal(
            true,
          );
          expect(channel.charged + channel.reserved <= best + CREDIT, "beyond credit").to.equal(
            true,
          );
        }
        for (const reservation of underWay) ended.push(book.giveBack(reservation));
        await Promise.all(ended);
        expect(channel.reserved, "what is left aside").to.equal(0n);
        expect(channel.charged, "in memory").to.equal(charged);
        expect((await store.load(channel.id)).charged, "in the journal").to.equal(charged);
        const claims = await store.claimable({ open: 1n, closing: 1n }, 1_000);
        const own = claims.find(({ channelId }) => channelId === channel.id);
        expect((own?.cumulative ?? 0n) <= charged, "claimed beyond charges").to.equal(true);
      }),
      { numRuns: 60 },
    );
  });

  it("finds for a claim the highest voucher that charges cover, also one that came before a higher one", async () => {
    const book = open();
    const channel: Channel = await book.enter({ payer: PAYER, node: NODE, salt: (salt += 1n) });
    const pay = async (cumulative: bigint, fee: bigint) => {
      book.take(channel, signed(cumulative));
      const reservation = book.reserve(channel, fee);
      if (typeof reservation === "string") throw new Error(reservation);
      await end(book, reservation, { how: "paid", fee });
    };
    const claimable = async () => {
      const all = await store.claimable({ open: 1n, closing: 1n }, 1_000);
      return all.find(({ channelId }) => channelId === channel.id)?.cumulative;
    };
    await pay(100n, 40n);
    expect(await claimable()).to.equal(undefined);
    await pay(300n, 70n);
    expect(await claimable()).to.equal(100n);
    await store.prune();
    await pay(300n, 100n);
    await pay(300n, 100n);
    expect(await claimable()).to.equal(300n);
  });

  it("forgets nothing that was charged when the process ends, and answers nothing more on a closed channel", async () => {
    const terms = { payer: PAYER, node: NODE, salt: (salt += 1n) };
    const book = open();
    const channel = await book.enter(terms);
    book.take(channel, signed(500n));
    const reservation = book.reserve(channel, 100n);
    if (typeof reservation === "string") throw new Error(reservation);
    await end(book, reservation, { how: "paid", fee: 60n });
    await book.retire(channel, signed(60n));
    const again = await open().enter(terms);
    expect([again.charged, again.best?.cumulative]).to.deep.equal([60n, 500n]);
    expect(open().reserve(again, 0n)).to.equal("channel_closed");
  });

  it("charges answers of several channels together as it does one by one", async () => {
    const book = open();
    const reservations: Reservation[] = [];
    const fees = [5n, 0n, 7n, 20n, 1n, 3n];
    for (const [index, fee] of fees.entries()) {
      const terms = { payer: PAYER, node: NODE, salt: salt + BigInt(index % 2) + 1n };
      const channel = await book.enter(terms);
      book.take(channel, signed(10n * BigInt(index + 1)));
      const reservation = book.reserve(channel, fee);
      if (typeof reservation === "string") throw new Error(reservation);
      reservations.push(reservation);
    }
    salt += 2n;
    const entries = reservations.map((alongside, index) => ({
      alongside,
      record: recordOf(fees[index] ?? 0n),
    }));
    await database.transaction((within) => book.writeAll(within, entries));
    for (const [index, reservation] of reservations.entries())
      await book.settle(reservation, fees[index] ?? 0n);
    for (const [which, charged, best] of [
      [0, 13n, 50n],
      [1, 23n, 60n],
    ] as const) {
      const { channel } = reservations[which] ?? expect.fail();
      expect([channel.charged, channel.reserved]).to.deep.equal([charged, 0n]);
      expect(channel.unsaved.size, "vouchers without a journal").to.equal(0);
      const stored = await store.load(channel.id);
      expect([stored.charged, stored.best?.cumulative]).to.deep.equal([charged, best]);
    }
  });

  it("charges none of several answers if one costs too much, and none for what is no reservation", async () => {
    const book = open();
    const channel = await book.enter({ payer: PAYER, node: NODE, salt: (salt += 1n) });
    const [first, second] = [book.reserve(channel, 10n), book.reserve(channel, 10n)];
    if (typeof first === "string" || typeof second === "string") throw new Error("refused");
    const write = (...entries: readonly JointEntry[]) =>
      database.transaction((within) => book.writeAll(within, entries)).catch(String);
    expect(
      await write(
        { alongside: first, record: recordOf(9n) },
        { alongside: second, record: recordOf(11n) },
      ),
    ).to.include("11");
    expect(await write({ alongside: { writer: book }, record: recordOf(1n) })).to.include(
      "no reservation",
    );
    expect((await store.load(channel.id)).charged).to.equal(0n);
    await Promise.all([book.giveBack(first), book.giveBack(second)]);
    expect([channel.reserved, channel.charged, channel.charging]).to.deep.equal([0n, 0n, 0]);
  });

  it("does not charge more than was said", async () => {
    const book = open();
    const channel = await book.enter({ payer: PAYER, node: NODE, salt: (salt += 1n) });
    const reservation = book.reserve(channel, 10n);
    if (typeof reservation === "string") throw new Error(reservation);
    const failure: unknown = await book
      .charge(database, reservation, 11n)
      .catch((it: unknown) => it);
    expect(String(failure)).to.include("11");
    await book.giveBack(reservation);
    expect([channel.reserved, channel.charged]).to.deep.equal([0n, 0n]);
  });
});
