import Table from "cli-table3";
import { GAS_TARGETS } from "../gas/targets.ts";
import type { AskedDigit } from "./ask.ts";
import type { Attempt } from "./misconduct.ts";
import type { Payment } from "./money.ts";

/** Everything that the story has to tell. */
export interface Story {
  readonly digits: readonly AskedDigit[];
  readonly attempts: readonly Attempt[];
  readonly payments: readonly Payment[];
  readonly gas: ReadonlyMap<string, bigint>;
  /** Figures of the snapshot: the same actions with every slot written before. */
  readonly steady: Readonly<Record<string, number>>;
}

/** Without colours, one line to a row. */
const PLAIN = { head: [], border: [], compact: true };

export function report({ digits, attempts, payments, gas, steady }: Story): string {
  return [
    "Who paid whom",
    paymentTable(payments),
    "What was refused",
    attempts.map(({ what, refusal }) => `  ${what}:\n    ${refusal}`).join("\n"),
    "Gas: in this run, where much is written for the first time, and on any later day (snapshots/gas.json)",
    gasTable(gas, steady),
    "Time of an inference, in milliseconds",
    timeTable(digits),
  ].join("\n\n");
}

function paymentTable(payments: readonly Payment[]): string {
  const table = new Table({ head: ["from", "to", "OPG", "for"], style: PLAIN });
  for (const { from, to, amount, why } of payments) {
    table.push([from, to, { content: amount, hAlign: "right" }, why]);
  }
  return table.toString();
}

function gasTable(gas: Story["gas"], steady: Story["steady"]): string {
  const table = new Table({
    head: ["action", "this run", "steady", "target", ""],
    colAligns: ["left", "right", "right", "right", "left"],
    style: PLAIN,
  });
  const measured = Object.keys(GAS_TARGETS).filter((name) => name in steady);
  for (const name of new Set([...gas.keys(), ...measured])) {
    const [used, usual, target] = [gas.get(name), steady[name], GAS_TARGETS[name]?.gas];
    const isOver = usual !== undefined && target !== undefined && usual > target;
    table.push([name, figure(used), figure(usual), figure(target), isOver ? "over" : ""]);
  }
  return table.toString();
}

function timeTable(digits: readonly AskedDigit[]): string {
  const table = new Table({
    head: ["digit", "witness", "proof", "request to callback"],
    colAligns: ["left", "right", "right", "right"],
    style: PLAIN,
  });
  for (const { digit, witnessMs, proofMs, totalMs } of digits) {
    table.push([
      String(digit),
      milliseconds(witnessMs),
      milliseconds(proofMs),
      milliseconds(totalMs),
    ]);
  }
  return table.toString();
}

function figure(value: bigint | number | undefined): string {
  return value === undefined ? "" : value.toLocaleString("en");
}

function milliseconds(value: number): string {
  return Math.round(value).toString();
}
