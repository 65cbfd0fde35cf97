import type { Provider } from "ethers";
import { describeRevert } from "../../sdk/reverts.ts";
import type { EnclaveRegistry } from "../../typechain-types/index.js";

/** What the chain knows of a key. */
export interface KeyRecord {
  /** Unix time in seconds of its attestation. */
  readonly from: bigint;
  /** Unix time in seconds from which it counts no more. */
  readonly until: bigint;
  readonly operator: string;
  readonly isRevoked: boolean;
  readonly measurementId: string;
}

/** From when until when code is trusted; Unix times in seconds. */
export interface Trust {
  readonly from: bigint;
  readonly until: bigint;
}

/** What is asked of a key: whether it may have answered for a model at a time. */
export interface KeyUse {
  readonly key: string;
  readonly operator: string;
  readonly modelId: string;
  /** Unix time in seconds. */
  readonly timestamp: bigint;
}

/** A block that an attestation names, to show that it is fresh. */
interface RecentBlock {
  readonly number: number;
  readonly hash: string;
}

/** What a node reads from the chain about enclaves. */
export interface EnclaveLedger {
  /** `undefined` for a key that was never attested. */
  readonly recordOf: (key: string) => Promise<KeyRecord | undefined>;
  /** `undefined` for code that was never approved. */
  readonly trustIn: (measurementId: string) => Promise<Trust | undefined>;
  /** The contract's words for why a key does not count; `undefined` if it does. */
  readonly objectionTo: (use: KeyUse) => Promise<string | undefined>;
  /** For how many seconds an attestation counts. */
  readonly keyLifetime: () => Promise<bigint>;
  /** Unix time in seconds of the latest block. */
  readonly now: () => Promise<bigint>;
  /** A block that will hardly be reorganised away, and is not too old to be named. */
  readonly recentBlock: () => Promise<RecentBlock>;
}

/** Reads the registry of enclaves. */
export function readEnclaveLedger(
  registry: Pick<
    EnclaveRegistry,
    "enclave" | "keyLifetime" | "measurementTrust" | "requireAttested"
  >,
  provider: Provider,
  confirmations: number,
): EnclaveLedger {
  const blockAt = async (tag: number | "latest") => {
    const block = await provider.getBlock(tag);
    if (block?.hash == null) throw new Error(`The RPC node does not know block ${tag}.`);
    return { number: block.number, hash: block.hash, timestamp: BigInt(block.timestamp) };
  };
  return {
    recordOf: async (key) => {
      const { operator, from, until, revoked, measurementId } = await registry.enclave(key);
      return from === 0n ? undefined : { operator, from, until, isRevoked: revoked, measurementId };
    },
    trustIn: async (measurementId) => {
      const { from, until } = await registry.measurementTrust(measurementId);
      return from === 0n ? undefined : { from, until };
    },
    objectionTo: async ({ key, operator, modelId, timestamp }) => {
      try {
        await registry.requireAttested(key, operator, modelId, timestamp);
        return undefined;
      } catch (error) {
        const reason = describeRevert(error);
        if (reason === undefined) throw error;
        return reason;
      }
    },
    keyLifetime: () => registry.keyLifetime(),
    now: async () => (await blockAt("latest")).timestamp,
    recentBlock: async () => {
      const newest = await provider.getBlockNumber();
      return blockAt(Math.max(0, newest - confirmations));
    },
  };
}
