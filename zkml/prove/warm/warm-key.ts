import { availableParallelism } from "node:os";
import { buildBn128, type Curve } from "ffjavascript";
import type { Groth16Proof } from "snarkjs";
import { at, listOf } from "../../arrays.ts";
import { corrupted } from "../../circuit/binary-reader.ts";
import { FIELD_BYTES } from "../../circuit/field.ts";
import type { ProvingKey } from "../zkey-file.ts";
import { assembleProof, drawBlinding, sum } from "./assemble.ts";
import type { Spectra } from "./key-share.ts";
import { ProvingThread } from "./proving-thread.ts";
import { POLYNOMIALS } from "./quotient.ts";
import { splitKey } from "./split-key.ts";
import type { Task, TaskResult } from "./task.ts";

/** More threads than this would each have too little to do. */
const MAX_THREADS = 16;

/** Memory for the multiples of a key's points, over all threads. */
const PRECOMPUTED_BYTES = 2 ** 28;

/** A proving key in the memory of threads of its own. */
export class WarmKey {
  readonly #key: ProvingKey;
  readonly #curve: Curve;
  readonly #threads: readonly ProvingThread[];
  #precomputed: Promise<unknown> | undefined;

  private constructor(key: ProvingKey, curve: Curve, threads: readonly ProvingThread[]) {
    this.#key = key;
    this.#curve = curve;
    this.#threads = threads;
  }

  /** @throws ZkmlError `FILE_CORRUPTED` if a point is not on the curve, or `PROVER_FAILED`. */
  static async load(key: ProvingKey): Promise<WarmKey> {
    const curve = await buildBn128(true);
    const threads = listOf(
      Math.min(availableParallelism(), MAX_THREADS, key.domainSize),
      () => new ProvingThread(),
    );
    const warm = new WarmKey(key, curve, threads);
    try {
      await warm.#share();
      return warm;
    } catch (error) {
      await warm.stop();
      throw error;
    }
  }

  async #share(): Promise<void> {
    const { Fr, tm } = this.#curve;
    const power = Math.log2(this.#key.domainSize);
    const shift = Fr.w[power + 1];
    if (shift === undefined) throw corrupted("proving key", "has a domain beyond the field's");
    const module = await WebAssembly.compile(tm.code);
    const library = { module, one: Fr.one.slice(), shift: shift.slice() };
    const shares = splitKey(this.#key, this.#threads.length, library);
    await this.#all((thread) => ({ kind: "load", content: at(shares, thread) }));
  }

  /**
   * Computes multiples of the key's points, once: each later proof takes less time.
   *
   * @param witness A typical one, which shows what wires have full-size values.
   */
  async precompute(witness: Uint8Array): Promise<void> {
    this.#precomputed ??= this.#all(() => ({
      kind: "precompute",
      witness: toShared(witness),
      maxBytes: PRECOMPUTED_BYTES / this.#threads.length,
    }));
    await this.#precomputed;
  }

  /** @param witness Values of all wires, 32 little-endian bytes each. */
  async prove(witness: Uint8Array): Promise<Groth16Proof> {
    const values = toShared(witness);
    const size = this.#key.domainSize * FIELD_BYTES;
    const space = (): SharedArrayBuffer => new SharedArrayBuffer(size);
    const spectra: Spectra = [space(), space(), space()];
    const transformed = POLYNOMIALS.map((polynomial) =>
      this.#idlest().perform({ kind: "transform", polynomial, witness: values, spectra }),
    );
    const [wires] = await Promise.all([
      this.#all(() => ({ kind: "multiplyWires", witness: values })),
      ...transformed,
    ]);
    const rows = await this.#all(() => ({ kind: "multiplyRows", spectra }));

    const { G1, G2 } = this.#curve;
    const part = (index: number): Uint8Array[] => wires.map((points) => at(points, index));
    return assembleProof(this.#curve, this.#key, {
      a: sum(G1, part(0)),
      b1: sum(G1, part(1)),
      b2: sum(G2, part(2)),
      c: sum(G1, [...part(3), ...rows.map((points) => at(points, 0))]),
      blinding: drawBlinding(this.#curve),
    });
  }

  async stop(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.stop()));
  }

  /** Gives every thread a task. */
  #all(task: (thread: number) => Task): Promise<TaskResult[]> {
    return Promise.all(this.#threads.map((thread, index) => thread.perform(task(index))));
  }

  #idlest(): ProvingThread {
    return this.#threads.reduce((best, thread) => (thread.load < best.load ? thread : best));
  }
}

function toShared(content: Uint8Array): SharedArrayBuffer {
  const copy = new SharedArrayBuffer(content.length);
  new Uint8Array(copy).set(content);
  return copy;
}
