import { sha256 } from "@noble/hashes/sha2.js";
import { keccak_256 } from "@noble/hashes/sha3.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { z } from "zod";
import { domainPower } from "../circuit/compile.ts";
import type { ModelCircuit } from "../circuit/model-circuit.ts";
import { MAX_INFERENCES, publicInputSize } from "../circuit/proof-form.ts";
import { ZkmlError } from "../errors.ts";
import type { IntegerGraph } from "../integer/graph.ts";
import { byteLength } from "../integer/tensor-spec.ts";

const FORMAT = "opengradient-model/1";

const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);

const manifestSchema = z.object({
  format: z.literal(FORMAT),
  /** SHA-256 of each file. */
  onnx: sha256Schema,
  graph: sha256Schema,
  r1cs: sha256Schema,
  /** Whether the chain sees inputs, or commitments to them. */
  inputs: z.enum(["public", "private"]),
  /** Inferences that one proof carries. */
  inferences: z.int().min(1).max(MAX_INFERENCES),
  /** Length in bytes of what the chain sees of one inference. */
  inputSize: z.int().positive(),
  outputSize: z.int().positive(),
  constraints: z.int().positive(),
  /** Proof and keys live on a domain of `2^domainPower`. */
  domainPower: z.int().positive(),
  /** SHA-256 of the transcript of the key set-up, which in turn names the keys; none before the model is set up. */
  ceremony: sha256Schema.optional(),
});

/** What a model is: its files by hash, and the sizes that contracts check. */
export type Manifest = z.infer<typeof manifestSchema>;

export interface ManifestSubject {
  readonly onnx: Uint8Array;
  readonly graphFile: Uint8Array;
  readonly r1cs: Uint8Array;
  readonly graph: IntegerGraph;
  readonly circuit: ModelCircuit;
}

export function describeModel({
  onnx,
  graphFile,
  r1cs,
  graph,
  circuit,
}: ManifestSubject): Manifest {
  return {
    format: FORMAT,
    onnx: bytesToHex(sha256(onnx)),
    graph: bytesToHex(sha256(graphFile)),
    r1cs: bytesToHex(sha256(r1cs)),
    inputs: circuit.form.inputs,
    inferences: circuit.form.inferences,
    inputSize: publicInputSize(circuit.form, graph),
    outputSize: byteLength(graph.outputs),
    constraints: circuit.constraints.filter(({ kind }) => kind !== "padding").length,
    domainPower: domainPower(circuit),
  };
}

export function encodeManifest(manifest: Manifest): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(manifest, undefined, 2)}\n`);
}

/** @throws ZkmlError `FILE_CORRUPTED`. */
export function decodeManifest(file: Uint8Array): Manifest {
  try {
    return manifestSchema.parse(JSON.parse(new TextDecoder().decode(file)));
  } catch (cause) {
    throw new ZkmlError(
      "FILE_CORRUPTED",
      "The model's manifest is not readable.",
      "Compile the model again.",
      { cause },
    );
  }
}

/** What the registry knows the model by: keccak256 of the manifest's bytes, 0x-prefixed. */
export function contentHash(manifestFile: Uint8Array): string {
  return `0x${bytesToHex(keccak_256(manifestFile))}`;
}
