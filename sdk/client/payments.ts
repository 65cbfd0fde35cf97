import { getAddress, type BaseWallet } from "ethers";
import type { Deployment } from "../deployment.ts";
import type { ChannelStore } from "../payments/channel-record.ts";
import { createPayingFetch, type PayingFetch } from "../payments/paying-fetch.ts";
import type { SpendingLimits } from "../payments/spending-limits.ts";
import type { ClientPayment } from "./client.ts";

export interface PaymentsOptions {
  /** Whose OPG pays. */
  readonly wallet: BaseWallet;
  readonly deployment: Deployment;
  /** By vouchers of a channel to each node, or each answer by itself with x402; the former, unless given. */
  readonly payWith?: "voucher" | "x402";
  /** For each node, but `perSession`, which is for all together. */
  readonly limits?: Partial<SpendingLimits>;
  /** What a channel is opened and filled up with, in OPG wei. */
  readonly deposit?: bigint;
  /** Where channels are remembered; in memory, unless given. */
  readonly store?: ChannelStore;
}

/** Pays each node that a client asks: what it is paid with stays between the app and that node. */
export function createPayments({ limits = {}, ...options }: PaymentsOptions): ClientPayment {
  const { deployment, wallet } = options;
  const ledger = getAddress(deployment.addresses.receiptLedger);
  const opened = new Map<string, Promise<PayingFetch>>();
  const open = async (node: string) => {
    const paying = createPayingFetch({ ...options, limits, node, ledger });
    opened.set(node, paying);
    paying.catch(() => opened.delete(node));
    return paying;
  };
  return {
    payer: wallet.address,
    fetchOf: async (node) => (await (opened.get(node) ?? open(node))).fetch,
  };
}
