import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Groth16VerificationKey } from "snarkjs";
import { z } from "zod";
import { compileCircuit } from "../circuit/compile.ts";
import { encodeR1cs } from "../circuit/r1cs-file.ts";
import { ZkmlError } from "../errors.ts";
import type { IntegerGraph } from "../integer/graph.ts";
import { decodeGraph, encodeGraph } from "../integer/graph-file.ts";
import type { ProvableModel } from "../prove/prover.ts";
import {
  decodeCeremony,
  describeCeremony,
  encodeCeremony,
  sha256,
  type Ceremony,
} from "../setup/ceremony.ts";
import type { CircuitKeys } from "../setup/keys.ts";
import type { PowersOfTau } from "../setup/tau-file.ts";
import type { CompiledModel } from "./compile-model.ts";
import {
  contentHash,
  decodeManifest,
  describeModel,
  encodeManifest,
  type Manifest,
} from "./manifest.ts";
import { finishReplacement, keysChanged, replaceFiles } from "./replace-files.ts";
import { writing } from "../writing.ts";

/*
 * A model package is a folder. `manifest.json` names the other files by hash, but for the keys, which `ceremony.json` names
 * together with all who took part in making them. The manifest's own hash is what the chain knows the model by: so a model
 * that is set up again is another one, and nobody can be added to those who took part, or taken away, afterwards.
 */
const FILES = {
  manifest: "manifest.json",
  onnx: "network.onnx",
  graph: "graph.json",
  r1cs: "circuit.r1cs",
  provingKey: "proving.zkey",
  verificationKey: "verification-key.json",
  ceremony: "ceremony.json",
} as const;

/** Files that the set-up makes. */
const SETUP_FILES: ReadonlySet<keyof typeof FILES> = new Set([
  "provingKey",
  "verificationKey",
  "ceremony",
]);

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
  /** How the keys were made. */
  readonly ceremony: Ceremony;
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
 * @throws ZkmlError `FILE_EXISTS` if the folder exists and `overwrite` is not set, or if it is no package; `FILE_UNWRITABLE`.
 */
export async function writePackage(
  folder: string,
  model: CompiledModel,
  { overwrite = false }: { overwrite?: boolean } = {},
): Promise<Manifest> {
  await requireReplaceable(folder, { overwrite });
  const { graphFile, r1cs, manifest } = filesOf(model);

  const unfinished = `${folder}.unfinished`;
  await writing(folder, async () => {
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { recursive: true });
    await writeFile(path.join(unfinished, FILES.onnx), model.onnx);
    await writeFile(path.join(unfinished, FILES.graph), graphFile);
    await writeFile(path.join(unfinished, FILES.r1cs), r1cs);
    await writeFile(path.join(unfinished, FILES.manifest), encodeManifest(manifest));
    await rm(folder, { recursive: true, force: true });
    await rename(unfinished, folder);
  });
  return manifest;
}

/**
 * Makes sure that a package may be written here. What is no package is never replaced, whatever anybody says.
 *
 * @throws ZkmlError `FILE_EXISTS`.
 */
export async function requireReplaceable(
  folder: string,
  { overwrite }: { readonly overwrite: boolean },
): Promise<void> {
  if (!(await exists(folder)) || (await isEmptyFolder(folder))) return;
  if (!(await exists(path.join(folder, FILES.manifest))))
    throw new ZkmlError(
      "FILE_EXISTS",
      `"${folder}" exists already, and is no package: it is not replaced.`,
      "Choose another folder.",
    );
  if (!overwrite)
    throw new ZkmlError(
      "FILE_EXISTS",
      `"${folder}" exists already.`,
      "Choose another folder, or overwrite it.",
    );
}

async function isEmptyFolder(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch(() => undefined);
  return names?.length === 0;
}

/**
 * Gives a package keys, with the transcript of their making, in place of those it had. An interruption leaves it as it was.
 *
 * @param replaced SHA-256 of the transcript of the keys that are replaced, if there were any.
 * @returns The manifest, which now names the transcript.
 * @throws ZkmlError `FILE_MISSING`, `FILE_CORRUPTED`, or `KEYS_CHANGED` if somebody else has replaced those keys meanwhile.
 */
export async function writeKeys(
  folder: string,
  { provingKey, verificationKey }: CircuitKeys,
  powersOfTau: PowersOfTau,
  replaced?: string,
): Promise<Manifest> {
  const keys = { provingKey, verificationKey: encodeVerificationKey(verificationKey) };
  const ceremony = encodeCeremony(await describeCeremony(keys, powersOfTau));
  const before = await readManifest(folder);
  if (before.ceremony !== replaced) throw keysChanged(folder);
  const manifest = { ...before, ceremony: sha256(ceremony) };
  await replaceFiles(folder, {
    [FILES.provingKey]: keys.provingKey,
    [FILES.verificationKey]: keys.verificationKey,
    [FILES.ceremony]: ceremony,
    [FILES.manifest]: encodeManifest(manifest),
  });
  return manifest;
}

/** Whether a folder holds a package with keys. */
export async function isSetUp(folder: string): Promise<boolean> {
  return (await readManifest(folder)).ceremony !== undefined;
}

/** The constraints of a package, for the key set-up. */
export async function readR1cs(folder: string): Promise<Uint8Array> {
  const { r1cs } = await readManifest(folder);
  return requireHash(await readPart(folder, "r1cs"), r1cs, FILES.r1cs);
}

/**
 * What a package computes, without its keys.
 *
 * @throws ZkmlError `FILE_MISSING` or `FILE_CORRUPTED`.
 */
export async function readGraph(folder: string): Promise<IntegerGraph> {
  const manifest = await readManifest(folder);
  return decodeGraph(requireHash(await readPart(folder, "graph"), manifest.graph, FILES.graph));
}

/** @throws ZkmlError `FILE_MISSING` or `FILE_CORRUPTED`. */
export async function readManifest(folder: string): Promise<Manifest> {
  return decodeManifest(await readManifestFile(folder));
}

async function readManifestFile(folder: string): Promise<Uint8Array> {
  await finishReplacement(folder);
  return readPart(folder, "manifest");
}

/** A package's keys, and how they were made. */
export interface KeySet {
  readonly keys: CircuitKeys;
  readonly ceremony: Ceremony;
  /** SHA-256 of the transcript, as the manifest names it. */
  readonly transcriptHash: string;
}

/**
 * Reads the keys of a package, and checks them against its transcript and that against its manifest.
 *
 * @throws ZkmlError `FILE_MISSING`, `FILE_CORRUPTED`, or `KEYS_CHANGED` if somebody has replaced the keys while they were read.
 */
export async function readKeys(folder: string): Promise<KeySet> {
  const { ceremony: transcriptHash } = await readManifest(folder);
  if (transcriptHash === undefined) throw missing(folder, "ceremony");
  try {
    return await readKeysOf(folder, transcriptHash);
  } catch (error) {
    // Some files are of the old keys and some of the new: nothing is wrong with either.
    if ((await readManifest(folder)).ceremony !== transcriptHash) throw keysChanged(folder);
    throw error;
  }
}

async function readKeysOf(folder: string, transcriptHash: string): Promise<KeySet> {
  const file = requireHash(await readPart(folder, "ceremony"), transcriptHash, FILES.ceremony);
  const ceremony = decodeCeremony(file);
  const readKey = async (part: "provingKey" | "verificationKey") =>
    requireHash(await readPart(folder, part), ceremony[part], FILES[part]);
  const provingKey = await readKey("provingKey");
  const verificationKey = parseVerificationKey(await readKey("verificationKey"));
  return { keys: { provingKey, verificationKey }, ceremony, transcriptHash };
}

/**
 * Reads a package with its keys and checks every file against the manifest.
 *
 * @throws ZkmlError `FILE_MISSING` or `FILE_CORRUPTED`.
 */
export async function readPackage(folder: string): Promise<ModelPackage> {
  const manifestFile = await readManifestFile(folder);
  const manifest = decodeManifest(manifestFile);
  requireHash(await readPart(folder, "onnx"), manifest.onnx, FILES.onnx);
  const graph = await readGraph(folder);
  const { inputs, inferences } = manifest;
  const circuit = compileCircuit(graph, { inputs, inferences });
  requireHash(encodeR1cs(circuit), manifest.r1cs, "the circuit compiled from the graph");
  const { keys, ceremony } = await readKeys(folder);
  return { manifest, contentHash: contentHash(manifestFile), graph, circuit, keys, ceremony };
}

async function readPart(folder: string, part: keyof typeof FILES): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(path.join(folder, FILES[part])));
  } catch (cause) {
    throw missing(folder, part, cause);
  }
}

function missing(folder: string, part: keyof typeof FILES, cause?: unknown): ZkmlError {
  return new ZkmlError(
    "FILE_MISSING",
    `"${path.join(folder, FILES[part])}" is missing or cannot be read.`,
    SETUP_FILES.has(part)
      ? "Set the model up first: opg model setup."
      : "Compile the model first: opg model compile.",
    { cause },
  );
}

function requireHash(content: Uint8Array, wanted: string, name: string): Uint8Array {
  const found = sha256(content);
  if (found === wanted) return content;
  throw new ZkmlError(
    "FILE_CORRUPTED",
    `${name} has the hash ${found}; the package says ${wanted}.`,
    "Fetch the package again, or compile the model again.",
  );
}

function encodeVerificationKey(key: Groth16VerificationKey): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(key, undefined, 2)}\n`);
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

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch {
    return false;
  }
}
