import {
  AbiCoder,
  concat,
  dataLength,
  id,
  keccak256,
  Signature,
  toBeHex,
  TypedDataEncoder,
  type Signer,
  type TypedDataDomain,
  type TypedDataField,
} from "ethers";
import type { Deployment } from "./deployment.ts";
import { keccakOfHex, wordEncoder } from "./words.ts";

/** What of a deployment is signed: another chain or another escrow makes another message. */
export interface ChannelDeployment {
  readonly chainId: bigint;
  readonly addresses: Pick<Deployment["addresses"], "feeEscrow">;
}

/** Who pays whom, and which of their channels. */
export interface ChannelTerms {
  readonly payer: string;
  readonly node: string;
  /** At most 96 bits. */
  readonly salt: bigint;
}

/** The node may have `cumulative` OPG wei in all; signed by the payer. */
export interface Voucher {
  readonly channelId: string;
  readonly cumulative: bigint;
}

/** The node may have what `meter` measures, up to `cap` OPG wei in all; signed by the payer. */
export interface MeteringCap {
  readonly channelId: string;
  readonly meter: string;
  readonly cap: bigint;
}

/** Until `timestamp` (Unix time), the payer used up `usage` OPG wei in all; signed by the meter. */
export interface Usage {
  readonly channelId: string;
  readonly usage: bigint;
  readonly timestamp: bigint;
}

/** With `cumulative` OPG wei in all the node has everything; signed by the node. */
export type CooperativeClose = Voucher;

/** What the node lets itself be owed from now on; signed by the node. */
interface ExposureLimits {
  readonly node: string;
  /** What one channel may hold, in OPG wei; zero: any amount. */
  readonly perChannel: bigint;
  /** What one request may pay, in OPG wei; zero: any amount. */
  readonly perRequest: bigint;
  /** Higher than that of the limits which these replace: `exposureLimitsOf` of the escrow tells it. */
  readonly sequence: bigint;
}

/** What is signed about channels; see `contracts/libraries/ChannelMessages.sol`. */
export const CHANNEL_TYPES = {
  Voucher: [
    { name: "channelId", type: "bytes32" },
    { name: "cumulative", type: "uint96" },
  ],
  MeteringCap: [
    { name: "channelId", type: "bytes32" },
    { name: "meter", type: "address" },
    { name: "cap", type: "uint96" },
  ],
  Usage: [
    { name: "channelId", type: "bytes32" },
    { name: "usage", type: "uint96" },
    { name: "timestamp", type: "uint64" },
  ],
  CooperativeClose: [
    { name: "channelId", type: "bytes32" },
    { name: "cumulative", type: "uint96" },
  ],
  ExposureLimits: [
    { name: "node", type: "address" },
    { name: "perChannel", type: "uint96" },
    { name: "perRequest", type: "uint96" },
    { name: "sequence", type: "uint64" },
  ],
} satisfies Record<string, TypedDataField[]>;

/** Every message by the name of its type. */
export interface ChannelMessages {
  readonly Voucher: Voucher;
  readonly MeteringCap: MeteringCap;
  readonly Usage: Usage;
  readonly CooperativeClose: CooperativeClose;
  readonly ExposureLimits: ExposureLimits;
}

const abi = AbiCoder.defaultAbiCoder();

const CHANNEL_ID_TYPES = ["address", "address", "uint96"];
const addressWord = wordEncoder("address");
const saltWord = wordEncoder("uint96");

/** Id of the channel between two accounts with this salt: `ChannelIds.channelIdOf` of the contracts. */
export function channelId({ payer, node, salt }: ChannelTerms): string {
  const words = [addressWord(payer), addressWord(node), saltWord(salt)];
  // Says what is wrong with what does not fit.
  if (words.includes(undefined))
    return keccak256(abi.encode(CHANNEL_ID_TYPES, [payer, node, salt]));
  return keccakOfHex(words.join(""));
}

/** Domain of everything that is signed about channels. */
export function channelDomain({ chainId, addresses }: ChannelDeployment): TypedDataDomain {
  return {
    name: "OpenGradient FeeEscrow",
    version: "1",
    chainId,
    verifyingContract: addresses.feeEscrow,
  };
}

/** EIP-712 digest of a message, for wallets that sign digests. */
export function channelDigest<Name extends keyof ChannelMessages>(
  deployment: ChannelDeployment,
  name: Name,
  message: ChannelMessages[Name],
): string {
  return TypedDataEncoder.hash(
    channelDomain(deployment),
    { [name]: [...CHANNEL_TYPES[name]] },
    message,
  );
}

/** Signs a message with a key. The result is compact (EIP-2098, 64 bytes), as claims carry it. */
export async function signChannelMessage<Name extends keyof ChannelMessages>(
  deployment: ChannelDeployment,
  signer: Signer,
  name: Name,
  message: ChannelMessages[Name],
): Promise<string> {
  const signature = await signer.signTypedData(
    channelDomain(deployment),
    { [name]: [...CHANNEL_TYPES[name]] },
    message,
  );
  return Signature.from(signature).compactSerialized;
}

/** Signs a voucher with the payer's key. */
export function signVoucher(
  deployment: ChannelDeployment,
  payer: Signer,
  voucher: Voucher,
): Promise<string> {
  return signChannelMessage(deployment, payer, "Voucher", voucher);
}

/** An ERC-3009 transfer into one channel. */
export interface ChannelAuthorization {
  readonly channelId: string;
  /** OPG in wei. */
  readonly amount: bigint;
  /** The transfer is good after and before these seconds, Unix time. */
  readonly validAfter: bigint;
  readonly validBefore: bigint;
  /** 32 bytes, others for each transfer into the same channel. */
  readonly nonceSalt: string;
}

/** What `openChannelWithAuthorization` and `fundChannelWithAuthorization` take. */
export interface SignedAuthorization {
  readonly validAfter: bigint;
  readonly validBefore: bigint;
  readonly nonceSalt: string;
  readonly v: number;
  readonly r: string;
  readonly s: string;
}

const RECEIVE_TYPES = {
  ReceiveWithAuthorization: [
    { name: "from", type: "address" },
    { name: "to", type: "address" },
    { name: "value", type: "uint256" },
    { name: "validAfter", type: "uint256" },
    { name: "validBefore", type: "uint256" },
    { name: "nonce", type: "bytes32" },
  ],
};

const AUTHORIZATION_TYPEHASH = id("ChannelAuthorization(bytes32 channelId,bytes32 nonceSalt)");

/** Nonce that ties an ERC-3009 authorisation to a channel: `ChannelMessages.authorizationNonce` of the contracts. */
export function authorizationNonce(channel: string, nonceSalt: string): string {
  const values = [AUTHORIZATION_TYPEHASH, channel, nonceSalt];
  return keccak256(abi.encode(["bytes32", "bytes32", "bytes32"], values));
}

/** Signs a transfer of the payer's OPG into one channel, for anyone to submit. */
export async function signChannelAuthorization(
  { chainId, addresses }: Deployment,
  payer: Signer,
  { channelId: channel, amount, validAfter, validBefore, nonceSalt }: ChannelAuthorization,
): Promise<SignedAuthorization> {
  const domain = { name: "OpenGradient", version: "1", chainId, verifyingContract: addresses.opg };
  const transfer = {
    from: await payer.getAddress(),
    to: addresses.feeEscrow,
    value: amount,
    validAfter,
    validBefore,
    nonce: authorizationNonce(channel, nonceSalt),
  };
  const signed = Signature.from(await payer.signTypedData(domain, RECEIVE_TYPES, transfer));
  const { v, r, s } = signed;
  return { validAfter, validBefore, nonceSalt, v, r, s };
}

/** What every claim says. */
interface ClaimOf extends ChannelTerms {
  /** Whether the payer is a contract (ERC-1271), whose signature may have any form. */
  readonly byContract?: boolean;
  /** The payer's, of the voucher or the cap; a key's in 64 or 65 bytes. */
  readonly signature: string;
}

/** A claim to be packed. */
export type ChannelClaim =
  | (ClaimOf & { readonly kind: "voucher"; readonly cumulative: bigint })
  | (ClaimOf & {
      readonly kind: "metered";
      readonly cap: bigint;
      readonly usage: bigint;
      readonly timestamp: bigint;
      /** The meter's, of the usage. */
      readonly meterSignature: string;
    });

const BY_CONTRACT = 2;
const KINDS = { voucher: 1, metered: 5 } as const;

/** Packs claims for `FeeEscrow.claim`: those of one node together, otherwise in the given order. */
export function packClaims(claims: readonly ChannelClaim[]): string {
  const byNode = new Map<string, ChannelClaim[]>();
  for (const claim of claims) {
    const key = claim.node.toLowerCase();
    byNode.set(key, [...(byNode.get(key) ?? []), claim]);
  }
  return concat([...byNode].flatMap(([node, own]) => ["0x00", node, ...own.map(packClaim)]));
}

function packClaim(claim: ChannelClaim): string {
  const { payer, salt, byContract = false, signature } = claim;
  const kind = KINDS[claim.kind] + (byContract ? BY_CONTRACT : 0);
  return concat([
    toBeHex(kind, 1),
    payer,
    toBeHex(salt, 12),
    ...(claim.kind === "voucher" ? [toBeHex(claim.cumulative, 12)] : meterOf(claim)),
    ...(byContract ? [toBeHex(dataLength(signature), 2), signature] : [compact(signature)]),
  ]);
}

/** Wallets return 65 bytes. */
function compact(signature: string): string {
  const isCompact = dataLength(signature) === 64;
  return isCompact ? signature : Signature.from(signature).compactSerialized;
}

function meterOf(claim: Extract<ChannelClaim, { kind: "metered" }>): string[] {
  const { cap, usage, timestamp, meterSignature } = claim;
  return [toBeHex(cap, 12), toBeHex(usage, 12), toBeHex(timestamp, 8), compact(meterSignature)];
}
