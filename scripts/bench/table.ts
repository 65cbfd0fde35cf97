import type { Measurement } from "./measure.ts";

/** Columns of the table, and what stands in them. */
const COLUMNS: readonly (readonly [title: string, cell: (found: Measurement) => string])[] = [
  ["constraints", ({ constraints }) => figure(constraints)],
  ["domain", ({ power }) => `2^${power}`],
  ["key, MB", ({ keyBytes }) => (keyBytes / 1e6).toFixed(1)],
  ["compile", ({ compileMs }) => figure(compileMs)],
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
  ["peak, MB", ({ peakBytes }) => figure(peakBytes / 1e6)],
];

/** The table's head in Markdown. */
export function tableHead(): string {
  const titles = COLUMNS.map(([title]) => title);
  return `| ms | ${titles.join(" | ")} |\n| --- |${" ---: |".repeat(titles.length)}`;
}

export function tableRow(name: string, found: Measurement): string {
  return `| ${name} | ${COLUMNS.map(([, cell]) => cell(found)).join(" | ")} |`;
}

function figure(value: number): string {
  return Math.round(value).toLocaleString("en");
}
