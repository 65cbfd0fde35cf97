import type { ChannelTerms } from "../../sdk/channel.ts";
import type { ChannelStatusName } from "../../sdk/payments/voucher-header.ts";
import type { JointAlongside, JointWriter } from "../receipts/alongside.ts";
import type { VoucherSigner } from "./voucher-checker.ts";

/** What the chain says of a channel. */
export interface ChannelOnChain {
  readonly status: ChannelStatusName;
  /** All that was ever put in; OPG in wei. */
  readonly deposit: bigint;
  /** What the node has of it. */
  readonly claimed: bigint;
}

/** A voucher whose signature was checked. */
export interface SignedVoucher {
  readonly cumulative: bigint;
  readonly signature: string;
  readonly signedBy: VoucherSigner;
}

/** A channel to this node, as long as it is in memory. Amounts are OPG wei. */
export interface Channel {
  readonly id: string;
  readonly terms: ChannelTerms;
  onChain: ChannelOnChain;
  /** When the chain was asked last, by this process's clock. */
  readAtMs: number;
  /** Fees of its answers in all: what is journalled. */
  charged: bigint;
  /** Most that answers under way may cost. */
  reserved: bigint;
  /** Whether it was closed by both: nothing more is answered on it. */
  isRetired: boolean;
  /** The highest voucher that was shown. */
  best: SignedVoucher | undefined;
  /** Vouchers that the journal does not have, by their amount. */
  readonly unsaved: Map<bigint, SignedVoucher>;
  /** Answers whose fee is being journalled. */
  charging: number;
  /** What is reserved for answers of which it is not known whether they were journalled. */
  doubtful: bigint;
  /** By how many requests it is looked at: it stays in memory until there are none. */
  users: number;
}

/** What a request takes of a channel while it is answered; once it is answered, the charge for it. */
export class Reservation implements JointAlongside {
  readonly writer: JointWriter;
  readonly channel: Channel;
  readonly maxFee: bigint;
  /** Amounts of the vouchers that are journalled with the answer, once that has begun. */
  journals: readonly bigint[] | undefined;

  constructor(writer: JointWriter, channel: Channel, maxFee: bigint) {
    this.writer = writer;
    this.channel = channel;
    this.maxFee = maxFee;
  }
}

/** What keeps a request from being answered. */
export type ChannelObjection =
  "channel_unknown" | "channel_closing" | "channel_closed" | "deposit_too_low" | "voucher_too_low";

/**
 * Whether a channel can stand in for one more answer: its money on chain for all of it, and its voucher for all but what it may owe.
 * Everything that is under way counts as if it cost the most, so that requests side by side cannot spend anything twice.
 */
export function objectionTo(
  channel: Channel,
  { maxFee, credit }: { readonly maxFee: bigint; readonly credit: bigint },
): ChannelObjection | undefined {
  const { status, deposit } = channel.onChain;
  if (channel.isRetired || status === "closed") return "channel_closed";
  if (status === "none") return "channel_unknown";
  if (status === "closing") return "channel_closing";
  if (depositNeeded(channel, maxFee) > deposit) return "deposit_too_low";
  const voucher = channel.best?.cumulative ?? 0n;
  return cumulativeNeeded(channel, { maxFee, credit }) > voucher ? "voucher_too_low" : undefined;
}

/** What a channel has spent, and may have. */
type Spent = Pick<Channel, "charged" | "reserved">;

/** What has to be in a channel so that one more answer is given. */
export function depositNeeded({ charged, reserved }: Spent, maxFee: bigint): bigint {
  return charged + reserved + maxFee;
}

/** What a voucher has to say so that one more answer is given. */
export function cumulativeNeeded(
  channel: Spent,
  { maxFee, credit }: { readonly maxFee: bigint; readonly credit: bigint },
): bigint {
  const owed = depositNeeded(channel, maxFee) - credit;
  return owed > 0n ? owed : 0n;
}
