import type { PGlite } from "@electric-sql/pglite";
import { getAddress, type Provider, type Wallet } from "ethers";
import type { Hono } from "hono";
import type { Logger } from "pino";
import type { Deployment } from "../../sdk/deployment.ts";
import type { Protocol } from "../../sdk/protocol.ts";
import type { Submitter } from "../chain/submitter.ts";
import type { TransactionJournal } from "../chain/transaction-journal.ts";
import type { PaymentGate } from "../gateway/payment.ts";
import { ChannelBook } from "./channel-book.ts";
import { ChannelReader } from "./channel-reader.ts";
import { ChannelStore } from "./channel-store.ts";
import { ChannelWatcher } from "./channel-watcher.ts";
import { Claimer } from "./claimer.ts";
import { Closer } from "./closer.ts";
import type { PaymentsConfig, VouchersConfig, X402Config } from "./config.ts";
import { Funder } from "./funder.ts";
import { FreeGate, PaymentGates } from "./payment-gates.ts";
import type { PaymentTerms } from "./payment-required.ts";
import { retried } from "./retried.ts";
import { createPaymentRoutes } from "./routes.ts";
import { VoucherChecker } from "./voucher-checker.ts";
import { VoucherGate } from "./voucher-gate.ts";
import { X402Gate } from "./x402-gate.ts";
import { X402Offer } from "./x402-offer.ts";
import { X402Settler } from "./x402-settler.ts";
import { X402Store } from "./x402-store.ts";

/** What payments stand on: the worker's own. */
export interface PaymentServices {
  readonly deployment: Deployment;
  readonly protocol: Pick<Protocol, "feeEscrow" | "opg">;
  readonly provider: Provider;
  /** The worker's account. */
  readonly wallet: Wallet;
  /** The node that is paid: the operator. */
  readonly operator: string;
  readonly database: PGlite;
  readonly submitter: Pick<Submitter, "sign" | "confirm">;
  readonly transactions: TransactionJournal;
  readonly confirmations: number;
  readonly pollingIntervalMs: number;
  readonly log: Logger;
  /** Ends what runs, and what waits for the chain. */
  readonly signal: AbortSignal;
}

/** How a node is paid for what it answers over HTTP. */
export interface Payments {
  readonly gate: PaymentGate;
  /** To be mounted on the gateway's app, at its root; none if no channels are taken. */
  readonly routes: Hono | undefined;
  /** Goes on with what a process before this one began, follows the chain, and claims, until the signal. */
  readonly run: () => Promise<void>;
  /** Claims what is worth it, before the signal and after the last answer. */
  readonly claimAtEnd: () => Promise<void>;
}

/** Opens the payments of a worker. */
export async function openPayments(
  config: PaymentsConfig,
  services: PaymentServices,
): Promise<Payments> {
  if (config.free) return FREE;
  const offer = config.x402 === false ? undefined : await openOffer(config.x402, services);
  const terms = termsOf(config, services, offer);
  const x402 = offer && openX402(offer, terms, services);
  const channels =
    config.vouchers === false
      ? undefined
      : openChannels(config.vouchers, services, { terms, x402: x402?.gate });
  return {
    gate: new PaymentGates({ vouchers: channels?.gate, x402: x402?.gate, terms }),
    routes: channels?.routes,
    run: async () => {
      await Promise.all([x402?.run(), channels?.run()]);
    },
    claimAtEnd: async () => channels?.claimAtEnd(),
  };
}

const FREE: Payments = {
  gate: new FreeGate(),
  routes: undefined,
  run: () => Promise.resolve(),
  claimAtEnd: () => Promise.resolve(),
};

async function openOffer(
  config: X402Config,
  { deployment, operator, protocol }: PaymentServices,
): Promise<X402Offer> {
  const { name, version } = await protocol.opg.eip712Domain();
  const payTo = getAddress(config.payTo ?? operator);
  const { chainId, addresses } = deployment;
  return new X402Offer({ chainId, opg: addresses.opg, domain: { name, version }, payTo, config });
}

function termsOf(
  { vouchers }: PaymentsConfig,
  { deployment: { chainId, addresses }, operator }: PaymentServices,
  x402: X402Offer | undefined,
): PaymentTerms {
  if (vouchers === false) return { channels: undefined, x402 };
  const { credit, minimumDeposit } = vouchers;
  const { feeEscrow, opg } = addresses;
  const node = getAddress(operator);
  return { channels: { chainId, feeEscrow, opg, node, credit, minimumDeposit }, x402 };
}

function openX402(offer: X402Offer, terms: PaymentTerms, services: PaymentServices) {
  const { database, provider, wallet, deployment, protocol } = services;
  const store = new X402Store(database);
  const common = { ...services, chainId: deployment.chainId, store };
  const { opg } = protocol;
  const { payTo } = offer;
  const settler = new X402Settler({ ...common, account: wallet.address, payTo, opg });
  const gate = new X402Gate({ ...common, provider, offer, settler, terms });
  return { gate, run: () => retried(services, () => settler.resume()) };
}

function openChannels(
  config: VouchersConfig,
  services: PaymentServices,
  { terms, x402 }: { readonly terms: PaymentTerms; readonly x402: X402Gate | undefined },
) {
  const { deployment, protocol, provider, database, pollingIntervalMs } = services;
  const { feeEscrow: escrow, opg } = protocol;
  const node = getAddress(services.operator);
  const store = new ChannelStore(database);
  const reader = new ChannelReader({ ...services, escrow });
  const { credit } = config;
  const book = new ChannelBook({ store, reader, credit, rereadAfterMs: pollingIntervalMs });
  const checker = new VoucherChecker(deployment, provider);
  const common = { ...services, node, book, store, checker, config };
  const funder = new Funder({ ...common, escrow, opg });
  const claimer = new Claimer({ ...common, escrow });
  const onChange = () => {
    claimer.wake();
  };
  const { addresses } = deployment;
  const watcher = new ChannelWatcher({ ...common, escrow: addresses.feeEscrow, onChange });
  return {
    gate: new VoucherGate({ ...common, funder, terms, x402 }),
    routes: createPaymentRoutes({ ...common, closer: new Closer(common) }),
    run: async () => {
      await Promise.all([retried(services, () => funder.resume()), watcher.run(), claimer.run()]);
    },
    claimAtEnd: () => claimer.claim({ isEnd: true }),
  };
}
