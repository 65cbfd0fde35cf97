import { isCallException, Signature } from "ethers";
import type { Logger } from "pino";
import { authorizationNonce } from "../../sdk/channel.ts";
import type { ChannelFunding } from "../../sdk/payments/voucher-header.ts";
import { describeRevert } from "../../sdk/reverts.ts";
import { FeeEscrow__factory, type FeeEscrow, type OPG } from "../../typechain-types/index.js";
import type { Submitter } from "../chain/submitter.ts";
import type { TransactionJournal } from "../chain/transaction-journal.ts";
import { GatewayError } from "../gateway/failure.ts";
import type { Channel } from "./channel.ts";
import type { ChannelBook } from "./channel-book.ts";
import type { VouchersConfig } from "./config.ts";

export interface FunderOptions {
  readonly book: ChannelBook;
  readonly submitter: Pick<Submitter, "sign" | "confirm">;
  readonly transactions: TransactionJournal;
  readonly escrow: Pick<FeeEscrow, "getAddress">;
  readonly opg: Pick<OPG, "authorizationState">;
  readonly config: Pick<VouchersConfig, "minimumDeposit" | "fundingsAtOnce">;
  readonly log: Logger;
}

const ESCROW = FeeEscrow__factory.createInterface();

/** Seconds for which an authorisation must still be good, so that its transaction can be mined in time. */
const MINING_SECONDS = 30;

/** A payment into a channel that does not come to anything: the payer has to know why. */
export class FundingRefused extends Error {}

/**
 * Brings payers' authorisations to the escrow, each once: its transaction is known by the nonce that the token will see. Signed ones
 * are journalled, and go on after a kill.
 */
export class Funder {
  readonly #options: FunderOptions;
  /** By the authorisation's nonce: whoever brings the same again waits for the same. */
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(options: FunderOptions) {
    this.#options = options;
  }

  /**
   * Opens or funds a channel, and waits until that is confirmed.
   *
   * @throws FundingRefused, or GatewayError 503 if there is too much to do already.
   */
  async fund(channel: Channel, funding: ChannelFunding): Promise<void> {
    const nonce = authorizationNonce(channel.id, funding.nonceSalt);
    const underWay = this.#underWay.get(nonce) ?? this.#start(channel, funding, nonce);
    await underWay;
    await this.#options.book.refresh(channel);
  }

  /** Goes on with what a process before this one has signed. */
  async resume(): Promise<void> {
    const { transactions, submitter } = this.#options;
    for (const subject of await transactions.pendingSubjects("fund"))
      await submitter.confirm({ subject, purpose: "fund" });
  }

  #start(channel: Channel, funding: ChannelFunding, nonce: string): Promise<void> {
    if (this.#underWay.size >= this.#options.config.fundingsAtOnce)
      throw new GatewayError(503, "busy", "Too many channels are being opened. Ask again later.", {
        headers: { "Retry-After": "5" },
      });
    const started = this.#bring(channel, funding, nonce).finally(() =>
      this.#underWay.delete(nonce),
    );
    this.#underWay.set(nonce, started);
    return started;
  }

  async #bring(channel: Channel, funding: ChannelFunding, nonce: string): Promise<void> {
    const { submitter, opg, log } = this.#options;
    const intent = { subject: nonce, purpose: "fund" } as const;
    // Signed before, by a request that nobody waits for any more: it is in the chain then, or comes there.
    if ((await submitter.confirm(intent)) === "mined") return;
    if (await opg.authorizationState(channel.terms.payer, nonce)) return;
    this.#requireWorth(funding);
    await this.#sign(channel, funding, nonce);
    const outcome = await submitter.confirm(intent);
    log.info({ channel: channel.id, outcome }, "A channel was funded for its payer.");
    if (outcome !== "mined")
      throw new FundingRefused("The authorisation was refused when it was mined.");
  }

  #requireWorth({ amount, validBefore }: ChannelFunding): void {
    const { minimumDeposit } = this.#options.config;
    if (amount < minimumDeposit)
      throw new FundingRefused(`The node brings ${minimumDeposit} wei or more to a channel.`);
    if (validBefore < BigInt(Math.floor(Date.now() / 1_000) + MINING_SECONDS))
      throw new FundingRefused("The authorisation ends too soon to be brought to the chain.");
  }

  async #sign(channel: Channel, funding: ChannelFunding, subject: string): Promise<void> {
    const { submitter, transactions, escrow } = this.#options;
    const data = callOf(channel, funding);
    const intent = { subject, purpose: "fund", to: await escrow.getAddress(), data } as const;
    try {
      await submitter.sign(intent, (signed) => transactions.record(signed));
    } catch (error) {
      if (!isCallException(error)) throw error;
      const reason = describeRevert(error) ?? "it reverts";
      throw new FundingRefused(`The authorisation is refused: ${reason}.`, { cause: error });
    }
  }
}

function callOf({ terms, onChain }: Channel, funding: ChannelFunding): string {
  const { payer, node, salt } = terms;
  const { amount, validAfter, validBefore, nonceSalt } = funding;
  const { v, r, s } = signatureOf(funding);
  const authorization = { validAfter, validBefore, nonceSalt, v, r, s };
  const values = [payer, node, salt, amount, authorization] as const;
  return onChain.status === "none"
    ? ESCROW.encodeFunctionData("openChannelWithAuthorization", [...values])
    : ESCROW.encodeFunctionData("fundChannelWithAuthorization", [...values]);
}

function signatureOf({ signature }: ChannelFunding): Signature {
  try {
    return Signature.from(signature);
  } catch (cause) {
    throw new FundingRefused("The authorisation's signature is none of a key.", { cause });
  }
}
