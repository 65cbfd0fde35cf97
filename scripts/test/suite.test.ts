import { expect } from "chai";
import { runSuite } from "./suite.ts";

/** Runs a command that says something and ends with an exit code. What it says is not shown: it would be counted again. */
function run(output: string, exitCode = 0) {
  const script = `process.stdout.write(${JSON.stringify(output)}); process.exitCode = ${exitCode}`;
  const command = [process.execPath, "-e", script] as const;
  return runSuite({ title: "a suite", command }, () => undefined);
}

describe("test suites", () => {
  it("are counted, again and again", async () => {
    const output = "\n  12 passing (3s)\n  2 failing\n";
    for (let i = 0; i < 3; i++) {
      expect(await run(output, 1)).to.deep.equal({ passed: 12, failed: 2 });
    }
  });

  it("count as one where they do not count themselves", async () => {
    expect(await run("all is well")).to.deep.equal({ passed: 1, failed: 0 });
    expect(await run("", 1)).to.deep.equal({ passed: 0, failed: 1 });
  });

  it("fail when they end badly after their tests passed", async () => {
    const { failed } = await run("\n  5 passing (1s)\n", 1);
    expect(failed).to.equal(1);
  });
});
