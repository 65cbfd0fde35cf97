import type { PGlite } from "@electric-sql/pglite";
import type { Logger } from "pino";
import { ChainWatcher } from "../chain/chain-watcher.ts";
import { CheckpointStore } from "../chain/checkpoints.ts";
import { Submitter } from "../chain/submitter.ts";
import { TransactionJournal } from "../chain/transaction-journal.ts";
import { WorkerEvents } from "../events.ts";
import { claimDataFolder } from "../storage/data-folder.ts";
import { openDatabase } from "../storage/database.ts";
import { ActionRunner } from "./action-runner.ts";
import { ActionStore } from "./action-store.ts";
import { BatchInspector } from "./batch-inspector.ts";
import { BatchRunner } from "./batch-runner.ts";
import { BatchStore } from "./batch-store.ts";
import { BatchReader } from "./chain/batch-reader.ts";
import { LedgerView } from "./chain/ledger-view.ts";
import type { VerifierConfig } from "./config.ts";
import { EvidenceKeeper } from "./evidence-keeper.ts";
import { ObligationKeeper } from "./obligation-keeper.ts";
import { ReceiptMemory } from "./receipt-memory.ts";
import { EvidenceFolder } from "./source/evidence-folder.ts";
import { createNodeClient } from "./source/node-client.ts";
import { Verifier } from "./verifier.ts";
import { verifierPreflight, type VerifierGround } from "./verifier-preflight.ts";

/** A node that checks what other nodes commit. */
export interface VerifierNode {
  /** Account that sends the node's transactions. */
  readonly account: string;
  /** Ids of the models whose answers it computes again. */
  readonly modelIds: readonly string[];
  readonly batches: Pick<BatchStore, "get">;
  readonly actions: Pick<ActionStore, "of">;
  readonly events: WorkerEvents;
  /** Stops following the chain and closes everything. What is left goes on next time. */
  readonly stop: () => Promise<void>;
}

export interface VerifierDependencies {
  readonly log: Logger;
  /** Password of the key file, if it is a key store. */
  readonly password?: string;
  /** To listen from the very start. */
  readonly events?: WorkerEvents;
}

/** What the parts of a verifier share. */
interface Services {
  readonly config: VerifierConfig;
  readonly ground: VerifierGround;
  readonly database: PGlite;
  readonly transactions: TransactionJournal;
  readonly events: WorkerEvents;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * Builds every service of a verifier, hands them to each other, and starts them. The only place that knows all of them.
 *
 * @throws OpenGradientError or ZkmlError for everything that would keep it from its work; nothing runs then.
 */
export async function startVerifier(
  config: VerifierConfig,
  { log, password, events = new WorkerEvents() }: VerifierDependencies,
): Promise<VerifierNode> {
  // Closed last to first, here if something fails, by `stop` otherwise.
  await using resources = new AsyncDisposableStack();
  const ground = await verifierPreflight(config, password);
  const { wallet, provider, models } = ground;
  resources.adopt(provider, (it) => {
    it.destroy();
  });
  const folder = await claimDataFolder(config.dataFolder);
  resources.defer(folder.release);
  const database = await openDatabase(folder.path);
  resources.defer(() => database.close());

  const stopping = new AbortController();
  const transactions = new TransactionJournal(database);
  const shared = { config, ground, database, transactions, events, log };
  const services: Services = { ...shared, signal: stopping.signal };
  const batches = new BatchStore(database, events);
  const actions = openActions(services);
  const running = [
    openFollower(services, batches).run(),
    openVerifier(services, { batches, actions }).run(),
  ];
  resources.defer(async () => {
    stopping.abort();
    await Promise.all(running);
  });
  const opened = resources.move();
  return {
    ...{ account: wallet.address, modelIds: [...models.keys()], batches, actions, events },
    stop: () => opened.disposeAsync(),
  };
}

function openActions({ config, database, transactions, events }: Services): ActionStore {
  const { bonds, gasPerDay } = config.budget;
  const attested = config.attestation.mostAtOnce;
  const budget = { bonds, gasPerDay, attested, maxFeePerGas: config.maxFeePerGasGwei };
  return new ActionStore({ database, transactions, events, budget });
}

/** Follows the ledger's batches. */
function openFollower(
  { config, ground, database, events, log, signal }: Services,
  batches: BatchStore,
): ChainWatcher<Awaited<ReturnType<BatchReader["read"]>>[number]> {
  const { provider, deployment } = ground;
  const { operator, confirmations, pollingIntervalMs } = config;
  const ledger = deployment.addresses.receiptLedger;
  return new ChainWatcher({
    ...{ provider, events, log, confirmations, pollingIntervalMs, signal },
    reader: new BatchReader({ provider, ledger, operator, log }),
    checkpoints: new CheckpointStore(database),
    jobs: batches,
    startBlock: deployment.startBlock,
  });
}

/** Looks after the batches that were found. */
function openVerifier(
  services: Services,
  { batches, actions }: { readonly batches: BatchStore; readonly actions: ActionStore },
): Verifier {
  const { config, ground, database, log, signal } = services;
  const { operator, attestation, budget, memoryDays, concurrency, pollingIntervalMs } = config;
  const memory = new ReceiptMemory(database);
  const ledger = new LedgerView(ground);
  const account = ground.wallet.address;
  const graceSeconds = BigInt(attestation.graceSeconds);
  const runner = new BatchRunner({
    ...{ batches, actions, ledger, operator },
    runner: openRunner(services, actions),
    keeper: new ObligationKeeper({ actions, ledger, operator, account, graceSeconds }),
    inspector: openInspector(services, { ledger, memory }),
    weight: attestation.weight,
    demandsPerBatch: budget.demandsPerBatch,
    convictionsPerBatch: budget.convictionsPerBatch,
    patienceMs: config.nodes.patienceMs,
  });
  const evidence = openEvidence(services, { memory, batches, actions });
  const pace = { memoryDays, concurrency, pollingIntervalMs };
  return new Verifier({ ...pace, batches, runner, evidence, memory, log, signal });
}

function openRunner(services: Services, actions: ActionStore): ActionRunner {
  const { config, ground, transactions, events, log, signal } = services;
  const { confirmations, pollingIntervalMs, bumpAfterMs } = config;
  const { wallet, provider, deployment } = ground;
  const submitter = new Submitter({
    ...{ wallet, provider, events, log, signal, confirmations, pollingIntervalMs, bumpAfterMs },
    chainId: deployment.chainId,
    journal: transactions,
    maxFeePerGas: config.maxFeePerGasGwei,
  });
  const ledger = deployment.addresses.receiptLedger;
  return new ActionRunner({ actions, submitter, transactions, provider, ledger, log });
}

function openInspector(
  { config, ground, log, signal }: Services,
  { ledger, memory }: { readonly ledger: LedgerView; readonly memory: ReceiptMemory },
): BatchInspector {
  const { timeoutMs, maxBytes, batchTimeLimitMs, privateAddresses } = config.nodes;
  const allowsPrivateAddresses = privateAddresses;
  const client = createNodeClient({ allowsPrivateAddresses, timeoutMs, maxBytes, signal });
  return new BatchInspector({
    ...{ ledger, client, memory, log, models: ground.models },
    settlement: settlementOf(ground),
    timeLimitMs: batchTimeLimitMs,
  });
}

function openEvidence(
  { config, ground, log }: Services,
  stores: {
    readonly memory: ReceiptMemory;
    readonly batches: BatchStore;
    readonly actions: ActionStore;
  },
): EvidenceKeeper | undefined {
  if (config.evidenceFolder === undefined) return undefined;
  const folder = new EvidenceFolder(config.evidenceFolder, settlementOf(ground), log);
  return new EvidenceKeeper({ ...stores, folder, log });
}

function settlementOf({ deployment }: VerifierGround) {
  return { chainId: deployment.chainId, settledBy: deployment.addresses.receiptLedger };
}
