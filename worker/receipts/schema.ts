/**
 * Tables of what was answered directly.
 *
 * `receipts` holds every answer, from before it left. A signer's numbers follow each other; `leaf` is what stands for the receipt
 * in its batch.
 *
 * `receipt_signers` holds who has signed, and the first number that is in no batch.
 *
 * `enclave_orders` holds what an enclave was asked, from before it could sign an answer until that is a receipt: an answer that a
 * crash has kept from coming here can be asked for again, and leaves no gap.
 *
 * `batches` holds receipts' batches from the moment their bounds are fixed.
 *
 * `demands` holds what was demanded of batches and what came of it; `demands_read` the block up to which the chain was read for it.
 */
export const RECEIPTS_SCHEMA = `
  CREATE TABLE IF NOT EXISTS receipts (
    request_id text PRIMARY KEY,
    signer text NOT NULL,
    seq bigint NOT NULL,
    model_id text NOT NULL,
    leaf text NOT NULL,
    fee numeric(39) NOT NULL,
    completed_at bigint NOT NULL,
    details text NOT NULL,
    input bytea NOT NULL,
    output bytea NOT NULL,
    evidence bytea,
    finish_reason text,
    journalled_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (signer, seq)
  );

  CREATE TABLE IF NOT EXISTS receipt_signers (
    signer text PRIMARY KEY,
    unbatched_seq bigint NOT NULL DEFAULT 0
  );

  CREATE TABLE IF NOT EXISTS enclave_orders (
    request_id text PRIMARY KEY,
    key text NOT NULL,
    details text NOT NULL,
    input bytea NOT NULL
  );

  CREATE TABLE IF NOT EXISTS batches (
    batch_id text PRIMARY KEY,
    state text NOT NULL,
    signer text NOT NULL,
    first_seq bigint NOT NULL,
    count int NOT NULL,
    batch text NOT NULL,
    has_leaves boolean NOT NULL,
    signature text,
    transaction_hash text,
    reason text,
    changed_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (signer, first_seq)
  );

  CREATE TABLE IF NOT EXISTS demands (
    batch_id text NOT NULL,
    index int NOT NULL,
    kind text NOT NULL,
    deadline bigint NOT NULL,
    state text NOT NULL,
    PRIMARY KEY (batch_id, index, kind)
  );

  CREATE TABLE IF NOT EXISTS demands_read (
    block_number bigint PRIMARY KEY
  );
`;
