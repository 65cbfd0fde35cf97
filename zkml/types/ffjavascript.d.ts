/** The part of ffjavascript (GPL-3.0, installed as a tool) that this project calls. */
declare module "ffjavascript" {
  /** A curve group over WebAssembly; points are opaque bytes in Montgomery form. */
  export interface CurveGroup {
    readonly g: Uint8Array;
    fromRprLEM(buffer: Uint8Array, offset: number): Uint8Array;
    /** Big-endian coordinates. */
    toUncompressed(point: Uint8Array): Uint8Array;
    toObject(point: Uint8Array): bigint[] | bigint[][];
  }

  /** The memory and the functions of the curve's WebAssembly module, on the calling thread. */
  export interface ThreadManager {
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
    readonly tm: ThreadManager;
    terminate(): Promise<void>;
  }

  export function buildBn128(singleThread?: boolean): Promise<Curve>;
}
