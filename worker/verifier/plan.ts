import { randomInt } from "node:crypto";
import type { WantedAction } from "./action-store.ts";
import type { CommittedBatch } from "./batch.ts";
import { actionsFor, type Bonds } from "./chain/calls.ts";
import type { Finding } from "./fault.ts";

/**
 * What is to be done about findings: for each receipt the call with the least evidence; the one with the least of all first,
 * because it ends the batch. The others compensate their payers, as many as the budget has.
 */
export function convictionsFor(
  committed: CommittedBatch,
  findings: readonly Finding[],
  { bonds, most }: { readonly bonds: Bonds; readonly most: number },
): readonly WantedAction[] {
  const calls = findings.map((finding) => ({
    finding,
    actions: actionsFor(committed, finding, bonds),
  }));
  const byPlace = Map.groupBy(calls, ({ finding }) => placeOf(finding));
  const cheapest = [...byPlace.values()]
    .map((all) => all.toSorted(byCost)[0])
    .filter((call) => call !== undefined)
    .toSorted(byCost);
  const [first, ...others] = cheapest;
  if (first === undefined) return [];
  const harmful = others.filter(({ finding }) => harmOf(finding) > 0n);
  return [first, ...harmful.slice(0, most - 1)].flatMap(({ actions }) => actions);
}

/** Which of the receipts that a node does not show are demanded: nobody can know beforehand which. */
export function demandsFor(
  committed: CommittedBatch,
  missing: readonly number[],
  { bonds, most }: { readonly bonds: Bonds; readonly most: number },
): readonly WantedAction[] {
  const left = [...missing];
  const chosen: number[] = [];
  while (chosen.length < most && left.length > 0)
    chosen.push(...left.splice(randomInt(left.length), 1));
  const reason = "the node does not show this receipt, or not what it is held to";
  return chosen.flatMap((index) =>
    actionsFor(committed, { challenge: "demand", index, reason }, bonds),
  );
}

interface Call {
  readonly finding: Finding;
  readonly actions: readonly WantedAction[];
}

/** By how certain and cheap they are: a call that asks for something costs a bond and a window besides. */
function byCost(a: Call, b: Call): number {
  return costOf(a) - costOf(b);
}

/** More than any calldata is long. */
const BONDED = 1e9;

function costOf({ actions }: Call): number {
  const length = actions.reduce((sum, { data }) => sum + data.length, 0);
  return length + (actions.some(({ atStake }) => atStake > 0n) ? BONDED : 0);
}

function placeOf(finding: Finding): number | "all" {
  if (finding.challenge === "challengeTotal") return "all";
  return finding.challenge === "demand" ? finding.index : finding.shown.index;
}

/** What the payer of a receipt lost, in OPG wei. */
function harmOf(finding: Finding): bigint {
  if (finding.challenge === "challengeTotal") return 0n;
  return finding.challenge === "demand" ? 0n : finding.shown.receipt.fee;
}
