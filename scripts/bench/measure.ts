import process from "node:process";
import { groth16 } from "snarkjs";
import { at } from "../../zkml/arrays.ts";
import { encodeR1cs } from "../../zkml/circuit/r1cs-file.ts";
import { encodeWitness } from "../../zkml/circuit/wtns-file.ts";
import { proveVerified } from "../../zkml/prove/prove-verified.ts";
import type { Prover } from "../../zkml/prove/provers/prover.ts";
import { SnarkjsProver } from "../../zkml/prove/provers/snarkjs-prover.ts";
import { WarmProver } from "../../zkml/prove/provers/warm-prover.ts";
import { cachedTau } from "../../zkml/setup/development-cache.ts";
import { makeDevelopmentKeys } from "../../zkml/setup/development-keys.ts";
import type { Compile } from "./subjects.ts";

/** Proofs by each prover, alternately, so that both suffer alike from what else the machine does. */
const ROUNDS = 7;

/** What was measured of one subject; times are medians where there are several. */
export interface Measurement {
  readonly constraints: number;
  readonly power: number;
  readonly keyBytes: number;
  readonly compileMs: number;
  readonly setupMs: number;
  readonly witnessMs: number;
  /** First proof of a process, threads and key included. */
  readonly snarkjsColdMs: number;
  readonly warmColdMs: number;
  /** What the warm prover computes once, in advance. */
  readonly prepareMs: number;
  readonly snarkjsMs: number;
  readonly warmMs: number;
  /** Processor time of all threads, which other work on the machine hardly changes. */
  readonly snarkjsCpuMs: number;
  readonly warmCpuMs: number;
  readonly verifyMs: number;
  readonly peakBytes: number;
}

/** Measures one subject. Peak memory is the whole process's: one process for each subject. */
export async function measure(compile: Compile, cacheFolder: string): Promise<Measurement> {
  const [subject, compileMs] = await timed(compile);
  const { circuit, constraints, power } = subject;
  const tau = await cachedTau(power, cacheFolder);
  const r1cs = encodeR1cs(circuit);
  const [keys, setupMs] = await timed(() =>
    makeDevelopmentKeys({ r1cs, tau, contributor: "benchmark" }),
  );
  const [witness, witnessMs] = await timed(() => encodeWitness(subject.run()));
  await stopThreads();

  const [snarkjs, warm] = [new SnarkjsProver(), new WarmProver()];
  const prove = (prover: Prover): Promise<ProofTime> =>
    timeProof(() => prover.prove(keys.provingKey, witness));
  const cold = { snarkjs: await prove(snarkjs), warm: await prove(warm) };
  const [, prepareMs] = await timed(() => warm.prepare(keys.provingKey, witness));
  const times: { snarkjs: ProofTime; warm: ProofTime }[] = [];
  for (let round = 0; round < ROUNDS; round++)
    times.push({ snarkjs: await prove(snarkjs), warm: await prove(warm) });

  const { proof, publicSignals } = await proveVerified(warm, keys, witness);
  const [, verifyMs] = await timed(() =>
    groth16.verify(keys.verificationKey, publicSignals, proof),
  );
  await warm.stop();
  await stopThreads();
  return {
    ...{ constraints, power, keyBytes: keys.provingKey.length },
    ...{ compileMs, setupMs, witnessMs, prepareMs, verifyMs },
    ...{ snarkjsColdMs: cold.snarkjs.ms, warmColdMs: cold.warm.ms },
    snarkjsMs: median(times.map(({ snarkjs: { ms } }) => ms)),
    warmMs: median(times.map(({ warm: { ms } }) => ms)),
    snarkjsCpuMs: median(times.map(({ snarkjs: { cpuMs } }) => cpuMs)),
    warmCpuMs: median(times.map(({ warm: { cpuMs } }) => cpuMs)),
    peakBytes: process.resourceUsage().maxRSS * 1024,
  };
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
