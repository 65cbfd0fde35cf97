import type { Groth16Proof } from "snarkjs";
import { WarmKey } from "../warm/warm-key.ts";
import { readWitness } from "../witness-file.ts";
import { readProvingKey } from "../zkey-file.ts";
import type { Prover } from "./prover.ts";

/** Keys that are kept at the same time, unless it is said otherwise. */
const DEFAULT_MAX_KEYS = 4;

/** A key in memory, and how many proofs are being made with it. */
interface Resident {
  readonly key: Promise<WarmKey>;
  users: number;
}

/**
 * This project's own prover on snarkjs' curve library. It keeps keys in the memory of threads, and spends on each value of
 * the witness as much work as the value has digits.
 */
export class WarmProver implements Prover {
  readonly name = "warm";
  readonly #maxKeys: number;
  /** Least recently used first. */
  readonly #residents = new Map<Uint8Array, Resident>();

  constructor({ maxKeys = DEFAULT_MAX_KEYS }: { readonly maxKeys?: number } = {}) {
    this.#maxKeys = maxKeys;
  }

  prepare(provingKey: Uint8Array, witness: Uint8Array): Promise<void> {
    return this.#use(provingKey, (key) => key.precompute(readWitness(witness)));
  }

  prove(provingKey: Uint8Array, witness: Uint8Array): Promise<Groth16Proof> {
    return this.#use(provingKey, (key) => key.prove(readWitness(witness)));
  }

  async stop(): Promise<void> {
    const residents = [...this.#residents.values()];
    this.#residents.clear();
    await Promise.all(residents.map(stopKey));
  }

  async #use<T>(provingKey: Uint8Array, work: (key: WarmKey) => Promise<T>): Promise<T> {
    const resident = this.#residents.get(provingKey) ?? load(provingKey);
    resident.users++;
    this.#residents.delete(provingKey);
    this.#residents.set(provingKey, resident);
    this.#forgetOldest();
    try {
      return await work(await resident.key);
    } catch (error) {
      // Whatever is wrong with the key or its threads, the next proof starts anew.
      if (this.#residents.get(provingKey) === resident) this.#residents.delete(provingKey);
      throw error;
    } finally {
      resident.users--;
      if (resident.users === 0 && this.#residents.get(provingKey) !== resident)
        await stopKey(resident);
    }
  }

  /** A key in use is stopped by its last user. */
  #forgetOldest(): void {
    const excess = this.#residents.size - this.#maxKeys;
    for (const [provingKey, resident] of [...this.#residents].slice(0, Math.max(0, excess))) {
      this.#residents.delete(provingKey);
      if (resident.users === 0) void stopKey(resident);
    }
  }
}

function load(provingKey: Uint8Array): Resident {
  const parse = async (): Promise<WarmKey> => WarmKey.load(readProvingKey(provingKey));
  return { key: parse(), users: 0 };
}

async function stopKey({ key }: Resident): Promise<void> {
  // A key that could not be loaded has nothing to stop.
  const loaded = await key.catch(() => undefined);
  await loaded?.stop();
}
