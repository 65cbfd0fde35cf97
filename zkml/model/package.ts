import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import type { Groth16VerificationKey } from "snarkjs";
import { z } from "zod";
import { compileCircuit } from "../circuit/compile.ts";
import { encodeR1cs } from "../circuit/r1cs-file.ts";
import { ZkmlError } from "../errors.ts";
import type { IntegerGraph } from "../integer/graph.ts";
import { decodeGraph, encodeGraph } from "../integer/graph-file.ts";
import type { ProvableModel } from "../prove/prover.ts";
import type { CircuitKeys } from "../setup/keys.ts";
import type { CompiledModel } from "./compile-model.ts";
import {
  contentHash,
  decodeManifest,
  describeModel,
  encodeManifest,
  type Manifest,
} from "./manifest.ts";

/*
 * A model package is a folder. `manifest.json` names the other files by hash, and its own hash is what the chain knows the
 * model by; the keys are separate, because a model can be set up more than once.
 */
const FILES = {
  manifest: "manifest.json",
  onnx: "network.onnx",
  graph: "graph.json",
  r1cs: "circuit.r1cs",
  provingKey: "proving.zkey",
  verificationKey: "verification-key.json",
} as const;

const coordinates = z.array(z.string().regex(/^\d+$/)).min(2);

const verificationKeySchema = z.object({
  protocol: z.literal("groth16"),
  curve: z.literal("bn128"),
  nPublic: z.int().positive(),
  vk_alpha_1: coordinates,
  vk_beta_2: z.array(coordinates).min(2),
  vk_gamma_2: z.array(coordinates).min(2),
  vk_delta_2: z.array(coordinates).min(2),
  IC: z.array(coordinates).min(2),
});

/** A package with its keys, checked and ready to prove. */
export interface ModelPackage extends ProvableModel {
  readonly manifest: Manifest;
  /** 0x-prefixed keccak256 of the manifest. */
  readonly contentHash: string;
}

/** What describes a compiled model in its package. */
export function manifestOf(model: CompiledModel): Manifest {
  return filesOf(model).manifest;
}

function filesOf({ onnx, graph, circuit }: CompiledModel) {
  const graphFile = encodeGraph(graph);
  const r1cs = encodeR1cs(circuit);
  const manifest = describeModel({ onnx, graphFile, r1cs, graph, circuit });
  return { graphFile, r1cs, manifest };
}

/**
 * Writes a compiled model as a package. The folder appears complete or not at all.
 *
 * @throws ZkmlError `FILE_EXISTS` if the folder exists and `overwrite` is not set.
 */
export async function writePackage(
  folder: string,
  model: CompiledModel,
  { overwrite = false }: { overwrite?: boolean } = {},
): Promise<Manifest> {
  if (!overwrite) await requireNoPackage(folder);
  const { graphFile, r1cs, manifest } = filesOf(model);

  const unfinished = `${folder}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  await writeFile(path.join(unfinished, FILES.onnx), model.onnx);
  await writeFile(path.join(unfinished, FILES.graph), graphFile);
  await writeFile(path.join(unfinished, FILES.r1cs), r1cs);
  await writeFile(path.join(unfinished, FILES.manifest), encodeManifest(manifest));
  await rm(folder, { recursive: true, force: true });
  await rename(unfinished, folder);
  return manifest;
}

/** @throws ZkmlError `FILE_EXISTS`. */
export async function requireNoPackage(folder: string): Promise<void> {
  if (!(await exists(folder))) return;
  throw new ZkmlError(
    "FILE_EXISTS",
    `"${folder}" exists already.`,
    "Choose another folder, or overwrite it.",
  );
}

/** Adds keys to a package. The verification key is written last: without it the package counts as not set up. */
export async function writeKeys(folder: string, keys: CircuitKeys): Promise<void> {
  await rm(path.join(folder, FILES.verificationKey), { force: true });
  await writeWhole(path.join(folder, FILES.provingKey), keys.provingKey);
  const json = `${JSON.stringify(keys.verificationKey, undefined, 2)}\n`;
  await writeWhole(path.join(folder, FILES.verificationKey), new TextEncoder().encode(json));
}

/** Whether a folder holds a package with keys. */
export function isSetUp(folder: string): Promise<boolean> {
  return exists(path.join(folder, FILES.verificationKey));
}

/** The constraints of a package, for the key set-up. */
export async function readR1cs(folder: string): Promise<Uint8Array> {
  const manifest = decodeManifest(await readPart(folder, "manifest"));
  return requireHash(await readPart(folder, "r1cs"), manifest.r1cs, FILES.r1cs);
}

/**
 * What a package computes, without its keys.
 *
 * @throws ZkmlError `FILE_MISSING` or `FILE_CORRUPTED`.
 */
export async function readGraph(folder: string): Promise<IntegerGraph> {
  const manifest = decodeManifest(await readPart(folder, "manifest"));
  return decodeGraph(requireHash(await readPart(folder, "graph"), manifest.graph, FILES.graph));
}

export async function readManifest(folder: string): Promise<Manifest> {
  return decodeManifest(await readPart(folder, "manifest"));
}

/**
 * Reads a package with its keys and checks every file against the manifest.
 *
 * @throws ZkmlError `FILE_MISSING` or `FILE_CORRUPTED`.
 */
export async function readPackage(folder: string): Promise<ModelPackage> {
  const manifestFile = await readPart(folder, "manifest");
  const manifest = decodeManifest(manifestFile);
  requireHash(await readPart(folder, "onnx"), manifest.onnx, FILES.onnx);
  const graph = await readGraph(folder);
  const circuit = compileCircuit(graph);
  requireHash(encodeR1cs(circuit), manifest.r1cs, "the circuit compiled from the graph");
  const keys: CircuitKeys = {
    provingKey: await readPart(folder, "provingKey"),
    verificationKey: parseVerificationKey(await readPart(folder, "verificationKey")),
  };
  return { manifest, contentHash: contentHash(manifestFile), graph, circuit, keys };
}

async function readPart(folder: string, part: keyof typeof FILES): Promise<Uint8Array> {
  const file = path.join(folder, FILES[part]);
  try {
    return new Uint8Array(await readFile(file));
  } catch (cause) {
    const isKey = part === "provingKey" || part === "verificationKey";
    throw new ZkmlError(
      "FILE_MISSING",
      `"${file}" is missing or cannot be read.`,
      isKey
        ? "Set the model up first: opg model setup."
        : "Compile the model first: opg model compile.",
      { cause },
    );
  }
}

function requireHash(content: Uint8Array, wanted: string, name: string): Uint8Array {
  const found = bytesToHex(sha256(content));
  if (found === wanted) return content;
  throw new ZkmlError(
    "FILE_CORRUPTED",
    `${name} has the hash ${found}; the manifest says ${wanted}.`,
    "Fetch the package again, or compile the model again.",
  );
}

/**
 * Reads the network that a package was compiled from.
 *
 * @throws ZkmlError `FILE_MISSING` or `FILE_CORRUPTED`.
 */
export async function readNetworkFile(folder: string): Promise<Uint8Array> {
  const { onnx } = await readManifest(folder);
  return requireHash(await readPart(folder, "onnx"), onnx, FILES.onnx);
}

/**
 * Reads what a package's proofs are checked with: key and content hash. The proving key may be missing.
 *
 * @throws ZkmlError `FILE_MISSING` or `FILE_CORRUPTED`.
 */
export async function readVerifiable(
  folder: string,
): Promise<{ readonly contentHash: string; readonly verificationKey: Groth16VerificationKey }> {
  return {
    contentHash: contentHash(await readPart(folder, "manifest")),
    verificationKey: parseVerificationKey(await readPart(folder, "verificationKey")),
  };
}

/** @throws ZkmlError `FILE_CORRUPTED`. */
export function parseVerificationKey(file: Uint8Array): Groth16VerificationKey {
  const parsed = verificationKeySchema.safeParse(parseJson(file));
  if (parsed.success) return parsed.data;
  throw new ZkmlError(
    "FILE_CORRUPTED",
    `${FILES.verificationKey} is not a Groth16 verification key.`,
    "Set the model up again.",
    { cause: parsed.error },
  );
}

function parseJson(file: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(file));
  } catch {
    return undefined;
  }
}

async function writeWhole(file: string, content: Uint8Array): Promise<void> {
  const unfinished = `${file}.unfinished`;
  await writeFile(unfinished, content);
  await rename(unfinished, file);
}

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch {
    return false;
  }
}
