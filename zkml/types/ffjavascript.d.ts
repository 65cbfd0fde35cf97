/** The part of ffjavascript (GPL-3.0, installed as a tool) that this project calls. */
declare module "ffjavascript" {
  /** A curve group over WebAssembly; points are opaque bytes in Montgomery form, affine or Jacobian. */
  export interface CurveGroup {
    readonly g: Uint8Array;
    readonly zero: Uint8Array;
    fromRprLEM(buffer: Uint8Array, offset: number): Uint8Array;
    /** Big-endian coordinates. */
    toUncompressed(point: Uint8Array): Uint8Array;
    toObject(point: Uint8Array): bigint[] | bigint[][];
    add(a: Uint8Array, b: Uint8Array): Uint8Array;
    timesFr(point: Uint8Array, scalar: Uint8Array): Uint8Array;
    /** A point of the group that nobody knows the discrete logarithm of. */
    fromRng(rng: ChaCha): Uint8Array;
    toAffine(point: Uint8Array): Uint8Array;
  }

  /** The scalar field; elements are opaque bytes in Montgomery form. */
  export interface ScalarField {
    /** Primitive roots of unity: `w[k]` of order `2^k`, up to `2^s`. */
    readonly w: readonly Uint8Array[];
    readonly s: number;
    readonly one: Uint8Array;
    e(value: bigint): Uint8Array;
  }

  /** The memory and the functions of the curve's WebAssembly module, on the calling thread. */
  export interface ThreadManager {
    /** The module's bytes; only of a curve on one thread. */
    readonly code: Uint8Array<ArrayBuffer>;
    readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
    readonly instance: {
      readonly exports: Readonly<Record<string, (...pointers: number[]) => void>>;
    };
    u8: Uint8Array;
    u32: Uint32Array;
    alloc(bytes: number): number;
    setBuff(pointer: number, content: Uint8Array): void;
  }

  export interface Curve {
    readonly G1: CurveGroup;
    readonly G2: CurveGroup;
    readonly Fr: ScalarField;
    readonly tm: ThreadManager;
    terminate(): Promise<void>;
  }

  /** Random numbers out of a seed of eight 32-bit numbers. */
  export class ChaCha {
    constructor(seed: readonly number[]);
    /** The next 32 bits. */
    nextU32(): number;
  }

  export function buildBn128(singleThread?: boolean): Promise<Curve>;
}
