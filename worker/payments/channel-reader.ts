import type { Provider } from "ethers";
import { CHANNEL_STATUSES } from "../../sdk/payments/voucher-header.ts";
import type { FeeEscrow } from "../../typechain-types/index.js";
import type { ChannelOnChain } from "./channel.ts";

export interface ChannelReaderOptions {
  readonly escrow: Pick<FeeEscrow, "channelOf">;
  readonly provider: Pick<Provider, "getBlockNumber">;
  /** Blocks that must include and follow what is relied on, itself counted. */
  readonly confirmations: number;
}

/** Reads channels as they are, with care. */
export class ChannelReader {
  readonly #options: ChannelReaderOptions;

  constructor(options: ChannelReaderOptions) {
    this.#options = options;
  }

  /**
   * What the node may rely on: money counts once it is confirmed, but a payer who wants it back is believed at once.
   */
  async read(channelId: string): Promise<ChannelOnChain> {
    const { provider, confirmations } = this.#options;
    const newest = await provider.getBlockNumber();
    const [confirmed, latest] = await Promise.all([
      this.#at(channelId, Math.max(0, newest - confirmations + 1)),
      this.#at(channelId, newest),
    ]);
    const status = confirmed.status === "none" ? "none" : latest.status;
    return {
      status,
      deposit: confirmed.deposit < latest.deposit ? confirmed.deposit : latest.deposit,
      // A claim that is not confirmed yet may have to be made again.
      claimed: confirmed.claimed,
    };
  }

  async #at(channelId: string, blockTag: number): Promise<ChannelOnChain> {
    const { status, deposit, claimed } = await this.#options.escrow.channelOf(channelId, {
      blockTag,
    });
    const name = CHANNEL_STATUSES[Number(status)];
    if (name === undefined) throw new Error(`The escrow tells an unknown status ${status}.`);
    return { status: name, deposit, claimed };
  }
}
