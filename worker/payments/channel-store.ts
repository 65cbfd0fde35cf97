import type { PGlite } from "@electric-sql/pglite";
import { z } from "zod";
import { CHANNEL_STATUSES } from "../../sdk/payments/voucher-header.ts";
import type { Queryable } from "../storage/database.ts";
import type { Channel, ChannelOnChain, SignedVoucher } from "./channel.ts";

const wei = z.coerce.bigint();

const channelRow = z.object({
  charged: wei,
  status: z.enum(CHANNEL_STATUSES),
  deposit: wei,
  claimed: wei,
  retired: z.boolean(),
});

const voucherRow = z.object({
  cumulative: wei,
  signature: z.string(),
  by_contract: z.boolean(),
});

const claimableRow = voucherRow.extend({ channel_id: z.string(), payer: z.string(), salt: wei });

/** What the journal knows of a channel. */
export interface StoredChannel {
  readonly charged: bigint;
  readonly isRetired: boolean;
  readonly best: SignedVoucher | undefined;
}

/** A voucher that is good for money now. */
export interface ClaimableVoucher extends SignedVoucher {
  readonly channelId: string;
  readonly payer: string;
  readonly salt: bigint;
}

/** The journal of channels: what their answers cost, and the vouchers for it. */
export class ChannelStore {
  readonly #database: PGlite;

  constructor(database: PGlite) {
    this.#database = database;
  }

  async load(channelId: string): Promise<StoredChannel> {
    const { rows } = await this.#database.query("SELECT * FROM channels WHERE channel_id = $1", [
      channelId,
    ]);
    if (rows.length === 0) return { charged: 0n, isRetired: false, best: undefined };
    const { charged, retired } = channelRow.parse(rows[0]);
    const vouchers = await this.#database.query(
      `SELECT cumulative, signature, by_contract FROM channel_vouchers
       WHERE channel_id = $1 ORDER BY cumulative DESC LIMIT 1`,
      [channelId],
    );
    const best = vouchers.rows.map(voucherOf).at(0);
    return { charged, isRetired: retired, best };
  }

  /**
   * Adds fees of answers to what their channels were charged, and the vouchers that came for them, within the database transaction of
   * the answers' receipts.
   */
  async charge(within: Queryable, fees: ReadonlyMap<Channel, bigint>): Promise<void> {
    const channels = [...fees.keys()];
    await within.query(
      `INSERT INTO channels (channel_id, payer, salt, charged, status, deposit, claimed)
       SELECT * FROM unnest($1::text[], $2::text[], $3::numeric[], $4::numeric[], $5::text[],
         $6::numeric[], $7::numeric[])
       ON CONFLICT (channel_id) DO UPDATE SET charged = channels.charged + excluded.charged`,
      [
        channels.map(({ id }) => id),
        channels.map(({ terms }) => terms.payer),
        channels.map(({ terms }) => String(terms.salt)),
        [...fees.values()].map(String),
        channels.map(({ onChain }) => onChain.status),
        channels.map(({ onChain }) => String(onChain.deposit)),
        channels.map(({ onChain }) => String(onChain.claimed)),
      ],
    );
    const vouchers = channels.flatMap(({ id, unsaved }) =>
      [...unsaved.values()].map((voucher) => ({ channelId: id, ...voucher })),
    );
    await saveVouchers(within, vouchers);
  }

  /** Notes what the chain says of a channel, if there is anything to remember about it. */
  async noteOnChain(
    channelId: string,
    { status, deposit, claimed }: ChannelOnChain,
  ): Promise<void> {
    await this.#database.query(
      `UPDATE channels SET status = $2, deposit = $3, claimed = $4
       WHERE channel_id = $1 AND (status, deposit, claimed) <> ($2, $3::numeric, $4::numeric)`,
      [channelId, status, String(deposit), String(claimed)],
    );
  }

  /** Notes that a channel is closed by both, with the voucher that its payer gave for it; nothing is answered on it from then on. */
  async retire(channel: Channel, voucher: SignedVoucher): Promise<void> {
    await this.#database.transaction(async (within) => {
      await this.charge(within, new Map([[channel, 0n]]));
      await saveVouchers(within, [{ channelId: channel.id, ...voucher }]);
      await within.query("UPDATE channels SET retired = true WHERE channel_id = $1", [channel.id]);
    });
  }

  /** Forgets a voucher that does not count, and notes that nothing is answered on its channel any more. */
  async disown(channelId: string, cumulative: bigint): Promise<void> {
    await this.#database.transaction(async (within) => {
      await within.query(
        "DELETE FROM channel_vouchers WHERE channel_id = $1 AND cumulative = $2 AND by_contract",
        [channelId, String(cumulative)],
      );
      await within.query("UPDATE channels SET retired = true WHERE channel_id = $1", [channelId]);
    });
  }

  /** Those of some channels that are in the journal. */
  async known(channelIds: readonly string[]): Promise<readonly string[]> {
    const { rows } = await this.#database.query<{ channel_id: string }>(
      "SELECT channel_id FROM channels WHERE channel_id = ANY($1)",
      [channelIds],
    );
    return rows.map(({ channel_id }) => channel_id);
  }

  /**
   * The most valuable vouchers that may be claimed: the highest of each channel that `charged` and the deposit cover. Those of closing
   * channels come first, and count from `closing` wei on, others from `open` wei on.
   */
  async claimable(
    { open, closing }: { readonly open: bigint; readonly closing: bigint },
    limit: number,
  ): Promise<readonly ClaimableVoucher[]> {
    const { rows } = await this.#database.query(
      `SELECT c.channel_id, c.payer, c.salt, v.cumulative, v.signature, v.by_contract
       FROM channels c CROSS JOIN LATERAL (
         SELECT * FROM channel_vouchers
         WHERE channel_id = c.channel_id AND cumulative <= least(c.charged, c.deposit)
         ORDER BY cumulative DESC LIMIT 1
       ) v
       WHERE c.status <> 'closed' AND c.charged > c.claimed AND v.cumulative - c.claimed >=
         CASE WHEN c.status = 'closing' THEN $2::numeric ELSE $1::numeric END
       ORDER BY c.status = 'closing' DESC, v.cumulative - c.claimed DESC LIMIT $3`,
      [String(open), String(closing), limit],
    );
    return rows.map((row) => {
      const { channel_id, payer, salt } = claimableRow.parse(row);
      return { ...voucherOf(row), channelId: channel_id, payer, salt };
    });
  }

  /** Forgets vouchers that a higher one makes worthless, and all of channels that are closed. */
  async prune(): Promise<void> {
    await this.#database.query(
      `DELETE FROM channel_vouchers v USING channels c
       WHERE v.channel_id = c.channel_id AND (c.status = 'closed' OR EXISTS (
         SELECT FROM channel_vouchers higher WHERE higher.channel_id = v.channel_id
           AND higher.cumulative > v.cumulative AND higher.cumulative <= least(c.charged, c.deposit)))`,
    );
  }

  /** Up to where the escrow's events were read. */
  async cursor(): Promise<number | undefined> {
    const { rows } = await this.#database.query<{ block_number: number }>(
      "SELECT block_number::int FROM payment_cursor",
    );
    return rows[0]?.block_number;
  }

  async moveCursor(blockNumber: number): Promise<void> {
    await this.#database.query(
      `INSERT INTO payment_cursor (block_number) VALUES ($1)
       ON CONFLICT (id) DO UPDATE SET block_number = excluded.block_number`,
      [blockNumber],
    );
  }
}

/** In one statement: requests side by side on one channel bring many at once, each with its answer. */
async function saveVouchers(
  within: Queryable,
  vouchers: readonly (SignedVoucher & { readonly channelId: string })[],
): Promise<void> {
  if (vouchers.length === 0) return;
  await within.query(
    `INSERT INTO channel_vouchers (channel_id, cumulative, signature, by_contract)
     SELECT * FROM unnest($1::text[], $2::numeric[], $3::text[], $4::boolean[])
     ON CONFLICT DO NOTHING`,
    [
      vouchers.map(({ channelId }) => channelId),
      vouchers.map(({ cumulative }) => String(cumulative)),
      vouchers.map(({ signature }) => signature),
      vouchers.map(({ signedBy }) => signedBy === "contract"),
    ],
  );
}

function voucherOf(row: unknown): SignedVoucher {
  const { cumulative, signature, by_contract } = voucherRow.parse(row);
  return { cumulative, signature, signedBy: by_contract ? "contract" : "key" };
}
