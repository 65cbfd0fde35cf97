import path from "node:path";
import { at } from "../arrays.ts";
import { compileCircuit } from "../circuit/compile.ts";
import { commit } from "../circuit/poseidon.ts";
import { wordsOf, type StatementContext } from "../circuit/statement.ts";
import { proveRun, requireSatisfied } from "../circuit/witness.ts";
import { ZkmlError } from "../errors.ts";
import { quantiseWithin } from "../integer/precision.ts";
import { maxDifference, rangeWithZero, TOLERANCE } from "../integer/tolerance.ts";
import { infer, runIntegerGraph } from "../integer/run.ts";
import { dequantiseTensors, encodeTensors, quantiseTensors } from "../integer/tensor-spec.ts";
import type { CompiledModel } from "../model/compile-model.ts";
import { readPackage, writePackage } from "../model/package.ts";
import { lower } from "../network/lower.ts";
import { inputSizeOf, runNetwork, type Network } from "../network/network.ts";
import { decodeOnnx } from "../onnx/decode.ts";
import { outlineOnnx, type OnnxOutline } from "../onnx/outline.ts";
import { decodeEvidence } from "../prove/evidence.ts";
import {
  NO_REQUEST,
  proveInference,
  type ProofRequest,
  type ProvableModel,
  type ProvenInference,
} from "../prove/prover.ts";
import { proofHolds, statementOf } from "../prove/verify-evidence.ts";
import { setUpForDevelopment } from "../setup/package-setup.ts";
import { untried, type NetworkResult } from "./result.ts";
import { readVector, variations, type Vector } from "./vector.ts";

/** Proofs are made of circuits below this: more takes a machine for itself. */
const PROVABLE_CONSTRAINTS = 2 ** 18;

/** Told what is known so far, so that a network that is cut off leaves what it reached. */
export type ResultListener = (result: NetworkResult) => void;

/** A chain with the contracts that verify proofs. */
export interface Chain {
  /** Stores the model's key and asks for an answer to the input. */
  readonly request: (model: ProvableModel, input: Uint8Array) => Promise<ProofRequest>;
  /** Whether the contract takes the answer. */
  readonly accepts: (context: StatementContext, answer: ProvenInference) => Promise<boolean>;
  readonly close: () => Promise<void>;
}

export interface ProvingOptions {
  /** Folder that keeps Powers of Tau files for the next network. */
  readonly cache: string;
  /** Folder for the package; whoever made it removes it. */
  readonly work: string;
  readonly openChain: () => Promise<Chain>;
}

/**
 * Compiles one network of a corpus, runs it, and checks the witness; proves it and has the proof verified,
 * on the chain and off it, where that is asked for and the circuit is not too large. Failures are part of the result.
 */
export async function checkNetwork(
  folder: string,
  onResult: ResultListener,
  proving?: ProvingOptions,
): Promise<void> {
  let result = untried(path.basename(folder));
  const add = (known: Partial<NetworkResult>): void => {
    result = { ...result, ...known };
    onResult(result);
  };
  try {
    const { model, input, ...measured } = compile(await readVector(folder));
    const constraints = model.circuit.constraints.filter(({ kind }) => kind !== "padding").length;
    add({ compiled: true, constraints, ...measured });
    requireWitness(model, input);
    add({ witness: true });
    if (proving !== undefined && constraints < PROVABLE_CONSTRAINTS)
      add(await proveAndVerify(model, input, proving));
  } catch (error) {
    add({ error: explain(error) });
  }
}

function compile({ onnx, inputs, outputs }: Vector) {
  const outline = outlineOnnx(onnx);
  const network = lower(decodeOnnx(onnx, { dimensions: openDimensions(outline) }));
  const sample = inputs.slice(0, outline.inputs.length).flat();
  const expected = outputs.slice(0, outline.outputs.length).map(({ data }) => data);
  requireLengths(network, sample, expected);
  const samples = variations(sample);
  const { graph, accuracy } = quantiseWithin(network, samples);
  const model: CompiledModel = { onnx, network, graph, accuracy, circuit: compileCircuit(graph) };
  const input = encodeTensors(graph.inputs, quantiseTensors(graph.inputs, sample));
  return { model, input, ...errorOf(model, samples, expected) };
}

/** Of the output that comes closest to its tolerance, or is farthest beyond it; on the first sample. */
function errorOf(
  { network, graph }: Pick<CompiledModel, "network" | "graph">,
  samples: readonly [readonly number[], ...(readonly number[])[]],
  expected: readonly (readonly number[])[],
): Pick<NetworkResult, "maxAbsError" | "tolerance"> {
  const floats = samples.map((sample) => runNetwork(network, sample).outputs);
  const { outputs } = runIntegerGraph(graph, quantiseTensors(graph.inputs, samples[0]));
  return dequantiseTensors(graph.outputs, outputs)
    .map((found, k) => ({
      maxAbsError: maxDifference(found, at(expected, k)),
      tolerance: TOLERANCE * rangeWithZero(floats.flatMap((run) => at(run, k))),
    }))
    .reduce((worst, each) => (excess(each) > excess(worst) ? each : worst));
}

/** An error as a multiple of what is tolerated. */
function excess({ maxAbsError, tolerance }: { maxAbsError: number; tolerance: number }): number {
  return maxAbsError === 0 ? 0 : maxAbsError / tolerance;
}

/** Dimensions that files leave open are batches, as a rule: of one. */
function openDimensions({ inputs }: OnnxOutline): Record<string, number> {
  const names = inputs.flatMap(({ shape }) => shape.filter((size) => typeof size === "string"));
  return Object.fromEntries(names.map((name) => [name, 1]));
}

function requireLengths(
  network: Network,
  sample: readonly number[],
  expected: readonly (readonly number[])[],
): void {
  requireCount("input.json", sample.length, inputSizeOf(network));
  network.outputs.forEach(({ forms }, k) => {
    requireCount("expected.json", expected[k]?.length ?? 0, forms.length);
  });
}

function requireCount(file: string, found: number, wanted: number): void {
  if (found === wanted) return;
  throw new ZkmlError(
    "VECTOR_INVALID",
    `${file} holds ${found} numbers; the network has ${wanted} with all open dimensions 1.`,
    "Give the tensors whole, in the order of the file.",
  );
}

/** @throws ZkmlError `WITNESS_UNSATISFIED`. */
function requireWitness({ graph, circuit }: CompiledModel, input: Uint8Array): void {
  const { witness } = proveRun(graph, circuit, { input, context: NO_REQUEST });
  requireSatisfied(circuit, witness);
  // The circuit's own commitment, which it makes of its own bytes.
  const committed = witness.get(at(circuit.publicInputs, 0));
  if (committed === commit(wordsOf({ input, output: infer(graph, input) }))) return;
  throw new ZkmlError(
    "WITNESS_UNSATISFIED",
    "The circuit's output is not the integer graph's.",
    "This is a defect of the compiler; report the model.",
  );
}

async function proveAndVerify(
  model: CompiledModel,
  input: Uint8Array,
  { work, cache, openChain }: ProvingOptions,
): Promise<Pick<NetworkResult, "proveMs" | "verified">> {
  const folder = path.join(work, "package");
  await writePackage(folder, model);
  await setUpForDevelopment(folder, { cacheFolder: cache });
  const ready = await readPackage(folder);
  const chain = await openChain();
  try {
    const request = await chain.request(ready, input);
    const proven = await proveInference(ready, request);
    const isAccepted = await chain.accepts(request.context, proven);
    return {
      proveMs: Math.round(proven.witnessMs + proven.proofMs),
      verified: isAccepted && holdsOffChain(ready, request.context, proven),
    };
  } finally {
    await chain.close();
  }
}

/** By a verifier that shares no code with the prover. */
function holdsOffChain(
  { keys }: ProvableModel,
  context: StatementContext,
  { output, evidence }: ProvenInference,
): boolean {
  const decoded = decodeEvidence(evidence, { isShared: false });
  const answer = { requestId: context.requestId, output };
  const statement = decoded && statementOf(decoded, [answer], context);
  return (
    decoded !== undefined &&
    statement?.isCommitted === true &&
    proofHolds(keys.verificationKey, decoded, statement)
  );
}

function explain(error: unknown): string {
  if (error instanceof ZkmlError) return `${error.code}: ${error.message}`;
  return `UNEXPECTED: ${error instanceof Error ? error.message : String(error)}`;
}
