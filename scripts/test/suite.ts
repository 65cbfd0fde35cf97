import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";

/** A command that either counts its tests, as mocha and Hardhat do, or is one test as a whole. */
export interface Suite {
  readonly title: string;
  readonly command: readonly [string, ...string[]];
}

export interface SuiteResult {
  readonly passed: number;
  readonly failed: number;
}

const PASSING = /^ {2}(\d+) passing/gm;
const FAILING = /^ {2}(\d+) failing/gm;

/** Runs a suite, shows what it says, and counts. A suite that fails without a failed test counts as one. */
export async function runSuite(
  { title, command }: Suite,
  write: (text: string) => void = (text) => process.stdout.write(text),
): Promise<SuiteResult> {
  write(`\n== ${title}\n`);
  const start = performance.now();
  const [program, ...args] = command;
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
    write(chunk.toString());
  });
  const [exitCode] = (await once(child, "close")) as [number | null];
  const result = resultOf(output, exitCode === 0);
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  write(`-- ${title}: ${result.passed} passed, ${result.failed} failed, ${seconds} s\n`);
  return result;
}

function resultOf(output: string, succeeded: boolean): SuiteResult {
  const [passing, failing] = [sum(output, PASSING), sum(output, FAILING)];
  const isCounting = output.search(PASSING) !== -1;
  const passed = isCounting ? passing : Number(succeeded);
  return { passed, failed: succeeded ? failing : Math.max(failing, 1) };
}

function sum(output: string, pattern: RegExp): number {
  return [...output.matchAll(pattern)].reduce((total, [, count]) => total + Number(count), 0);
}
