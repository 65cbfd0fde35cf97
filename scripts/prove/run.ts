/**
 * Proves the properties of test/properties/proofs for all values: the compiler's model checker says what would break them,
 * Z3 says that nothing does.
 *
 * Run: npm run prove [-- <words of a title>]
 */
import process from "node:process";
import { findProperties, queriesOf, reachabilityOf, type Property } from "./properties.ts";
import { read } from "./query.ts";
import { createSolver, type Solver, type Verdict } from "./solver.ts";

/** The slowest query takes a seventh of it on two slow cores. */
const LIMIT_MS = 60_000;

/** To look for numbers that meet all requirements; what is not found in it is taken to be there. */
const REACHABILITY_LIMIT_MS = 5_000;

async function prove(solver: Solver, property: Property): Promise<string> {
  const queries = queriesOf(property);
  if (queries.length === 0) return "says nothing";
  for (const query of queries) {
    const verdict = await solver.verdictOn(read(query), LIMIT_MS);
    if (verdict !== "proved") return verdict;
  }
  return (await isReachable(solver, property)) ? "proved" : "holds for no values at all";
}

async function isReachable(solver: Solver, property: Property): Promise<boolean> {
  const verdicts: Verdict[] = [];
  for (const query of reachabilityOf(property)) {
    verdicts.push(await solver.verdictOn(read(query), REACHABILITY_LIMIT_MS));
  }
  return verdicts.length > 0 && !verdicts.includes("proved");
}

const words = process.argv.slice(2).join(" ");
const solver = await createSolver();
const start = performance.now();
let proved = 0;
let failed = 0;
for (const property of findProperties().filter(({ title }) => title.includes(words))) {
  const verdict = await prove(solver, property);
  if (verdict === "proved") proved += 1;
  else failed += 1;
  process.stdout.write(`    ${verdict}: ${property.title}\n`);
}
await solver.stop();

const seconds = ((performance.now() - start) / 1000).toFixed(0);
process.stdout.write(`\n  ${proved} passing (${seconds}s)\n`);
if (failed > 0) process.stdout.write(`  ${failed} failing\n`);
process.exitCode = failed === 0 && proved > 0 ? 0 : 1;
