import type { JsonRpcProvider } from "ethers";
import type { Logger } from "pino";
import { ChainWatcher } from "./chain/chain-watcher.ts";
import { CheckpointStore } from "./chain/checkpoints.ts";
import { RequestReader } from "./chain/request-reader.ts";
import { Submitter } from "./chain/submitter.ts";
import { TransactionJournal } from "./chain/transaction-journal.ts";
import type { WorkerConfig } from "./config.ts";
import type { EnclaveIdentity } from "./enclave/protocol.ts";
import { WorkerEvents } from "./events.ts";
import {
  leaveAttestedTier,
  openAttestedTier,
  type AttestedTierServices,
} from "./attested/attested-tier.ts";
import type { EnclaveKeeper } from "./attested/enclave-keeper.ts";
import { Answerers, type Answerer } from "./jobs/answerer.ts";
import { JobQueue } from "./jobs/job-queue.ts";
import { JobRunner } from "./jobs/job-runner.ts";
import { JobStore } from "./jobs/job-store.ts";
import { Openings } from "./models/openings.ts";
import { preflight } from "./preflight.ts";
import { Prover, type ProverOptions } from "./prover/prover.ts";
import { claimDataFolder } from "./storage/data-folder.ts";
import { openDatabase } from "./storage/database.ts";
import { openGateway } from "./gateway/open-gateway.ts";
import { openDirectTier, type DirectServices } from "./receipts/open-direct.ts";
import { createProver } from "../zkml/prove/provers/create-prover.ts";

/** A node that serves requests of the market. */
export interface Worker {
  /** Account that sends the node's transactions. */
  readonly account: string;
  /** Who the enclave is that answers for language models, if there are any. */
  readonly enclave: EnclaveIdentity | undefined;
  /** Ids of the models that the node serves. */
  readonly modelIds: readonly string[];
  readonly jobs: Pick<JobStore, "get">;
  readonly events: WorkerEvents;
  /** What the gateway serves. */
  readonly direct: DirectServices;
  /** Where the gateway listens; undefined if the node offers nothing directly. */
  readonly gatewayUrl: string | undefined;
  /** Stops following the chain, waits for steps that can end soon, and closes everything. What is left goes on next time. */
  readonly stop: () => Promise<void>;
}

export interface WorkerDependencies {
  readonly log: Logger;
  /** Password of the key file, if it is a key store. */
  readonly password?: string;
  /** To listen from the very start. */
  readonly events?: WorkerEvents;
}

/**
 * Builds every service of a worker, hands them to each other, and starts them. The only place that knows all of them.
 *
 * @throws OpenGradientError or ZkmlError for everything that would keep the node from serving; nothing runs then.
 */
export async function startWorker(
  config: WorkerConfig,
  { log, password, events = new WorkerEvents() }: WorkerDependencies,
): Promise<Worker> {
  // Closed last to first, here if something fails, by `stop` otherwise.
  await using resources = new AsyncDisposableStack();
  const { operator, confirmations, pollingIntervalMs } = config;
  const ground = await preflight(config, password);
  const { deployment, wallet, provider, protocol } = ground;
  resources.adopt(provider, destroy);
  const journal = await openJournal(config.dataFolder, { events, log, resources });
  const { jobs, queue, transactions, checkpoints } = journal;

  const stopping = new AbortController();
  const { signal } = stopping;
  const common = { provider, events, log, confirmations, pollingIntervalMs, signal };
  const { bumpAfterMs, maxFeePerGasGwei: maxFeePerGas } = config;
  const sending = { chainId: deployment.chainId, journal: transactions, bumpAfterMs, maxFeePerGas };
  const submitter = new Submitter({ ...common, wallet, ...sending });
  const attested = { ground, ...journal, submitter, events, log, signal };
  const tiers = await openTiers(config, attested, resources);
  const direct = resources.adopt(
    await openDirectTier(config, { ...attested, transactions, ...tiers }),
    (it) => it.close(),
  );
  const answerers = new Answerers(tiers.answerers);
  const runner = new JobRunner({
    jobs,
    answerers,
    submitter,
    transactions,
    market: protocol.inferenceMarket,
    provider,
    log,
    node: operator,
    minimumFee: config.minimumFee,
    maximumCollateral: config.maximumCollateral,
  });
  const watcher = new ChainWatcher({
    ...common,
    reader: new RequestReader({ provider, deployment, answerers, log }),
    checkpoints,
    jobs,
    startBlock: deployment.startBlock,
  });

  await queue.start();
  resources.defer(() => queue.stop());
  await jobs.resume();
  await queue.serve(config.concurrency, (requestId) => runner.run(requestId));
  const gateway = await openGateway(config, { ...attested, ...tiers, transactions, direct });
  const running = [watcher.run(), tiers.run(), direct.run(), gateway.run()];
  resources.defer(follow(running, stopping));
  resources.defer(() => gateway.close());
  const opened = resources.move();
  return {
    ...{ account: wallet.address, enclave: tiers.enclave, modelIds: answerers.modelIds },
    ...{ jobs, events, direct, gatewayUrl: gateway.url, stop: () => opened.disposeAsync() },
  };
}

/** What answers requests, and what has to run meanwhile so that it can. */
interface Tiers {
  readonly answerers: readonly Answerer[];
  readonly run: () => Promise<void>;
  readonly enclave: EnclaveIdentity | undefined;
  readonly keeper: EnclaveKeeper | undefined;
  readonly prover: Prover | undefined;
}

/** Opens what the served models need. */
async function openTiers(
  config: WorkerConfig,
  services: AttestedTierServices,
  resources: AsyncDisposableStack,
): Promise<Tiers> {
  const { provenModels, languageModels, deployment } = services.ground;
  const answerers: Answerer[] = [];
  let prover: Prover | undefined;
  if (provenModels.size > 0) {
    const { log } = services;
    prover = await buildProver(config, { models: provenModels, deployment, log });
    answerers.push(resources.adopt(prover, (it) => it.stop()));
  }
  if (languageModels.size === 0 || config.enclave === undefined) {
    const run = () => leaveAttestedTier(config, services);
    return { answerers, prover, run, enclave: undefined, keeper: undefined };
  }
  const tier = resources.adopt(await openAttestedTier(config, services), (it) => it.close());
  const { answerer, identity: enclave, keeper } = tier;
  answerers.push(answerer);
  return { answerers, prover, run: () => tier.run(), enclave, keeper };
}

/** The prover of the configuration's choice, which starts to prepare. */
async function buildProver(
  { prover: name, rapidsnark, residentKeys, operator: node, openings: folder }: WorkerConfig,
  services: Pick<ProverOptions, "models" | "deployment" | "log">,
): Promise<Prover> {
  const maker = await createProver({ name, rapidsnark, maxKeys: residentKeys });
  const openings = new Openings(folder, services.log);
  const prover = new Prover({ ...services, node, openings, maker, residentKeys });
  prover.prepare();
  return prover;
}

/** Waits, when it is called, for what runs all the time to end, and has every step that waits for the chain give up. */
function follow(running: readonly Promise<void>[], stopping: AbortController): () => Promise<void> {
  return async () => {
    stopping.abort();
    await Promise.all(running);
  };
}

/** Takes the data folder and opens what is stored in it. */
async function openJournal(
  dataFolder: string,
  {
    events,
    log,
    resources,
  }: { events: WorkerEvents; log: Logger; resources: AsyncDisposableStack },
) {
  const folder = await claimDataFolder(dataFolder);
  resources.defer(folder.release);
  const database = await openDatabase(folder.path);
  resources.defer(() => database.close());
  const queue = new JobQueue(database, log);
  const transactions = new TransactionJournal(database);
  const jobs = new JobStore({ database, queue, transactions, events });
  return { database, jobs, queue, transactions, checkpoints: new CheckpointStore(database) };
}

function destroy(provider: JsonRpcProvider): void {
  provider.destroy();
}
