import type { KeyShareContent, Spectra } from "./key-share.ts";
import type { Polynomial } from "./quotient.ts";

/** What a proving thread is asked to do. It starts with `load`, and takes one task after the other. */
export type Task =
  | { readonly kind: "load"; readonly content: KeyShareContent }
  | {
      readonly kind: "precompute";
      readonly witness: SharedArrayBuffer;
      readonly maxBytes: number;
    }
  | {
      readonly kind: "transform";
      readonly polynomial: Polynomial;
      readonly witness: SharedArrayBuffer;
      readonly spectra: Spectra;
    }
  | { readonly kind: "multiplyWires"; readonly witness: SharedArrayBuffer }
  | { readonly kind: "multiplyRows"; readonly spectra: Spectra };

/** Points that a task results in, in Jacobian coordinates; none for some tasks. */
export type TaskResult = readonly Uint8Array<ArrayBuffer>[];

/** A thread's answer to a task. */
export type TaskReply =
  { readonly points: TaskResult } | { readonly fault: string; readonly isCorrupted: boolean };
