import process from "node:process";
import type { StepListener } from "../sdk/actions/send.ts";

export function print(...lines: readonly string[]): void {
  process.stdout.write(`${lines.join("\n")}\n`);
}

/** A line for each transaction of an action. */
export const printStep: StepListener = (step, { hash, gasUsed }) => {
  print(`${step}: ${gasUsed} gas, ${hash}`);
};
