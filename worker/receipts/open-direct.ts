import type { PGlite } from "@electric-sql/pglite";
import { getAddress } from "ethers";
import type { Logger } from "pino";
import { BatchDefender } from "./batch-defender.ts";
import { readDemandLedger } from "./demand-ledger.ts";
import { DemandStore } from "./demand-store.ts";
import { BatchPublisher } from "./batch-publisher.ts";
import { BatchSealer } from "./batch-sealer.ts";
import { BatchStore } from "./batch-store.ts";
import { DEFAULT_BATCH } from "./config.ts";
import { createDirectDesk } from "./create-direct-desk.ts";
import type { DirectDesk } from "./direct-desk.ts";
import { EnclaveOrders } from "./enclave-orders.ts";
import { EnclaveReceipts } from "./enclave-receipts.ts";
import { NodeSigner } from "./node-signer.ts";
import { openEngines } from "./open-engines.ts";
import { ReceiptJournal } from "./receipt-journal.ts";
import { readReceiptLedger } from "./receipt-ledger.ts";
import { ReceiptReader } from "./receipt-reader.ts";
import type { EnclaveKeeper } from "../attested/enclave-keeper.ts";
import type { Submitter } from "../chain/submitter.ts";
import type { TransactionJournal } from "../chain/transaction-journal.ts";
import type { WorkerConfig } from "../config.ts";
import type { WorkerEvents } from "../events.ts";
import type { Ground } from "../preflight.ts";
import type { Prover } from "../prover/prover.ts";
import { OpenGradientError } from "../../sdk/errors.ts";
import type { Settlement } from "../../sdk/receipt.ts";

export interface DirectTierServices {
  readonly ground: Ground;
  readonly database: PGlite;
  readonly transactions: TransactionJournal;
  readonly submitter: Submitter;
  readonly prover: Prover | undefined;
  readonly keeper: EnclaveKeeper | undefined;
  readonly events: WorkerEvents;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** What stands behind a gateway: who answers, who says what was answered, and where what belongs to an answer is journalled. */
export interface DirectServices {
  readonly desk: DirectDesk;
  readonly reader: ReceiptReader;
  readonly database: PGlite;
  /** The ledger that receipts are for. */
  readonly settlement: Settlement;
  /** The operator. */
  readonly node: string;
}

/** What answers directly, and what has to run meanwhile. */
export interface DirectTier extends DirectServices {
  /** Commits receipts and answers for them until the signal of the services. */
  readonly run: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/**
 * Opens all that serving directly takes; also what an earlier configuration has left is committed and answered for.
 *
 * @throws OpenGradientError `CONFIG_INVALID`, `NODE_NOT_REGISTERED`, or whatever keeps a model from loading.
 */
export async function openDirectTier(
  config: WorkerConfig,
  services: DirectTierServices,
): Promise<DirectTier> {
  const { ground, database, transactions, events, log, keeper } = services;
  const { deployment, wallet, protocol, provider } = ground;
  const node = getAddress(config.operator);
  if (config.direct !== undefined) await requireSigner(ground, node);
  const settlement = {
    chainId: deployment.chainId,
    settledBy: getAddress(deployment.addresses.receiptLedger),
  };
  const { confirmations } = config;
  const chain = { contract: protocol.receiptLedger, address: settlement.settledBy, provider };
  const { startBlock } = deployment;
  const ledger = readReceiptLedger({ ...chain, node, confirmations, startBlock });
  const signer = new NodeSigner(wallet, settlement);
  const leastSeq = await ledger.nextSeqOf(signer.address);
  const journal = new ReceiptJournal({ database, signer, leastSeq });
  const batches = new BatchStore({ node, database, transactions, events });
  const orders = new EnclaveOrders(database);
  const receipts = new EnclaveReceipts({ signer, keeper, orders, settlement });
  const engines = await openEngines(config, { ...services, journal, orders, settlement, node });
  const { pollingIntervalMs } = config;
  const common = { ledger, submitter: services.submitter, log, pollingIntervalMs };
  const { signal } = services;
  const publisher = new BatchPublisher({
    ...{ ...common, store: batches, transactions, signal },
    sealer: openSealer(config, { batches, receipts, ground }),
    nodeKey: signer.address,
    signatureOf: (batch) => receipts.signatureOf(batch, signal),
  });
  const defender = new BatchDefender({
    ...{ ...common, batches, startBlock, signal, prover: services.prover },
    demands: new DemandStore({ database, transactions, events }),
    ledger: readDemandLedger(chain),
  });
  return {
    desk: createDirectDesk({ engines: engines.engines, journal, settlement, node }),
    reader: new ReceiptReader({ journal, batches, settlement, node }),
    ...{ database, settlement, node },
    run: async () => {
      await Promise.all([publisher.run(), defender.run(), engines.run()]);
    },
    close: () => engines.close(),
  };
}

function openSealer(
  { direct }: WorkerConfig,
  {
    batches,
    receipts,
    ground: { protocol },
  }: {
    readonly batches: BatchStore;
    readonly receipts: EnclaveReceipts;
    readonly ground: Ground;
  },
): BatchSealer {
  const limits = direct?.batch ?? DEFAULT_BATCH;
  return new BatchSealer({
    store: batches,
    limits: { receipts: limits.receipts, ageMs: limits.seconds * 1_000, value: limits.value },
    mayFillGaps: (key) => receipts.mayFillGaps(key),
    isGone: (key) => receipts.isGone(key),
    wantsLeaves: async (modelIds) => {
      if (limits.leaves) return true;
      const policies = await Promise.all(
        [...modelIds].map((modelId) => protocol.receiptLedger.leavesNeededSince(modelId)),
      );
      // From its announcement on: nothing is gained by waiting until it applies.
      return policies.some((since) => since !== 0n);
    },
  });
}

/**
 * Makes sure that receipts will be held to be the node's: what any other key signed would convict it.
 *
 * @throws OpenGradientError `NODE_NOT_REGISTERED`.
 */
async function requireSigner({ protocol, wallet }: Ground, node: string): Promise<void> {
  const signer = await protocol.nodeRegistry.signerOf(node);
  if (signer === wallet.address) return;
  throw new OpenGradientError(
    "NODE_NOT_REGISTERED",
    `Receipts of ${node} are to be signed by ${signer}; the key file holds the key of ${wallet.address}.`,
    "Name the signer's key file, or register this account as the node's signer (opg node register).",
  );
}
