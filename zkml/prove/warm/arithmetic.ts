import type { Group } from "../../setup/points.ts";

const WASM_PAGE = 65_536;

/** Pages that the curve library's own module starts with: its constants and stack. */
const FIRST_PAGES = 25;

/** Address of the library's pointer to free memory. */
const FREE_POINTER = 0;

/** Names that the library gives to the functions of each group. */
export const PREFIX: Readonly<Record<Group, string>> = { G1: "g1m", G2: "g2m" };

/** The curve library's WebAssembly module on this thread, with memory that only grows. Everything is on raw pointers. */
export class Arithmetic {
  readonly #memory: WebAssembly.Memory;
  readonly #functions: Readonly<Record<string, WebAssembly.Export>>;

  constructor(module: WebAssembly.Module) {
    this.#memory = new WebAssembly.Memory({ initial: FIRST_PAGES });
    this.#functions = new WebAssembly.Instance(module, { env: { memory: this.#memory } }).exports;
  }

  /** A function of the library by its name. */
  function(name: string): (...operands: number[]) => number {
    const found = this.#functions[name];
    if (typeof found !== "function") throw new Error(`the curve library has no ${name}`);
    return found;
  }

  call(name: string, ...operands: number[]): number {
    return this.function(name)(...operands);
  }

  /** Memory for `bytes`, and makes sure that `scratch` more are free for functions that take them behind it. */
  allocate(bytes: number, scratch = 0): number {
    const free = new Uint32Array(this.#memory.buffer, FREE_POINTER, 1);
    // Aligned for reading limbs of 64 bits.
    const pointer = Math.ceil((free[0] ?? 0) / 8) * 8;
    free[0] = pointer + bytes;
    const missing = pointer + bytes + scratch - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / WASM_PAGE));
    return pointer;
  }

  /** Memory that holds `content`. */
  store(content: Uint8Array): number {
    const pointer = this.allocate(content.length);
    this.bytes(pointer, content.length).set(content);
    return pointer;
  }

  /** Frees what `run` allocates, afterwards. */
  temporarily<T>(run: () => T): T {
    const before = this.allocate(0);
    try {
      return run();
    } finally {
      new Uint32Array(this.#memory.buffer, FREE_POINTER, 1)[0] = before;
    }
  }

  /** A view, valid until memory is allocated. */
  bytes(pointer: number, length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#memory.buffer, pointer, length);
  }

  /** A copy. */
  read(pointer: number, length: number): Uint8Array<ArrayBuffer> {
    return this.bytes(pointer, length).slice();
  }
}
