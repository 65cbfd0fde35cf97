import { formatEther, getAddress, type BaseWallet } from "ethers";
import type { Deployment } from "../deployment.ts";
import { OpenGradientError } from "../errors.ts";
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
  /**
   * For each node, to the wei. `perSession` is for all nodes together too: no request begins once as much was spent, and those
   * that are under way then are bounded by `perRequest`.
   */
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
  const opened = new Map<string, PayingFetch>();
  const opening = new Map<string, Promise<PayingFetch>>();

  const open = async (node: string) => {
    const paying = await createPayingFetch({ ...options, limits, node, ledger });
    opened.set(node, paying);
    return paying;
  };
  const openOnce = (node: string) => {
    const known = opening.get(node);
    if (known !== undefined) return known;
    const paying = open(node);
    opening.set(node, paying);
    paying.catch(() => opening.delete(node));
    return paying;
  };
  const spent = () => [...opened.values()].reduce((sum, paying) => sum + paying.spent(), 0n);

  return {
    payer: wallet.address,
    isPrepaid: options.payWith === "x402",
    fetchOf: async (node) => {
      requireUnspent(spent(), limits.perSession);
      return (await openOnce(node)).fetch;
    },
  };
}

function requireUnspent(spent: bigint, limit: bigint | undefined): void {
  if (limit === undefined || spent < limit) return;
  throw new OpenGradientError(
    "SPENDING_LIMIT",
    `This session has spent ${formatEther(spent)} OPG, and ${formatEther(limit)} are allowed.`,
    "Raise the limit perSession, or stop here.",
  );
}
