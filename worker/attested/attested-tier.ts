import { setTimeout } from "node:timers/promises";
import type { PGlite } from "@electric-sql/pglite";
import type { Logger } from "pino";
import type { Submitter } from "../chain/submitter.ts";
import type { TransactionJournal } from "../chain/transaction-journal.ts";
import type { WorkerConfig } from "../config.ts";
import type { EnclaveIdentity } from "../enclave/protocol.ts";
import type { WorkerEvents } from "../events.ts";
import { requireGasMoney, type Ground } from "../preflight.ts";
import { AttestedAnswerer } from "./attested-answerer.ts";
import { attestationOf } from "./attestation.ts";
import { EnclaveKeeper } from "./enclave-keeper.ts";
import { readEnclaveLedger } from "./enclave-ledger.ts";
import { retireFormerKeys } from "./former-keys.ts";
import { KeyTransactions } from "./key-transactions.ts";
import { openEnclave } from "./open-enclave.ts";

export interface AttestedTierServices {
  readonly ground: Ground;
  readonly database: PGlite;
  readonly transactions: TransactionJournal;
  readonly submitter: Submitter;
  readonly events: WorkerEvents;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** What serves language models: an enclave whose key is kept attested, and what answers with it. */
export interface AttestedTier {
  readonly answerer: AttestedAnswerer;
  readonly keeper: EnclaveKeeper;
  /** Who the enclave said it was at the start. */
  readonly identity: EnclaveIdentity;
  /** Keeps the key attested until the signal of the services. */
  readonly run: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/**
 * Starts or reaches the enclave, and makes sure that nothing keeps its key from being attested. Sends nothing yet.
 *
 * @throws OpenGradientError as `EnclaveKeeper.check`.
 */
export async function openAttestedTier(
  config: WorkerConfig,
  services: AttestedTierServices,
): Promise<AttestedTier> {
  const { ground, events, log, signal } = services;
  const { operator, enclave, enclaveCheckIntervalMs: checkIntervalMs } = config;
  const { deployment, wallet, provider, protocol, languageModels } = ground;
  if (enclave === undefined) throw new Error("no enclave is configured");
  const { enclaveRegistry: registry } = protocol;
  const ledger = readEnclaveLedger(registry, provider, config.confirmations);
  const maxDcapFee = "maxDcapFee" in enclave ? enclave.maxDcapFee : 0n;
  const source = { chainId: deployment.chainId, registry, operator, ledger, maxDcapFee, signal };
  const keeper = new EnclaveKeeper({
    open: () => openEnclave(enclave, { models: [...languageModels.values()], log, signal }),
    attestationOf: (it, identity) => attestationOf(source, it, identity),
    ledger,
    transactions: keyTransactions(services),
    requireGasMoney: () =>
      requireGasMoney(provider, {
        account: wallet.address,
        maxFeePerGas: config.maxFeePerGasGwei,
        what: "attestation",
        value: maxDcapFee,
      }),
    ...{ operator, events, log, checkIntervalMs, signal },
  });
  const settlement = {
    chainId: deployment.chainId,
    settledBy: deployment.addresses.inferenceMarket,
  };
  const answerer = new AttestedAnswerer({
    ...{ models: languageModels, keeper, ledger, settlement, signal },
    node: operator,
  });
  try {
    const identity = await keeper.check();
    return { answerer, keeper, identity, run: () => keeper.run(), close: () => keeper.close() };
  } catch (error) {
    await keeper.close();
    throw error;
  }
}

/**
 * Settles what a worker with an enclave has left behind, for one that has none any more: its transactions' nonces come before
 * all others.
 */
export async function leaveAttestedTier(
  { confirmations, enclaveCheckIntervalMs }: WorkerConfig,
  services: AttestedTierServices,
): Promise<void> {
  const { ground, log, signal } = services;
  const { protocol, provider } = ground;
  const ledger = readEnclaveLedger(protocol.enclaveRegistry, provider, confirmations);
  const transactions = keyTransactions(services);
  const isStopped = () => signal.aborted;
  while (!isStopped()) {
    try {
      await retireFormerKeys({ ledger, transactions });
      return;
    } catch (error) {
      if (isStopped()) return;
      log.warn({ error: String(error) }, "A former enclave's key could not be retired yet.");
    }
    await setTimeout(enclaveCheckIntervalMs, undefined, { signal }).catch(() => undefined);
  }
}

function keyTransactions({
  ground,
  database,
  transactions,
  submitter,
}: AttestedTierServices): KeyTransactions {
  const registry = ground.deployment.addresses.enclaveRegistry;
  return new KeyTransactions({ database, transactions, submitter, registry });
}
