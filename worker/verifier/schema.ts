/**
 * Tables of a verifier.
 *
 * `verified_batches` holds every batch of the chain, and what was found out about it.
 *
 * `verifier_actions` holds every call that is to be made about one, once: `leaf` is the index of the receipt that it is about,
 * or -1. `at_stake` is what it puts at risk until it is `Done`, in OPG wei.
 *
 * `verifier_spending` holds what each nonce costs at most, from before its transaction is sent, and then what it did cost.
 *
 * `known_receipts` holds receipts whose signature holds, to be held against others of the same key, and
 * `receipts_of_batches` where each is on chain.
 */
export const VERIFIER_SCHEMA = `
  CREATE TABLE IF NOT EXISTS verified_batches (
    batch_id text PRIMARY KEY,
    state text NOT NULL,
    committed text NOT NULL,
    reason text,
    found_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now()
  );

  CREATE TABLE IF NOT EXISTS verifier_actions (
    batch_id text NOT NULL,
    kind text NOT NULL,
    leaf int NOT NULL,
    state text NOT NULL,
    data text NOT NULL,
    reason text,
    at_stake numeric NOT NULL DEFAULT 0,
    PRIMARY KEY (batch_id, kind, leaf)
  );

  CREATE TABLE IF NOT EXISTS verifier_spending (
    nonce bigint PRIMARY KEY,
    cost numeric NOT NULL,
    spent_at timestamptz NOT NULL DEFAULT now()
  );

  CREATE TABLE IF NOT EXISTS known_receipts (
    signer text NOT NULL,
    receipt_hash text NOT NULL,
    seq numeric NOT NULL,
    request_id text NOT NULL,
    signed text NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (signer, receipt_hash)
  );
  CREATE INDEX IF NOT EXISTS known_receipts_by_seq ON known_receipts (signer, seq);
  CREATE INDEX IF NOT EXISTS known_receipts_by_request ON known_receipts (signer, request_id);

  CREATE TABLE IF NOT EXISTS receipts_of_batches (
    signer text NOT NULL,
    receipt_hash text NOT NULL,
    batch_id text NOT NULL,
    leaf int NOT NULL,
    path text NOT NULL,
    PRIMARY KEY (signer, receipt_hash, batch_id, leaf)
  );
`;
