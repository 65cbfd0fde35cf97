import {
  getBytes,
  Interface,
  keccak256,
  makeError,
  Wallet,
  ZeroHash,
  type BaseWallet,
} from "ethers";
import { OpenGradientError } from "../../sdk/errors.ts";
import type { Usage } from "../../sdk/price-quote.ts";
import { attestedReceipt, signReceipt } from "../../sdk/receipt.ts";
import { EnclaveRegistry__factory, NitroVerifier__factory } from "../../typechain-types/index.js";
import type { Attestation } from "../attested/attestation.ts";
import type { RunningEnclave } from "../attested/enclave-keeper.ts";
import type { EnclaveLedger, KeyRecord, KeyUse, Trust } from "../attested/enclave-ledger.ts";
import type {
  AttestRequest,
  EnclaveIdentity,
  InferAnswer,
  InferRequest,
} from "../enclave/protocol.ts";
import type { KeyTransactions } from "../attested/key-transactions.ts";
import type { TransactionOutcome } from "../chain/transaction.ts";

export const OPERATOR = Wallet.createRandom().address;
export const MEASUREMENT = `0x${"aa".repeat(32)}`;
export const CONTENT_HASH = `0x${"cc".repeat(32)}`;
export const LIFETIME = 9_000n;

/** An enclave within this process: a key and its signature, and none of the isolation. */
export class FakeEnclave implements RunningEnclave {
  readonly key: BaseWallet = Wallet.createRandom();
  /** What it refuses to answer, before and after. */
  refusal: Error | undefined;
  objection: string | undefined;
  isReachable = true;
  isClosed = false;
  completedAt = 1_000n;
  asked = 0;
  /** What its clock says, if that is before a key counts. */
  time = 1n << 40n;
  /** Signs with another key than it says. */
  signer: BaseWallet = this.key;
  fee: bigint | undefined;
  readonly #end = Promise.withResolvers<string>();
  readonly ended = this.#end.promise;

  die(reason: string): void {
    this.#end.resolve(reason);
  }

  identity(): Promise<EnclaveIdentity> {
    if (!this.isReachable) return Promise.reject(new Error("connection refused"));
    const model = { contentHash: CONTENT_HASH, name: "m", runtime: "llama", device: "CPU" };
    const { address } = this.key;
    return Promise.resolve({
      ...{ kind: "NitroSim", address, tlsKeyHash: ZeroHash, models: [model] },
      ...{ publicKey: `0x${this.key.signingKey.publicKey.slice(4)}`, gpuEvidence: null },
    });
  }

  /** Bound to nothing. */
  attest({ blockHash }: AttestRequest): Promise<Uint8Array> {
    return Promise.resolve(getBytes(blockHash));
  }

  check({ notBefore }: InferRequest): Promise<string | undefined> {
    this.#requireDue(notBefore);
    return Promise.resolve(this.objection);
  }

  #requireDue(notBefore: bigint): void {
    if (this.time < notBefore)
      throw new OpenGradientError("ENCLAVE_TOO_EARLY", "The key counts later.", "Ask again.");
  }

  async infer({ claim, settlement, input, ...asked }: InferRequest): Promise<InferAnswer> {
    this.#requireDue(asked.notBefore);
    this.asked += 1;
    if (this.refusal !== undefined) throw this.refusal;
    const output = new TextEncoder().encode(`answer ${this.asked}`);
    const { completedAt } = this;
    const statement = {
      ...{ payer: asked.payer, fee: this.fee ?? asked.fee, completedAt, startedAt: completedAt },
      ...{ inputUnits: 1n, outputUnits: 2n, seq: 0n, evidenceHash: ZeroHash },
    };
    const receipt = attestedReceipt({
      claim: { ...claim, inputHash: keccak256(input) },
      output,
      statement,
    });
    const signature = await signReceipt(settlement, this.signer, receipt);
    return { output, statement, signature, finishReason: "stop" };
  }

  async stream(request: InferRequest, onText: (piece: string) => void): Promise<InferAnswer> {
    const answer = await this.infer(request);
    onText(new TextDecoder().decode(answer.output));
    return answer;
  }

  async measure(request: InferRequest): Promise<Usage> {
    await this.check(request);
    return { inputUnits: 1n, outputUnits: 2n };
  }

  recall(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  signBatch(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }
}

/** The registry of enclaves, as far as a keeper needs it, and the only place from which it learns what is so. */
export class FakeChain implements EnclaveLedger {
  time = 1_000n;
  trust: Trust | undefined = { from: 1n, until: 1n << 40n };
  objection: string | undefined;
  readonly records = new Map<string, KeyRecord>();
  readonly uses: KeyUse[] = [];

  recordOf(key: string): Promise<KeyRecord | undefined> {
    return Promise.resolve(this.records.get(key));
  }

  trustIn(): Promise<Trust | undefined> {
    return Promise.resolve(this.trust);
  }

  objectionTo(use: KeyUse): Promise<string | undefined> {
    this.uses.push(use);
    return Promise.resolve(this.objection);
  }

  keyLifetime(): Promise<bigint> {
    return Promise.resolve(LIFETIME);
  }

  now(): Promise<bigint> {
    return Promise.resolve(this.time);
  }

  recentBlock(): Promise<{ number: number; hash: string }> {
    return Promise.resolve({ number: 1, hash: ZeroHash });
  }

  /** What a transaction does when it is mined. */
  carryOut(key: string, step: string): void {
    const until = step === "retire" ? this.time : this.time + LIFETIME;
    const from = this.records.get(key)?.from ?? this.time;
    const rest = { operator: OPERATOR, isRevoked: false, measurementId: MEASUREMENT };
    this.records.set(key, { from, until, ...rest });
  }
}

/** Transactions of keys: a list of what was sent, in order. */
export class FakeKeyTransactions implements Pick<
  KeyTransactions,
  "send" | "finish" | "giveUp" | "keys" | "forget"
> {
  readonly log: string[] = [];
  readonly known = new Set<string>();
  /** What a process before this one has signed, by key. */
  readonly pending = new Map<string, string>();
  outcome: TransactionOutcome = "mined";
  /** What the contracts refuse the next calls with, before they are signed. */
  readonly refusals: Error[] = [];
  readonly #chain: FakeChain;

  constructor(chain: FakeChain) {
    this.#chain = chain;
  }

  send(key: string, { step }: { step: string }): Promise<TransactionOutcome> {
    const refusal = this.refusals.shift();
    if (refusal !== undefined) return Promise.reject(refusal);
    this.log.push(`${step} ${key}`);
    this.known.add(key);
    if (this.outcome === "mined") this.#chain.carryOut(key, step);
    return Promise.resolve(this.outcome);
  }

  finish(key: string): Promise<void> {
    const step = this.pending.get(key);
    this.pending.delete(key);
    if (step !== undefined) this.#chain.carryOut(key, step);
    return Promise.resolve();
  }

  giveUp(key: string): Promise<void> {
    if (this.pending.delete(key)) this.log.push(`give up ${key}`);
    return Promise.resolve();
  }

  keys(): Promise<readonly string[]> {
    return Promise.resolve([...this.known]);
  }

  forget(key: string): Promise<void> {
    this.known.delete(key);
    return Promise.resolve();
  }
}

const ERRORS = Interface.from(
  [EnclaveRegistry__factory, NitroVerifier__factory].flatMap(({ abi }) =>
    abi.filter(({ type }) => type === "error"),
  ),
);

/** How a provider tells that the contracts would refuse a call. */
export function refusal(name: string, ...values: readonly unknown[]): Error {
  const data = ERRORS.encodeErrorResult(name, values);
  const call = {
    action: "estimateGas",
    data,
    reason: null,
    invocation: null,
    revert: null,
  } as const;
  const transaction = { to: null, data: "0x" };
  return makeError("execution reverted", "CALL_EXCEPTION", { ...call, transaction });
}

/** Evidence that says nothing. */
export function fakeAttestation(): Promise<Attestation> {
  return Promise.resolve({
    measurementId: MEASUREMENT,
    registers: "0x",
    callFor: (step) => step,
    value: 0n,
  });
}
