import { setTimeout } from "node:timers/promises";
import type { Logger } from "pino";
import { OpenGradientError } from "../../sdk/errors.ts";
import { describeRevert } from "../../sdk/reverts.ts";
import type { TransactionOutcome } from "../chain/transaction.ts";
import type { WorkerEvents } from "../events.ts";
import type { Attestation } from "./attestation.ts";
import { chainBehind, clockLead } from "./clock-lead.ts";
import type { EnclaveLedger, KeyRecord } from "./enclave-ledger.ts";
import type { EnclaveIdentity } from "../enclave/protocol.ts";
import type { Enclave } from "./enclave.ts";
import { retireFormerKeys } from "./former-keys.ts";
import type { KeyCall, KeyTransactions } from "./key-transactions.ts";

/** An enclave that this node may use until it ends. */
export interface RunningEnclave extends Enclave {
  /** Comes true with the reason when the enclave has ended by itself. */
  readonly ended: Promise<string>;
  readonly close: () => Promise<void>;
}

/**
 * How this node's enclave stands.
 *
 * - `preparing`: it is being started, or its key attested.
 * - `attested`: its key counts.
 * - `unavailable`: there is none that could answer, for this reason; it is tried again.
 */
export type Standing =
  | { readonly kind: "preparing"; readonly reason: string }
  | {
      readonly kind: "attested";
      readonly enclave: Enclave;
      readonly identity: EnclaveIdentity;
      readonly record: KeyRecord;
    }
  | { readonly kind: "unavailable"; readonly reason: string };

export interface EnclaveKeeperOptions {
  /** Starts the enclave, or connects to it. */
  readonly open: () => Promise<RunningEnclave>;
  /** Has an enclave attested by its hardware. */
  readonly attestationOf: (enclave: Enclave, identity: EnclaveIdentity) => Promise<Attestation>;
  readonly ledger: EnclaveLedger;
  readonly transactions: Pick<KeyTransactions, "send" | "finish" | "giveUp" | "keys" | "forget">;
  /** @throws OpenGradientError `ACCOUNT_UNFUNDED` if an attestation could not be paid for. */
  readonly requireGasMoney: () => Promise<void>;
  /** The operator that the enclave works for. */
  readonly operator: string;
  readonly events: WorkerEvents;
  readonly log: Logger;
  /** How often the key is looked at. */
  readonly checkIntervalMs: number;
  /** How long the chain may stay behind the clock of an attestation. */
  readonly chainPatienceMs?: number;
  readonly signal: AbortSignal;
}

/** A key is renewed when less than this part of its lifetime is left: what fails then can be tried again for days. */
const RENEWED_BEFORE = { part: 1n, of: 3n } as const;

/** Each failure in a row makes the next try wait four times as long. An attestation that is refused when mined costs gas. */
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 3_600_000;

/** A node of the chain that did not answer, or an enclave that was slow to start, may do better the next time. */
const PASSING_FAILURES = 2;

/** A chain that is behind catches up within a few blocks, or something is wrong with a clock. */
const CHAIN_PATIENCE_MS = 120_000;
const CHAIN_POLL_MS = 2_000;

/** An enclave that lived so long did not end for a reason that the next one has too. */
const STABLE_MS = 600_000;

/**
 * Keeps this node's enclave running and its key attested on chain: at the start, when it has restarted with another key, and
 * before the key expires.
 *
 * What is to be done is read from the chain each time, after every transaction that was signed before has ended. So a process
 * that is killed at any point and started again neither attests twice nor forgets a key.
 */
export class EnclaveKeeper {
  readonly #options: EnclaveKeeperOptions;
  #running: RunningEnclave | undefined;
  #wake = new AbortController();
  /** In a row. */
  #failures = 0;
  #standing: Standing = { kind: "preparing", reason: "the enclave is not started yet" };

  constructor(options: EnclaveKeeperOptions) {
    this.#options = options;
  }

  get standing(): Standing {
    return this.#standing;
  }

  /**
   * Starts the enclave and makes sure that what it is will be trusted. Sends nothing.
   *
   * @throws OpenGradientError `ENCLAVE_UNAVAILABLE`, `MEASUREMENT_NOT_TRUSTED` or `ACCOUNT_UNFUNDED`.
   */
  async check(): Promise<EnclaveIdentity> {
    const { enclave, identity } = await this.#meet();
    const record = await this.#options.ledger.recordOf(identity.address);
    if (record === undefined) {
      await this.#options.requireGasMoney();
      await this.#trustedAttestation(enclave, identity);
    }
    return identity;
  }

  /** Keeps the key attested until stopped. */
  async run(): Promise<void> {
    const { signal, checkIntervalMs } = this.#options;
    let since = Date.now();
    while (!signal.aborted) {
      this.#wake = new AbortController();
      const isWell = await this.#tryAdvance();
      if (!isWell) this.#failures += 1;
      else if (Date.now() - since > STABLE_MS) this.#failures = 0;
      await this.#wait(isWell ? checkIntervalMs : retryMs(this.#failures));
      if (!this.#wake.signal.aborted) continue;
      // Each start costs an attestation: what ends again and again is started ever more rarely.
      this.#failures += 1;
      await setTimeout(retryMs(this.#failures), undefined, { signal }).catch(() => undefined);
      since = Date.now();
    }
  }

  /** Does what is to be done now, if anything. */
  async advance(): Promise<void> {
    const { ledger } = this.#options;
    const { enclave, identity } = await this.#meet().catch(async (error: unknown) => {
      // Jobs' transactions may be waiting behind those of keys.
      await this.#settle();
      throw error;
    });
    const { address: key } = identity;
    await this.#settle(key);
    let record = await ledger.recordOf(key);
    const step = await this.#stepFor(record);
    if (step !== undefined) record = await this.#carryOut(step, enclave, identity);
    if (record === undefined) throw new Error("the key is not attested although it was");
    if (this.#running !== enclave) throw new Error("the enclave ended while its key was attested");
    this.#settleOn({ kind: "attested", enclave, identity, record });
    await retireFormerKeys(this.#options, key);
  }

  async close(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.close();
  }

  async #tryAdvance(): Promise<boolean> {
    const { signal, log } = this.#options;
    try {
      await this.advance();
      return true;
    } catch (error) {
      if (signal.aborted) return true;
      const reason = error instanceof Error ? error.message : String(error);
      const code = error instanceof OpenGradientError ? error.code : undefined;
      log.error({ code, reason }, "The enclave's key could not be kept attested.");
      // A key that counts goes on counting when a look at the chain fails.
      if (this.#standing.kind !== "attested")
        this.#standing = { kind: this.#isLasting(error) ? "unavailable" : "preparing", reason };
      return false;
    }
  }

  /** Whether requests should not wait for the next try. */
  #isLasting(error: unknown): boolean {
    if (error instanceof OpenGradientError && !error.retryable) return true;
    return this.#failures >= PASSING_FAILURES;
  }

  /** The enclave that runs, or a new one, and who it says it is. */
  async #meet(): Promise<{ enclave: Enclave; identity: EnclaveIdentity }> {
    const { signal } = this.#options;
    const running = (this.#running ??= await this.#start());
    try {
      return { enclave: running, identity: await running.identity(signal) };
    } catch (error) {
      if (!signal.aborted) await this.#lose(running, "the enclave does not answer");
      throw error;
    }
  }

  async #start(): Promise<RunningEnclave> {
    const running = await this.#options.open();
    void running.ended.then((reason) => this.#lose(running, reason));
    return running;
  }

  async #lose(running: RunningEnclave, reason: string): Promise<void> {
    if (this.#running !== running) return;
    this.#running = undefined;
    this.#standing = { kind: "preparing", reason };
    this.#options.log.warn({ reason }, "The enclave is lost; another one is started.");
    this.#wake.abort();
    await running.close();
  }

  /** What the chain's view of the current key calls for. */
  async #stepFor(record: KeyRecord | undefined): Promise<"attest" | "renew" | undefined> {
    const { ledger, operator } = this.#options;
    if (record === undefined) return "attest";
    if (record.operator.toLowerCase() !== operator.toLowerCase())
      throw unavailable(`its key was attested for ${record.operator}`);
    const now = await ledger.now();
    if (record.isRevoked || record.until <= now) return this.#replaceEnclave(record);
    const margin = ((await ledger.keyLifetime()) * RENEWED_BEFORE.part) / RENEWED_BEFORE.of;
    return record.until - now < margin ? "renew" : undefined;
  }

  /** A key that counts no more never does again; only another start of the enclave makes another. */
  async #replaceEnclave({ isRevoked }: KeyRecord): Promise<never> {
    const reason = `its key ${isRevoked ? "was revoked" : "has expired"}`;
    if (this.#running !== undefined) await this.#lose(this.#running, reason);
    throw unavailable(reason);
  }

  /** Returns what the chain knows of the key then. */
  async #carryOut(
    step: "attest" | "renew",
    enclave: Enclave,
    identity: EnclaveIdentity,
  ): Promise<KeyRecord | undefined> {
    const { ledger, requireGasMoney } = this.#options;
    await requireGasMoney();
    const { callFor, value } = await this.#trustedAttestation(enclave, identity);
    const call = { step, data: callFor(step), value };
    const failure = await this.#failureOf(() => this.#sendInTime(call, enclave, identity));
    const record = await ledger.recordOf(identity.address);
    // Anybody may bring a document, to the same effect: somebody who was faster did this node's work.
    if (failure !== undefined && (await this.#stepFor(record)) !== undefined) throw failure;
    return record;
  }

  /**
   * Sends a call with an attestation, once the chain's time has come to the attestation's. The enclave's clock may be ahead of the
   * chain's latest block, by which the call is judged before it is signed: a fresh attestation would be ahead just the same.
   */
  async #sendInTime(
    call: KeyCall,
    enclave: Enclave,
    { address: key }: EnclaveIdentity,
  ): Promise<TransactionOutcome | undefined> {
    const { transactions, checkIntervalMs, chainPatienceMs, signal } = this.#options;
    const patienceMs = chainPatienceMs ?? CHAIN_PATIENCE_MS;
    const start = performance.now();
    for (;;) {
      try {
        return await transactions.send(key, call);
      } catch (error) {
        const lead = clockLead(error);
        if (lead === undefined) throw error;
        if (performance.now() - start >= patienceMs) throw chainBehind(lead, patienceMs, error);
      }
      await setTimeout(Math.min(checkIntervalMs, CHAIN_POLL_MS), undefined, { signal });
      if (this.#running !== enclave)
        throw new Error("the enclave ended while the chain was behind");
    }
  }

  /** What keeps a transaction from having its effect, if the contracts refuse it, or refused it when it was mined. */
  async #failureOf(
    send: () => Promise<TransactionOutcome | undefined>,
  ): Promise<OpenGradientError | undefined> {
    try {
      const outcome = await send();
      return outcome === "mined" ? undefined : endedAs(outcome);
    } catch (cause) {
      const reason = describeRevert(cause);
      if (reason === undefined || cause instanceof OpenGradientError) throw cause;
      return refusedFor(reason, cause);
    }
  }

  async #trustedAttestation(enclave: Enclave, identity: EnclaveIdentity): Promise<Attestation> {
    const { attestationOf, ledger } = this.#options;
    const attestation = await attestationOf(enclave, identity);
    const { measurementId } = attestation;
    const [trust, now] = await Promise.all([ledger.trustIn(measurementId), ledger.now()]);
    if (trust !== undefined && trust.from <= now && now < trust.until) return attestation;
    throw new OpenGradientError(
      "MEASUREMENT_NOT_TRUSTED",
      `The enclave's code, measurement ${measurementId} (${identity.kind}), is not trusted${whenOf(trust, now)}.`,
      "Show what it is with opg attest measurement --config FILE, and have governance approve it (opg attest approve).",
    );
  }

  /**
   * Has everything that was signed before end: what is about the current key in what it was signed for, if there is one; the rest
   * in nothing. All at once, because of the order of their nonces nothing is known here.
   */
  async #settle(current?: string): Promise<void> {
    const { transactions } = this.#options;
    const keys = await transactions.keys();
    await Promise.all(
      keys.map((key) => (key === current ? transactions.finish(key) : transactions.giveUp(key))),
    );
  }

  #settleOn(standing: Extract<Standing, { kind: "attested" }>): void {
    const { identity, record } = standing;
    const previous = this.#standing;
    this.#standing = standing;
    if (previous.kind === "attested" && previous.record.until === record.until) return;
    this.#options.events.emit("enclave", {
      key: identity.address,
      until: new Date(Number(record.until) * 1_000).toISOString(),
      measurementId: record.measurementId,
      kind: identity.kind,
      models: identity.models,
    });
  }

  /** Ends early when the enclave is lost. */
  async #wait(ms: number): Promise<void> {
    const signal = AbortSignal.any([this.#options.signal, this.#wake.signal]);
    await setTimeout(ms, undefined, { signal }).catch(() => undefined);
  }
}

function retryMs(failures: number): number {
  return Math.min(FIRST_RETRY_MS * 4 ** (failures - 1), LAST_RETRY_MS);
}

function whenOf(trust: { from: bigint; until: bigint } | undefined, now: bigint): string {
  if (trust === undefined) return "";
  const at = (time: bigint) => new Date(Number(time) * 1_000).toISOString();
  return now < trust.from ? ` before ${at(trust.from)}` : ` any more since ${at(trust.until)}`;
}

/** What the contracts refuse, in their own words. */
function refusedFor(reason: string, cause: unknown): OpenGradientError {
  return new OpenGradientError(
    "ATTESTATION_REFUSED",
    `The contracts refuse the enclave's attestation: ${reason}.`,
    reason.startsWith("unknown error")
      ? "It is none of the protocol's errors. If the DCAP contract wants a fee, raise the enclave's maxDcapFee."
      : "Change what the error names.",
    { cause },
  );
}

function endedAs(outcome: TransactionOutcome | undefined): OpenGradientError {
  return new OpenGradientError(
    "ATTESTATION_REFUSED",
    `The transaction with the enclave's attestation ended as ${outcome ?? "nothing"}.`,
    "It is tried again, ever more rarely.",
  );
}

function unavailable(reason: string): OpenGradientError {
  return new OpenGradientError(
    "ENCLAVE_UNAVAILABLE",
    `The enclave cannot be used: ${reason}.`,
    "Restart the enclave: it makes a new key.",
  );
}
