import type { Measurement, ProofMeasurement } from "./measure.ts";
import { PUBLISHED } from "./published.ts";

/** Columns of the table, and what stands in them. */
const COUNTS: readonly (readonly [title: string, cell: (found: Measurement) => string])[] = [
  ["constraints", ({ rows }) => figure(rows.all)],
  ["statement", ({ rows }) => figure(rows.statement)],
  ["bits", ({ rows }) => figure(rows.bits)],
  ["domain", ({ power }) => `2^${power}`],
  ["compile", ({ compileMs }) => figure(compileMs)],
];

const PROOFS: readonly (readonly [title: string, cell: (found: ProofMeasurement) => string])[] = [
  ["key, MB", ({ keyBytes }) => (keyBytes / 1e6).toFixed(1)],
  ["tau", ({ tauMs }) => figure(tauMs)],
  ["set-up", ({ setupMs }) => figure(setupMs)],
  ["witness", ({ witnessMs }) => figure(witnessMs)],
  ["snarkjs, cold", ({ snarkjsColdMs }) => figure(snarkjsColdMs)],
  ["warm, cold", ({ warmColdMs }) => figure(warmColdMs)],
  ["prepare", ({ prepareMs }) => figure(prepareMs)],
  ["snarkjs", ({ snarkjsMs }) => figure(snarkjsMs)],
  ["warm", ({ warmMs }) => figure(warmMs)],
  ["snarkjs, processor", ({ snarkjsCpuMs }) => figure(snarkjsCpuMs)],
  ["warm, processor", ({ warmCpuMs }) => figure(warmCpuMs)],
  ["ratio", ({ warmCpuMs, snarkjsCpuMs }) => (warmCpuMs / snarkjsCpuMs).toFixed(2)],
  ["verify", ({ verifyMs }) => figure(verifyMs)],
  ["gas, verify", ({ chain }) => figure(chain?.verifyGas)],
  ["gas, key", ({ chain }) => figure(chain?.keyGas)],
  ["peak of set-up, MB", ({ setupPeakBytes }) => figure(setupPeakBytes / 1e6)],
  ["peak, MB", ({ peakBytes }) => figure(peakBytes / 1e6)],
];

/** The table's head in Markdown. */
export function tableHead(): string {
  const titles = [...COUNTS, ...PROOFS].map(([title]) => title);
  return head("ms", titles);
}

export function tableRow(name: string, found: Measurement): string {
  const { proved } = found;
  return row([
    name,
    ...COUNTS.map(([, cell]) => cell(found)),
    ...PROOFS.map(([, cell]) => (proved === undefined ? "" : cell(proved))),
  ]);
}

/** What others publish, in Markdown. */
export function publishedTable(): string {
  const { network, hardware, source, figures } = PUBLISHED;
  const titles = ["proof, s", "verify, s", "key, GB", "memory, GB"];
  const rows = figures.map((found) =>
    row([
      found.prover,
      ...[found.proofSeconds, found.verifySeconds, found.provingKeyGb, found.memoryGb].map(String),
    ]),
  );
  const table = [head(`${network}, as published`, titles), ...rows].join("\n");
  return `${table}\n\non ${hardware}; ${source}`;
}

function head(first: string, titles: readonly string[]): string {
  return `${row([first, ...titles])}\n| --- |${" ---: |".repeat(titles.length)}`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function figure(value: number | undefined): string {
  return value === undefined ? "" : Math.round(value).toLocaleString("en");
}
