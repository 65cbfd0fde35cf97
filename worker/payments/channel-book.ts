import { channelId, type ChannelTerms } from "../../sdk/channel.ts";
import type { JointEntry, JointWriter } from "../receipts/alongside.ts";
import type { Queryable } from "../storage/database.ts";
import {
  objectionTo,
  Reservation,
  type Channel,
  type ChannelObjection,
  type SignedVoucher,
} from "./channel.ts";
import type { ChannelReader } from "./channel-reader.ts";
import type { ChannelStore } from "./channel-store.ts";

export interface ChannelBookOptions {
  readonly store: ChannelStore;
  readonly reader: ChannelReader;
  /** What a channel may owe, in OPG wei. */
  readonly credit: bigint;
  /** For how long nobody asks the chain about a channel again only because a request was refused. */
  readonly rereadAfterMs: number;
}

/** Channels in memory that nobody uses just now. */
const MAX_IDLE = 10_000;

/** Vouchers of one channel that wait for an answer to be journalled with. */
const MAX_UNSAVED = 16;

/**
 * What channels have, owe, and may still cost.
 *
 * THE MONEY RULE
 *
 * A request is answered if its channel's confirmed money covers everything: what was charged, what answers under way may cost at most,
 * and what this one may; and if a voucher covers all of it but the credit. Taking a reservation is one step, and the journal is written
 * with each receipt, so what is `charged` is what was answered, and requests side by side cannot spend the same money.
 */
export class ChannelBook implements JointWriter {
  readonly #options: ChannelBookOptions;
  readonly #channels = new Map<string, Channel>();
  /** Channels that are being loaded: a second request waits for the first one's. */
  readonly #loading = new Map<string, Promise<Channel>>();

  constructor(options: ChannelBookOptions) {
    this.#options = options;
  }

  get credit(): bigint {
    return this.#options.credit;
  }

  /** A channel to look at, until `leave`. It may not exist on chain. */
  async enter(terms: ChannelTerms): Promise<Channel> {
    const id = channelId(terms);
    const channel = this.#channels.get(id) ?? (await this.#load(id, terms));
    channel.users += 1;
    // The one that was used last comes last.
    this.#channels.delete(id);
    this.#channels.set(id, channel);
    return channel;
  }

  /** The highest voucher that was shown for a channel, if that is in memory. */
  bestOf(terms: ChannelTerms): SignedVoucher | undefined {
    return this.#channels.get(channelId(terms))?.best;
  }

  leave(channel: Channel): void {
    channel.users -= 1;
    if (this.#channels.size > MAX_IDLE) this.#forgetIdle();
  }

  #load(id: string, terms: ChannelTerms): Promise<Channel> {
    const loading = this.#loading.get(id) ?? this.#read(id, terms);
    this.#loading.set(id, loading);
    return loading.finally(() => this.#loading.delete(id));
  }

  async #read(id: string, terms: ChannelTerms): Promise<Channel> {
    const { store, reader } = this.#options;
    const [stored, onChain] = await Promise.all([store.load(id), reader.read(id)]);
    const counts = { reserved: 0n, charging: 0, doubtful: 0n, users: 0 };
    const state = { onChain, readAtMs: Date.now(), ...counts };
    const channel = { id, terms, ...stored, ...state, unsaved: new Map<bigint, SignedVoucher>() };
    this.#channels.set(id, channel);
    await store.noteOnChain(id, onChain);
    return channel;
  }

  #forgetIdle(): void {
    for (const [id, { users }] of this.#channels) {
      if (users > 0) continue;
      this.#channels.delete(id);
      return;
    }
  }

  /** Takes a voucher whose signature was checked. One lower than the best may still become the highest that is covered. */
  take(channel: Channel, voucher: SignedVoucher): void {
    const { best, unsaved, onChain } = channel;
    if (best === voucher) return;
    if (best === undefined || best.cumulative < voucher.cumulative) channel.best = voucher;
    if (voucher.cumulative <= onChain.claimed) return;
    unsaved.set(voucher.cumulative, voucher);
    if (unsaved.size > MAX_UNSAVED) unsaved.delete([...unsaved.keys()].reduce(lower));
  }

  /** Sets money of a channel aside for a request, or says what is in the way. */
  reserve(channel: Channel, maxFee: bigint): Reservation | ChannelObjection {
    const objection = objectionTo(channel, { maxFee, credit: this.credit });
    if (objection !== undefined) return objection;
    channel.reserved += maxFee;
    return new Reservation(this, channel, maxFee);
  }

  /** Journals an answer's fee with its receipt. It is charged once `settle` says that the receipt is there. */
  async charge(within: Queryable, reservation: Reservation, fee: bigint): Promise<void> {
    await this.#chargeAll(within, [{ reservation, fee }]);
  }

  /** The same for some answers, whose reservations are of this book. */
  async writeAll(within: Queryable, entries: readonly JointEntry[]): Promise<void> {
    const charges = entries.map(({ alongside, record }) => {
      if (!(alongside instanceof Reservation)) throw new TypeError("this is no reservation");
      return { reservation: alongside, fee: record.receipt.fee };
    });
    await this.#chargeAll(within, charges);
  }

  async #chargeAll(
    within: Queryable,
    charges: readonly { readonly reservation: Reservation; readonly fee: bigint }[],
  ): Promise<void> {
    for (const { reservation, fee } of charges)
      if (fee > reservation.maxFee)
        throw new Error(
          `An answer costs ${fee} wei, and was to cost ${reservation.maxFee} at most.`,
        );
    const fees = new Map<Channel, bigint>();
    for (const { reservation, fee } of charges) {
      const { channel } = reservation;
      if (reservation.journals === undefined) channel.charging += 1;
      reservation.journals = [...channel.unsaved.keys()];
      fees.set(channel, (fees.get(channel) ?? 0n) + fee);
    }
    await this.#options.store.charge(within, fees);
  }

  /** Puts a fee that was journalled in its reservation's place. */
  async settle(reservation: Reservation, fee: bigint): Promise<void> {
    const { channel, maxFee, journals } = reservation;
    if (journals === undefined) throw new Error("What was not journalled cannot be charged.");
    for (const cumulative of journals) channel.unsaved.delete(cumulative);
    channel.charging -= 1;
    channel.charged += fee;
    channel.reserved -= maxFee;
    await this.#reconcile(channel);
  }

  /**
   * Gives a reservation back: there is no answer. If its fee may be in the journal all the same, the money stays set aside until the
   * journal was asked.
   */
  async giveBack({ channel, maxFee, journals }: Reservation): Promise<void> {
    if (journals === undefined) {
      channel.reserved -= maxFee;
      return;
    }
    channel.charging -= 1;
    channel.doubtful += maxFee;
    await this.#reconcile(channel);
  }

  /** Asks the journal what was charged. Its answer is understood only while no other fee is on its way there. */
  async #reconcile(channel: Channel): Promise<void> {
    const { doubtful } = channel;
    if (doubtful === 0n || channel.charging > 0) return;
    const { charged } = await this.#options.store.load(channel.id);
    if (channel.charging > 0 || channel.doubtful !== doubtful) return;
    channel.charged = charged;
    channel.doubtful = 0n;
    channel.reserved -= doubtful;
  }

  /** Reads a channel from the chain again. */
  async refresh(channel: Channel): Promise<void> {
    channel.readAtMs = Date.now();
    channel.onChain = await this.#options.reader.read(channel.id);
    await this.#options.store.noteOnChain(channel.id, channel.onChain);
  }

  /** The same, unless that was done a moment ago. */
  async refreshIfOld(channel: Channel): Promise<void> {
    if (Date.now() - channel.readAtMs >= this.#options.rereadAfterMs) await this.refresh(channel);
  }

  /** Reads those of some channels from the chain again that are in memory or in the journal. */
  async refreshKnown(channelIds: readonly string[]): Promise<void> {
    const { store, reader } = this.#options;
    for (const id of await store.known(channelIds))
      if (!this.#channels.has(id)) await store.noteOnChain(id, await reader.read(id));
    for (const id of channelIds) {
      const channel = this.#channels.get(id);
      if (channel !== undefined) await this.refresh(channel);
    }
  }

  /** Forgets a voucher that its payer, a contract, does not stand by any more, and answers nothing more on its channel. */
  async disown(id: string, cumulative: bigint): Promise<void> {
    const channel = this.#channels.get(id);
    if (channel !== undefined) channel.isRetired = true;
    await this.#options.store.disown(id, cumulative);
  }

  /** Closes a channel for good, as its payer asked by a voucher over exactly what it owes. */
  async retire(channel: Channel, voucher: SignedVoucher): Promise<void> {
    channel.isRetired = true;
    try {
      await this.#options.store.retire(channel, voucher);
    } catch (error) {
      channel.isRetired = false;
      throw error;
    }
  }
}

function lower(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
