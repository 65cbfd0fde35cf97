import type { Logger } from "pino";
import { createGateway } from "./gateway.ts";
import type { ReadinessCheck } from "./health.ts";
import { startGateway } from "./server.ts";
import type { EnclaveKeeper } from "../attested/enclave-keeper.ts";
import type { Submitter } from "../chain/submitter.ts";
import type { TransactionJournal } from "../chain/transaction-journal.ts";
import type { WorkerConfig } from "../config.ts";
import { openPayments } from "../payments/payments.ts";
import type { Ground } from "../preflight.ts";
import type { DirectServices } from "../receipts/open-direct.ts";

/** What a gateway stands on: the worker's own. */
export interface GatewayServices {
  readonly ground: Ground;
  readonly direct: DirectServices;
  readonly submitter: Submitter;
  readonly transactions: TransactionJournal;
  readonly keeper: EnclaveKeeper | undefined;
  readonly log: Logger;
  /** Ends what follows the chain. */
  readonly signal: AbortSignal;
}

/** A node's way out to its clients. */
export interface OpenGateway {
  /** Where it listens; undefined if the node offers nothing directly. */
  readonly url: string | undefined;
  /** Follows payments until the signal of the services. */
  readonly run: () => Promise<void>;
  /** Takes no more requests, lets those under way end, and claims what is worth it. To be called before the signal. */
  readonly close: () => Promise<void>;
}

/**
 * Opens payments and HTTP for what a node offers directly. Payments that an earlier configuration has taken are followed in any
 * case.
 *
 * @throws OpenGradientError `CONFIG_INVALID` if nobody can listen where it is to.
 */
export async function openGateway(
  { gateway: config, payments: paid, operator, ...worker }: WorkerConfig,
  { ground, direct, submitter, transactions, keeper, log, signal }: GatewayServices,
): Promise<OpenGateway> {
  const { confirmations, pollingIntervalMs } = worker;
  const { deployment, protocol, provider, wallet } = ground;
  const { desk, reader, database, settlement, node } = direct;
  const common = { deployment, protocol, provider, wallet, operator, database, submitter };
  const chain = { transactions, confirmations, pollingIntervalMs, log, signal };
  const payments = await openPayments(paid, { ...common, ...chain });
  if (desk.offers.length === 0)
    return { url: undefined, run: payments.run, close: () => Promise.resolve() };
  const gateway = createGateway({
    ...{ desk, reader, settlement, node, log },
    ...{ payments: payments.gate, limits: config.limits },
    publicUrl: config.publicUrl,
    checks: checksOf({ ground, direct, keeper }),
    extensions: payments.routes === undefined ? [] : [payments.routes],
  });
  const server = await startGateway(gateway, config);
  return {
    url: server.url,
    run: payments.run,
    close: async () => {
      await server.stop();
      await payments.claimAtEnd();
    },
  };
}

/** What answers need. */
function checksOf({
  ground: { provider },
  direct: { database, desk },
  keeper,
}: Pick<GatewayServices, "ground" | "direct" | "keeper">): Record<string, ReadinessCheck> {
  const needsEnclave = desk.offers.some(({ tier }) => tier === "Attested");
  return {
    chain: async () => {
      await provider.getBlockNumber();
    },
    database: async () => {
      await database.query("SELECT 1");
    },
    ...(needsEnclave && {
      enclave: () =>
        keeper?.standing.kind === "attested"
          ? Promise.resolve()
          : Promise.reject(new Error(keeper?.standing.reason ?? "there is no enclave")),
    }),
  };
}
