import Table from "cli-table3";
import type { NetworkResult } from "../../zkml/corpus/result.ts";

/** All results for people, and how many networks came through. */
export function corpusTable(results: readonly NetworkResult[]): string {
  const table = new Table({
    head: ["network", "compiled", "witness", "error", "tolerance", "constraints", "proof"],
    style: { head: [], border: [], compact: true },
  });
  for (const result of results) {
    const { name, compiled, witness, maxAbsError, tolerance, constraints } = result;
    const [error, allowed] = [number(maxAbsError), number(tolerance)];
    table.push([
      name,
      mark(compiled),
      mark(witness),
      error,
      allowed,
      constraints ?? "",
      proof(result),
    ]);
  }
  const failures = results.flatMap(({ name, error }) =>
    error === undefined ? [] : [`${name}: ${error}`],
  );
  return [table.toString(), ...failures, summary(results)].join("\n");
}

function summary(results: readonly NetworkResult[]): string {
  const count = (holds: (result: NetworkResult) => boolean) => results.filter(holds).length;
  return [
    `${results.length} networks`,
    `${count(({ compiled }) => compiled)} compiled`,
    `${count(({ witness }) => witness)} with a witness`,
    `${count(isAccurate)} within tolerance`,
    `${count(({ verified }) => verified === true)} proved and verified`,
  ].join(", ");
}

function isAccurate({ maxAbsError, tolerance }: NetworkResult): boolean {
  return maxAbsError !== null && tolerance !== null && maxAbsError <= tolerance;
}

function mark(holds: boolean): string {
  return holds ? "yes" : "no";
}

function number(value: number | null): string {
  return value === null ? "" : value.toPrecision(3);
}

function proof({ proveMs, verified }: NetworkResult): string {
  if (proveMs === undefined) return "";
  return `${proveMs} ms, ${verified === true ? "verified" : "NOT verified"}`;
}
