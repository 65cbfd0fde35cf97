import { isError } from "ethers";
import type { Protocol } from "../protocol.ts";
import type { InferenceReceipt } from "../receipt.ts";
import { describeRevert } from "../reverts.ts";
import { TIERS } from "../tiers.ts";
import type { ReceiptCheck } from "./receipt-fault.ts";

/** As long as two blocks of Base: a revocation is felt by then. */
const DEFAULT_CACHE_MS = 4_000;

/** Answers are remembered for so many keys; those of earlier ones are asked again. */
const MAX_REMEMBERED = 1_000;

/** When the chain is to have trusted a key: now and when it signed, or only when it signed. */
export type TrustedAt = "now" | "completion";

export interface SignerTrustOptions {
  readonly protocol: Pick<Protocol, "enclaveRegistry" | "nodeRegistry">;
  /** The code that enclaves may run, as measurement ids; whatever governance trusts, unless given. */
  readonly measurements?: readonly string[] | undefined;
  /** For how long what the chain said of a key is believed, in milliseconds; 0 asks each time. */
  readonly cacheMs?: number | undefined;
}

/** A receipt and the key that signed it. */
interface SignedBy {
  readonly signer: string;
  readonly receipt: InferenceReceipt;
}

/** Asks the chain whose keys count. */
export interface SignerTrust {
  /** The checks "signer" and "measurement"; the second is left out where no enclave signs. */
  readonly check: (signed: SignedBy, at?: TrustedAt) => Promise<readonly ReceiptCheck[]>;
}

/** What the chain said of a key. */
interface KeyState {
  /** Why it does not count now. */
  readonly fault?: string;
  readonly enclave?: {
    readonly from: bigint;
    readonly until: bigint;
    readonly measurementId: string;
  };
}

export function createSignerTrust({
  protocol,
  measurements,
  cacheMs = DEFAULT_CACHE_MS,
}: SignerTrustOptions): SignerTrust {
  const ask = remembering(cacheMs, (signed: SignedBy) =>
    isAttested(signed.receipt) ? enclaveState(protocol, signed) : nodeState(protocol, signed),
  );
  const trusted = measurements?.map((id) => id.toLowerCase());
  return {
    check: async (signed, at = "now") => {
      if (at === "completion" && isAttested(signed.receipt)) {
        const state = await enclaveState(protocol, signed, signed.receipt.completedAt);
        return [signerCheck(signed, state), ...measurementCheck(state, trusted)];
      }
      const state = await ask(keyOf(signed), signed);
      return [signerCheck(signed, state), ...measurementCheck(state, trusted)];
    },
  };
}

function isAttested({ tier }: InferenceReceipt): boolean {
  return tier === BigInt(TIERS.Attested);
}

/** All that the chain's answer depends on. */
function keyOf({ signer, receipt: { node, modelId, tier } }: SignedBy): string {
  return [signer, node, modelId, tier].join().toLowerCase();
}

/** Keeps what was good for a while, one for all who ask at the same time. What was not may be any moment. */
function remembering<Asked>(
  cacheMs: number,
  ask: (asked: Asked) => Promise<KeyState>,
): (key: string, asked: Asked) => Promise<KeyState> {
  const known = new Map<string, { readonly at: number; readonly answer: Promise<KeyState> }>();
  return (key, asked) => {
    const found = known.get(key);
    if (found !== undefined && performance.now() - found.at < cacheMs) return found.answer;
    const answer = ask(asked);
    known.delete(key);
    known.set(key, { at: performance.now(), answer });
    answer.then(
      ({ fault }) => fault !== undefined && known.delete(key),
      () => known.delete(key),
    );
    const [oldest] = known.keys();
    if (known.size > MAX_REMEMBERED && oldest !== undefined) known.delete(oldest);
    return answer;
  };
}

async function enclaveState(
  { enclaveRegistry }: SignerTrustOptions["protocol"],
  { signer, receipt: { node, modelId } }: SignedBy,
  completedAt?: bigint,
): Promise<KeyState> {
  const timestamp = completedAt ?? (await chainTime(enclaveRegistry.runner?.provider));
  const [fault, { from, until, measurementId }] = await Promise.all([
    refusal(() => enclaveRegistry.requireAttested(signer, node, modelId, timestamp)),
    enclaveRegistry.enclave(signer),
  ]);
  return { ...(fault !== undefined && { fault }), enclave: { from, until, measurementId } };
}

async function nodeState(
  { nodeRegistry }: SignerTrustOptions["protocol"],
  { signer, receipt: { node } }: SignedBy,
): Promise<KeyState> {
  let found = "";
  const fault = await refusal(async () => {
    found = await nodeRegistry.signerOf(node);
  });
  if (fault !== undefined) return { fault };
  if (found.toLowerCase() === signer.toLowerCase()) return {};
  return { fault: `${signer} is not the node's key, which is ${found}` };
}

async function chainTime(
  provider:
    { getBlock: (tag: "latest") => Promise<{ timestamp: number } | null> } | null | undefined,
): Promise<bigint> {
  const block = await provider?.getBlock("latest");
  if (block == null) throw new Error("The contracts are not connected to a chain.");
  return BigInt(block.timestamp);
}

/** Why the contracts refuse; undefined if they do not. Whatever else goes wrong is no answer. */
export async function refusal(call: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await call();
    return undefined;
  } catch (error) {
    const reason = describeRevert(error);
    if (reason === undefined && !isError(error, "CALL_EXCEPTION")) throw error;
    return reason ?? "the contract reverts without a reason";
  }
}

function signerCheck({ receipt: { completedAt } }: SignedBy, state: KeyState): ReceiptCheck {
  const { fault, enclave } = state;
  const early = enclave !== undefined && completedAt < enclave.from;
  const late = enclave !== undefined && completedAt >= enclave.until;
  const untimely =
    early || late ? `the key did not count at ${completedAt}, when it signed` : undefined;
  const why = fault ?? untimely;
  const whose = enclave === undefined ? "the node's key" : "an attested enclave's key";
  return { check: "signer", holds: why === undefined, detail: why ?? whose };
}

function measurementCheck(
  { enclave }: KeyState,
  trusted: readonly string[] | undefined,
): readonly ReceiptCheck[] {
  if (enclave === undefined) return [];
  const { measurementId } = enclave;
  const holds = trusted === undefined || trusted.includes(measurementId.toLowerCase());
  const detail = holds
    ? `the enclave runs ${measurementId}`
    : `the enclave runs ${measurementId}, which the app does not trust`;
  return [{ check: "measurement", holds, detail }];
}
