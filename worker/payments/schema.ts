/**
 * Tables of payments. Amounts are OPG wei.
 *
 * `channels` holds what a channel's answers cost in all (`charged`), which is written in one transaction with each answer's receipt,
 * and what the chain said of it last. `retired` ones were closed by both: the node answers nothing more on them.
 *
 * `channel_vouchers` holds vouchers that can still be worth something: the highest that `charged` covers, which may be claimed, and
 * those above, which may once more is charged.
 *
 * `x402_payments` holds authorisations that stand for answers. At most one that is owed or settled stands for an answer, and one
 * authorisation for one answer only. Where all of an answer's failed and a channel paid in their place, that is a settled one too.
 *
 * `payment_cursor` tells up to where the escrow's events were read.
 */
export const PAYMENTS_SCHEMA = `
  CREATE TABLE IF NOT EXISTS channels (
    channel_id text PRIMARY KEY,
    payer text NOT NULL,
    salt numeric NOT NULL,
    charged numeric NOT NULL,
    status text NOT NULL,
    deposit numeric NOT NULL,
    claimed numeric NOT NULL,
    retired boolean NOT NULL DEFAULT false
  );
  CREATE INDEX IF NOT EXISTS channels_unclaimed ON channels (channel_id)
    WHERE status <> 'closed' AND charged > claimed;

  CREATE TABLE IF NOT EXISTS channel_vouchers (
    channel_id text NOT NULL,
    cumulative numeric NOT NULL,
    signature text NOT NULL,
    by_contract boolean NOT NULL,
    PRIMARY KEY (channel_id, cumulative)
  );

  CREATE TABLE IF NOT EXISTS x402_payments (
    payment_id text PRIMARY KEY,
    request_id text NOT NULL,
    payer text NOT NULL,
    nonce text NOT NULL,
    amount numeric NOT NULL,
    binding text NOT NULL,
    evidence text NOT NULL,
    state text NOT NULL,
    seen_at_block bigint NOT NULL,
    transaction_hash text,
    added_at timestamptz NOT NULL DEFAULT now()
  );
  CREATE INDEX IF NOT EXISTS x402_payments_of_request ON x402_payments (request_id);
  CREATE UNIQUE INDEX IF NOT EXISTS x402_payment_that_stands ON x402_payments (request_id)
    WHERE state <> 'failed';

  CREATE TABLE IF NOT EXISTS payment_cursor (
    id integer PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    block_number bigint NOT NULL
  );
`;
