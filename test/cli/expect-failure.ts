import { expect } from "chai";
import type { CommandResult } from "./run-opg.ts";

/** One sentence with a code, one that says what to do, and nothing that looks like a stack trace. */
export function expectFailure(
  { exitCode, stderr }: CommandResult,
  code: string,
  message: RegExp,
): void {
  expect(exitCode).to.equal(1);
  const [first = "", second = "", ...rest] = stderr.trimEnd().split("\n").slice(-2);
  expect(first).to.match(new RegExp(`^error ${code}: `));
  expect(first).to.match(message);
  expect(second).to.match(/^ {2}[A-Z].*\.$/);
  expect(rest).to.deep.equal([]);
  expect(stderr).to.not.match(/^\s+at /m);
}
