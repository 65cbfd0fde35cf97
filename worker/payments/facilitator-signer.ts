import type { toFacilitatorEvmSigner } from "@x402/evm";
import { getAddress as checksummed, isCallException, type Log, type Provider } from "ethers";
import { z } from "zod";
import {
  decodeFunctionResult,
  encodeFunctionData,
  verifyTypedData,
  type Abi,
  type Hex,
  type Log as ViemLog,
} from "viem";
import type { Submitter } from "../chain/submitter.ts";
import type { TransactionJournal } from "../chain/transaction-journal.ts";
import { paymentIdOf } from "./x402-store.ts";

/** What x402's facilitator sends and reads with. */
type FacilitatorSigner = ReturnType<typeof toFacilitatorEvmSigner>;

type ContractCall = Parameters<FacilitatorSigner["readContract"]>[0];

export interface FacilitatorSignerOptions {
  /** Account that sends the node's transactions. */
  readonly account: string;
  readonly provider: Provider;
  readonly submitter: Pick<Submitter, "sign" | "confirm">;
  readonly transactions: TransactionJournal;
}

/** The first arguments of every form of `transferWithAuthorization`. */
const transferSchema = z.tuple([
  z.string(),
  z.string(),
  z.bigint(),
  z.bigint(),
  z.bigint(),
  z.string(),
]);

/**
 * Hands x402's facilitator the node's own way to send transactions: nonces have one owner, everything is journalled before it is sent,
 * and what was sent is followed by its intent, at whatever fee it is mined.
 */
export class FacilitatorEvmSigner implements FacilitatorSigner {
  readonly #options: FacilitatorSignerOptions;
  /** Payments whose transactions are under way, by the hash under which the facilitator knows them. */
  readonly #sent = new Map<string, string>();
  #failures = 0;

  constructor(options: FacilitatorSignerOptions) {
    this.#options = options;
  }

  getAddresses(): readonly Hex[] {
    return [hexOf(this.#options.account)];
  }

  /** How often the chain did not answer. What the facilitator then takes for a bad payment may be a good one. */
  get failures(): number {
    return this.#failures;
  }

  async readContract({ address, abi, functionName, args }: ContractCall): Promise<unknown> {
    const data = encodeCall({ abi, functionName, args });
    const result = await this.#watched(this.#options.provider.call({ to: address, data }));
    return decodeFunctionResult({ abi: abiOf(abi), functionName, data: hexOf(result) });
  }

  verifyTypedData(message: Parameters<FacilitatorSigner["verifyTypedData"]>[0]): Promise<boolean> {
    // viem's types follow the message's, which are x402's business.
    return verifyTypedData(message as Parameters<typeof verifyTypedData>[0]);
  }

  async getCode({ address }: { readonly address: Hex }): Promise<Hex> {
    return hexOf(await this.#watched(this.#options.provider.getCode(address)));
  }

  sendTransaction(): Promise<Hex> {
    // Would deploy payers' wallets (ERC-6492), which is switched off: no factory is allowed.
    return Promise.reject(new Error("This facilitator sends nothing but payments."));
  }

  async writeContract({
    address,
    abi,
    functionName,
    args,
  }: Parameters<FacilitatorSigner["writeContract"]>[0]): Promise<Hex> {
    const { submitter, transactions } = this.#options;
    if (functionName !== "transferWithAuthorization")
      throw new Error("This facilitator sends nothing but payments.");
    const [from, , , , , nonce] = transferSchema.parse(args.slice(0, 6));
    const subject = paymentIdOf(from, nonce);
    const data = encodeCall({ abi, functionName, args });
    let hash = "";
    await this.#watched(
      submitter.sign({ subject, purpose: "settle", to: address, data }, async (signed) => {
        hash = signed.hash;
        await transactions.record(signed);
      }),
    );
    this.#sent.set(hash, subject);
    return hexOf(hash);
  }

  async waitForTransactionReceipt({
    hash,
  }: {
    readonly hash: Hex;
  }): Promise<{ status: string; logs: readonly ViemLog[] }> {
    const { submitter, provider } = this.#options;
    const subject = this.#sent.get(hash) ?? "";
    try {
      const outcome = await submitter.confirm({ subject, purpose: "settle" });
      const mined = outcome === "mined" ? await this.minedHash(subject) : undefined;
      const receipt = mined === undefined ? null : await provider.getTransactionReceipt(mined);
      if (receipt === null) return { status: "reverted", logs: [] };
      return { status: "success", logs: receipt.logs.map(viemLog) };
    } catch (error) {
      this.#failures += 1;
      throw error;
    } finally {
      this.#sent.delete(hash);
    }
  }

  async #watched<T>(asked: Promise<T>): Promise<T> {
    try {
      return await asked;
    } catch (error) {
      if (!isCallException(error)) this.#failures += 1;
      throw error;
    }
  }

  /** The transaction that settled a payment: one of those that were signed for it. */
  async minedHash(paymentId: string): Promise<string | undefined> {
    const { transactions, provider } = this.#options;
    for (const hash of await transactions.hashes({ subject: paymentId, purpose: "settle" })) {
      const receipt = await provider.getTransactionReceipt(hash);
      if (receipt?.status === 1) return hash;
    }
    return undefined;
  }
}

function encodeCall({
  abi,
  functionName,
  args = [],
}: Pick<ContractCall, "abi" | "functionName"> & {
  readonly args: ContractCall["args"] | undefined;
}): Hex {
  return encodeFunctionData({ abi: abiOf(abi), functionName, args });
}

/** x402 says no more of its ABIs than that they are lists; they are viem's. */
function abiOf(abi: readonly unknown[]): Abi {
  return abi as Abi;
}

function viemLog(log: Log): ViemLog {
  const [signature, ...indexed] = log.topics.map(hexOf);
  return {
    address: hexOf(checksummed(log.address)),
    blockHash: hexOf(log.blockHash),
    blockNumber: BigInt(log.blockNumber),
    data: hexOf(log.data),
    logIndex: log.index,
    transactionHash: hexOf(log.transactionHash),
    transactionIndex: log.transactionIndex,
    topics: signature === undefined ? [] : [signature, ...indexed],
    removed: log.removed,
  };
}

/** viem's type for what ethers writes as plain text. */
function hexOf(text: string): Hex {
  return `0x${text.slice(2)}`;
}
