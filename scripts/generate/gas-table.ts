import { readFile, writeFile } from "node:fs/promises";
import { GAS_TARGETS } from "../gas/targets.ts";
import { readGasSnapshot } from "../gas/snapshot.ts";

const START = "<!-- table: npm run generate -->";
const END = "<!-- end of table -->";

/** Files that show the gas snapshot with its targets, each in its own way. */
const PAGES: Readonly<Record<string, (snapshot: Figures) => string>> = {
  "docs/gas.md": completeTable,
  "README.md": shortTable,
};

/** What the README shows, and what the snapshot calls it. */
const HIGHLIGHTS: Readonly<Record<string, string>> = {
  "fulfil a proved request, 784-byte input, paid": "fulfil proven",
  "of that, verifying alone (as a transaction of its own)": "verify proven",
  "request, escrowed from balance": "request, escrowed from balance",
  "one of 32 proofs in a batch": "verify batch of 32 proven, per proof",
  "one of 59 inferences in a proof, fulfilled and paid":
    "fulfil one request for 59 inferences, per inference",
  "one of 32 signed answers in a batch": "fulfil batch of 32, per item",
  "register an enclave by a whole AWS document, nothing known": "register enclave, sim, first",
  "fulfil an attested request, paid": "fulfil attested",
  "one of 32 attested answers in a batch": "fulfil batch of 32 attested, per item",
  "one of 50 channels claimed": "claim 50 channels, per channel",
  "lock with collateral": "lock with collateral",
};

type Figures = Readonly<Record<string, number>>;

/** Writes the gas snapshot with its targets into the pages that show it. */
export async function generateGasTable(): Promise<void> {
  for (const page of Object.keys(PAGES)) await writeFile(page, await withTable(page));
}

/** Pages whose table is not that of the snapshot. */
export async function staleGasTable(): Promise<string[]> {
  const stale: string[] = [];
  for (const page of Object.keys(PAGES))
    if ((await withTable(page)) !== (await readFile(page, "utf8"))) stale.push(page);
  return stale;
}

async function withTable(page: string): Promise<string> {
  const text = await readFile(page, "utf8");
  const [before = "", rest = ""] = text.split(START);
  const [, after = ""] = rest.split(END);
  const table = PAGES[page]?.(await readGasSnapshot()) ?? "";
  return [before, START, "\n\n", table, "\n\n", END, after].join("");
}

function completeTable(snapshot: Figures): string {
  const rows = Object.entries(snapshot).map(([name, gas]) => {
    const target = GAS_TARGETS[name];
    if (target === undefined) return [name, figure(gas), "", "", ""];
    const { peer } = target;
    const verdict = gas <= target.gas ? "met" : "missed";
    const best = peer === undefined ? "" : `${figure(peer.gas)} (${peer.name})`;
    return [name, figure(gas), figure(target.gas), verdict, best];
  });
  return alignedTable(["action", "gas", "target", "", "best peer"], rows);
}

function shortTable(snapshot: Figures): string {
  const rows = Object.entries(HIGHLIGHTS).map(([text, name]) => [
    text,
    figure(snapshot[name] ?? Number.NaN),
    figure(GAS_TARGETS[name]?.gas ?? Number.NaN),
  ]);
  return alignedTable(["gas of", "here", "target"], rows);
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
