import { getBytes, id, TypedDataEncoder, type Provider } from "ethers";
import {
  channelDigest,
  channelDomain,
  type ChannelDeployment,
  type Voucher,
} from "../../sdk/channel.ts";

import { isSignedByContract } from "./erc1271.ts";
import { keccak, KnownKeys } from "./known-keys.ts";

/** Who signed a voucher: an account's key, or a contract, which claims have to say. */
export type VoucherSigner = "key" | "contract";

const VOUCHER_TYPEHASH = getBytes(id("Voucher(bytes32 channelId,uint96 cumulative)"));
const EIP712_PREFIX = Uint8Array.of(0x19, 0x01);

/** Tells whether a voucher would count at the escrow. */
export class VoucherChecker {
  readonly #deployment: ChannelDeployment;
  readonly #provider: Pick<Provider, "call">;
  readonly #domainSeparator: Uint8Array;
  readonly #keys = new KnownKeys();

  constructor(deployment: ChannelDeployment, provider: Pick<Provider, "call">) {
    this.#deployment = deployment;
    this.#provider = provider;
    this.#domainSeparator = getBytes(TypedDataEncoder.hashDomain(channelDomain(deployment)));
  }

  /** Who of the payer signed it; undefined if nobody did. Contracts are asked, and may change their mind. */
  async signerOf(
    payer: string,
    voucher: Voucher,
    signature: string,
  ): Promise<VoucherSigner | undefined> {
    if (this.#keys.isSigned(payer, this.#digest(voucher), signature)) return "key";
    const digest = channelDigest(this.#deployment, "Voucher", voucher);
    const asked = { signer: payer, digest, signature };
    return (await isSignedByContract(this.#provider, asked)) ? "contract" : undefined;
  }

  /** The same as `channelDigest`, without taking the types apart each time. */
  #digest({ channelId, cumulative }: Voucher): Uint8Array {
    const amount = getBytes(`0x${cumulative.toString(16).padStart(64, "0")}`);
    const hash = keccak(VOUCHER_TYPEHASH, getBytes(channelId), amount);
    return keccak(EIP712_PREFIX, this.#domainSeparator, hash);
  }
}
