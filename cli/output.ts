import process from "node:process";
import type { StepListener } from "../sdk/actions/send.ts";

export function print(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}

/** What a command found: an object for programs, or lines for people. */
export function printResult(
  json: boolean,
  { object, lines }: { readonly object: object; readonly lines: readonly string[] },
): void {
  print(...(json ? [JSON.stringify(object)] : lines));
}

/** A line for each transaction of an action. */
export const printStep: StepListener = (step, { hash, gasUsed }) => {
  print(`${step}: ${gasUsed} gas, ${hash}`);
};
