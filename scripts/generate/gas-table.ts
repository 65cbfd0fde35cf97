import { readFile, writeFile } from "node:fs/promises";
import { GAS_TARGETS } from "../gas/targets.ts";
import { readGasSnapshot } from "../gas/snapshot.ts";

const FILE = "docs/gas.md";
const START = "<!-- table: npm run generate -->";
const END = "<!-- end of table -->";

/** Writes the gas snapshot with its targets into `docs/gas.md`. */
export async function generateGasTable(): Promise<void> {
  await writeFile(FILE, await withTable());
}

/** `docs/gas.md`, if its table is not that of the snapshot. */
export async function staleGasTable(): Promise<string[]> {
  return (await withTable()) === (await readFile(FILE, "utf8")) ? [] : [FILE];
}

async function withTable(): Promise<string> {
  const text = await readFile(FILE, "utf8");
  const [before = "", rest = ""] = text.split(START);
  const [, after = ""] = rest.split(END);
  return [before, START, "\n\n", await table(), "\n\n", END, after].join("");
}

async function table(): Promise<string> {
  const rows = Object.entries(await readGasSnapshot()).map(([name, gas]) => {
    const target = GAS_TARGETS[name];
    if (target === undefined) return [name, figure(gas), "", "", ""];
    const { peer } = target;
    const verdict = gas <= target.gas ? "met" : "missed";
    const best = peer === undefined ? "" : `${figure(peer.gas)} (${peer.name})`;
    return [name, figure(gas), figure(target.gas), verdict, best];
  });
  return alignedTable(["action", "gas", "target", "", "best peer"], rows);
}

/** A Markdown table as the formatter would leave it: first column to the left, figures to the right. */
function alignedTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows].map((row) => (row[column] ?? "").length), 3),
  );
  const isFigure = (column: number) => column === 1 || column === 2;
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => (isFigure(i) ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0))).join(" | ")} |`;
  const rule = widths.map((width, i) =>
    isFigure(i) ? `${"-".repeat(width - 1)}:` : "-".repeat(width),
  );
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}

function figure(gas: number): string {
  return gas.toLocaleString("en");
}
