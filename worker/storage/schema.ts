import { PAYMENTS_SCHEMA } from "../payments/schema.ts";
import { RECEIPTS_SCHEMA } from "../receipts/schema.ts";
import { VERIFIER_SCHEMA } from "../verifier/schema.ts";

/**
 * Tables of the journal. Hashes and addresses are 0x-prefixed hex text, as ethers writes them.
 *
 * `transactions` holds every transaction that was ever signed, before it was sent. Several with one nonce are the same
 * intent at rising fees: at most one of them is mined. Its subject is what it is about: a request, or an enclave's key.
 *
 * `enclave_keys` holds every key that was to be attested, from before its transaction was sent, until it counts no more.
 */
const BASE_SCHEMA = `
  CREATE TABLE IF NOT EXISTS jobs (
    request_id text PRIMARY KEY,
    state text NOT NULL,
    terms text NOT NULL,
    input bytea NOT NULL,
    opening bytea,
    output bytea,
    evidence bytea,
    shared text,
    durations_ms text,
    reason text,
    changed_at timestamptz NOT NULL DEFAULT now()
  );

  CREATE TABLE IF NOT EXISTS transactions (
    hash text PRIMARY KEY,
    subject text NOT NULL,
    purpose text NOT NULL,
    nonce bigint NOT NULL,
    raw text NOT NULL,
    outcome text,
    signed_at timestamptz NOT NULL DEFAULT now()
  );
  CREATE INDEX IF NOT EXISTS transactions_of_subject ON transactions (subject, purpose);

  CREATE TABLE IF NOT EXISTS enclave_keys (
    key text PRIMARY KEY,
    added_at timestamptz NOT NULL DEFAULT now()
  );

  CREATE TABLE IF NOT EXISTS checkpoints (
    block_number bigint PRIMARY KEY,
    block_hash text NOT NULL
  );
`;

/** Of every part that keeps something. */
export const SCHEMA = [BASE_SCHEMA, RECEIPTS_SCHEMA, PAYMENTS_SCHEMA, VERIFIER_SCHEMA].join("\n");
