import { setTimeout } from "node:timers/promises";
import type { Logger } from "pino";
import type { DirectOffer } from "./direct-answer.ts";
import { AttestedEngine } from "./engines/attested-engine.ts";
import { RuntimeEngine } from "./engines/runtime-engine.ts";
import { TensorEngine } from "./engines/tensor-engine.ts";
import type { EnclaveOrders } from "./enclave-orders.ts";
import type { DirectEngine } from "./engine.ts";
import { offersOf, type ServedOffer } from "./offers.ts";
import type { ReceiptJournal } from "./receipt-journal.ts";
import type { EnclaveKeeper } from "../attested/enclave-keeper.ts";
import type { WorkerConfig } from "../config.ts";
import { SteadyClock } from "../enclave/clock.ts";
import { closeModels, loadModels } from "../enclave/models.ts";
import type { LanguageModel, ProvenModel } from "../models/served-models.ts";
import type { Ground } from "../preflight.ts";
import type { Prover } from "../prover/prover.ts";
import type { Runtime } from "../runtimes/runtime.ts";
import type { Settlement } from "../../sdk/receipt.ts";

export interface EngineServices {
  readonly ground: Ground;
  readonly prover: Prover | undefined;
  readonly keeper: EnclaveKeeper | undefined;
  readonly journal: ReceiptJournal;
  readonly orders: EnclaveOrders;
  readonly settlement: Settlement;
  /** The operator. */
  readonly node: string;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** What computes answers. */
export interface Engines {
  readonly engines: readonly DirectEngine[];
  /** Looks after answers that were signed and did not come here. */
  readonly run: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Builds what answers the configured offers, and loads the models that run in this process. */
export async function openEngines(
  config: WorkerConfig,
  services: EngineServices,
): Promise<Engines> {
  const { ground, node } = services;
  const models = ground.servedModels;
  const offers = offersOf(config.direct?.offers ?? [], { models, node });
  const clock = new SteadyClock();
  const runtimes = await loadRuntimes(offers);
  const engines: DirectEngine[] = [new RuntimeEngine({ runtimes, clock })];
  const tensors = new Map(offers.flatMap((it) => provenOf(it)));
  const { prover, settlement } = services;
  if (prover !== undefined)
    engines.push(new TensorEngine({ models: tensors, prover, settlement, clock }));
  const attested = openAttested(offers, services);
  if (attested !== undefined) engines.push(attested);
  else
    for (const { requestId } of await services.orders.all())
      await services.orders.remove(requestId);
  return {
    engines,
    run: async () => {
      if (attested !== undefined) await keepRecovering(attested, config, services);
    },
    close: () => closeModels([...runtimes.values()]),
  };
}

function openAttested(
  offers: readonly ServedOffer[],
  { keeper, ...services }: EngineServices,
): AttestedEngine | undefined {
  if (keeper === undefined) return undefined;
  const models = new Map(
    offers.flatMap((it) => (it.offer.tier === "Attested" ? languageOf(it) : [])),
  );
  return new AttestedEngine({ ...services, models, keeper });
}

/** Until stopped. */
async function keepRecovering(
  engine: AttestedEngine,
  { enclaveCheckIntervalMs }: WorkerConfig,
  { log, signal }: EngineServices,
): Promise<void> {
  const isStopped = () => signal.aborted;
  while (!isStopped()) {
    try {
      await engine.recover();
    } catch (error) {
      if (!isStopped())
        log.warn({ error: String(error) }, "The enclave could not be asked for its last answers.");
    }
    await setTimeout(enclaveCheckIntervalMs, undefined, { signal }).catch(() => undefined);
  }
}

/** Runtimes of the language models that the node signs for itself. */
async function loadRuntimes(
  offers: readonly ServedOffer[],
): Promise<ReadonlyMap<DirectOffer, Runtime>> {
  const own = offers.filter(
    ({ offer, model }) => model.kind === "language" && offer.tier === "Signed",
  );
  const options = own.map(({ config: { folder, runtime } }) => ({ folder, ...runtime }));
  const runtimes = await loadModels(options);
  return new Map(
    runtimes.flatMap((runtime, index) => {
      const offer = own[index]?.offer;
      return offer === undefined ? [] : [[offer, runtime] as const];
    }),
  );
}

function languageOf({ offer, model }: ServedOffer): [DirectOffer, LanguageModel][] {
  return model.kind === "language" ? [[offer, model]] : [];
}

function provenOf({ offer, model }: ServedOffer): [DirectOffer, ProvenModel][] {
  return model.kind === "proven" ? [[offer, model]] : [];
}
