import process from "node:process";
import { groth16 } from "snarkjs";
import { at } from "../../zkml/arrays.ts";
import { domainPower } from "../../zkml/circuit/compile.ts";
import { encodeR1cs } from "../../zkml/circuit/r1cs-file.ts";
import { encodeWitness } from "../../zkml/circuit/wtns-file.ts";
import { proveVerified } from "../../zkml/prove/prove-verified.ts";
import type { Prover } from "../../zkml/prove/provers/prover.ts";
import { SnarkjsProver } from "../../zkml/prove/provers/snarkjs-prover.ts";
import { WarmProver } from "../../zkml/prove/provers/warm-prover.ts";
import { cachedTau } from "../../zkml/setup/development-cache.ts";
import { makeDevelopmentKeys } from "../../zkml/setup/development-keys.ts";
import type { ChainCost, measureGas } from "./gas.ts";
import { groupedRows, type RowCounts } from "./row-counts.ts";
import type { Compile, Subject } from "./subjects.ts";

/** Proofs by each prover, alternately, so that both suffer alike from what else the machine does. */
const ROUNDS = 7;

/** Fewer where each takes seconds. */
const LARGE_POWER = 16;
const LARGE_ROUNDS = 3;

/** What was measured of one subject. */
export interface Measurement {
  readonly rows: RowCounts;
  /** Rows of the domain are `2^power`. */
  readonly power: number;
  readonly compileMs: number;
  /** Undefined for a circuit that is only counted. */
  readonly proved?: ProofMeasurement;
}

/** Times are medians where there are several. */
export interface ProofMeasurement {
  readonly keyBytes: number;
  /** Development Powers of Tau, unless the cache has them. */
  readonly tauMs: number;
  readonly setupMs: number;
  readonly witnessMs: number;
  /** First proof of a process, threads and key included. */
  readonly snarkjsColdMs: number;
  readonly warmColdMs: number;
  /** What the warm prover computes once, in advance. */
  readonly prepareMs: number;
  readonly snarkjsMs: number;
  readonly warmMs: number;
  /** Processor time of all threads, which other programs hardly change. */
  readonly snarkjsCpuMs: number;
  readonly warmCpuMs: number;
  readonly verifyMs: number;
  /** Largest memory of the process, up to the end of the set-up and of the proofs. */
  readonly setupPeakBytes: number;
  readonly peakBytes: number;
  readonly chain?: ChainCost;
}

export interface MeasureOptions {
  /** Circuits on larger domains are only counted. */
  readonly maxPower: number;
  readonly cacheFolder: string;
}

/** Measures one subject. Peak memory is the whole process's: one process for each subject. */
export async function measure(compile: Compile, options: MeasureOptions): Promise<Measurement> {
  const [subject, compileMs] = await timed(compile);
  if ("counted" in subject) {
    const rows = { all: subject.counted };
    return { rows, power: Math.ceil(Math.log2(rows.all)), compileMs };
  }
  const rows = groupedRows(subject.circuit);
  // Circuits that were not finished do not fill their domain.
  const power = Math.ceil(domainPower(subject.circuit));
  if (power > options.maxPower) return { rows, power, compileMs };
  const proved = await measureProofs(subject, power, options.cacheFolder);
  return { rows, power, compileMs, proved };
}

async function measureProofs(
  { circuit, run, onChain }: Subject,
  power: number,
  cacheFolder: string,
): Promise<ProofMeasurement> {
  const [tau, tauMs] = await timed(() => cachedTau(power, cacheFolder));
  const r1cs = encodeR1cs(circuit);
  const [keys, setupMs] = await timed(() =>
    makeDevelopmentKeys({ r1cs, tau, contributor: "benchmark" }),
  );
  const setupPeakBytes = peakBytes();
  const [witness, witnessMs] = await timed(() => encodeWitness(run()));
  await stopThreads();

  const [snarkjs, warm] = [new SnarkjsProver(), new WarmProver()];
  const prove = (prover: Prover): Promise<ProofTime> =>
    timeProof(() => prover.prove(keys.provingKey, witness));
  const cold = { snarkjs: await prove(snarkjs), warm: await prove(warm) };
  const [, prepareMs] = await timed(() => warm.prepare(keys.provingKey, witness));
  const times: { snarkjs: ProofTime; warm: ProofTime }[] = [];
  for (let round = 0; round < (power > LARGE_POWER ? LARGE_ROUNDS : ROUNDS); round++)
    times.push({ snarkjs: await prove(snarkjs), warm: await prove(warm) });

  const { proof, publicSignals } = await proveVerified(warm, keys, witness);
  const [, verifyMs] = await timed(() =>
    groth16.verify(keys.verificationKey, publicSignals, proof),
  );
  const measured = {
    ...{ keyBytes: keys.provingKey.length, tauMs, setupMs, witnessMs, prepareMs, verifyMs },
    ...{ snarkjsColdMs: cold.snarkjs.ms, warmColdMs: cold.warm.ms },
    snarkjsMs: median(times.map(({ snarkjs: { ms } }) => ms)),
    warmMs: median(times.map(({ warm: { ms } }) => ms)),
    snarkjsCpuMs: median(times.map(({ snarkjs: { cpuMs } }) => cpuMs)),
    warmCpuMs: median(times.map(({ warm: { cpuMs } }) => cpuMs)),
    ...{ setupPeakBytes, peakBytes: peakBytes() },
  };
  const chain = onChain && (await costOnChain({ ...onChain, keys }, onChain.input, warm));
  await warm.stop();
  await stopThreads();
  return { ...measured, ...(chain && { chain }) };
}

/** The chain is loaded last, and only here: its memory is not the prover's. */
async function costOnChain(...parameters: Parameters<typeof measureGas>): Promise<ChainCost> {
  const { measureGas: onChain } = await import("./gas.ts");
  return onChain(...parameters);
}

function peakBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}

/** Also what set-up and verification left running. */
async function stopThreads(): Promise<void> {
  await new SnarkjsProver().stop();
}

interface ProofTime {
  readonly ms: number;
  readonly cpuMs: number;
}

async function timeProof(prove: () => Promise<unknown>): Promise<ProofTime> {
  const before = process.cpuUsage();
  const [, ms] = await timed(prove);
  const { user, system } = process.cpuUsage(before);
  return { ms, cpuMs: (user + system) / 1000 };
}

async function timed<T>(run: () => Promise<T> | T): Promise<[result: T, ms: number]> {
  const start = performance.now();
  const result = await run();
  return [result, performance.now() - start];
}

function median(values: readonly number[]): number {
  return at(
    values.toSorted((a, b) => a - b),
    Math.floor(values.length / 2),
  );
}
