import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { at } from "../../zkml/arrays.ts";
import { issueChain } from "../fixtures/nitro-certificates.ts";
import { makeDocument } from "../fixtures/nitro-documents.ts";
import { expectFailure } from "./expect-failure.ts";
import { runOpg, type CommandResult } from "./run-opg.ts";

/** Unix time in seconds of the documents here: long ago. */
const NOW = 1_700_000_000;

interface Verdict {
  readonly holds: boolean;
  readonly checkedAt: string;
  readonly checks: readonly { check: string; holds: boolean | null; detail: string }[];
  readonly document?: { readonly moduleId: string; readonly pcrs: Record<string, string> };
  readonly gas?: Readonly<Record<"cold" | "authoritiesStored" | "chainStored", string>>;
}

describe("opg attest verify", () => {
  const chain = issueChain({ now: NOW });
  let folder: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "opengradient-attest-"));
    await writeFile(path.join(folder, "root.der"), at(chain, 0).der);
    await writeFile(path.join(folder, "good.cose"), makeDocument({ now: NOW, chain }));
    await writeFile(path.join(folder, "debug.cose"), makeDocument({ now: NOW, chain, fill: 0 }));
    const forged = makeDocument({ now: NOW, chain, document: withLastByteChanged });
    await writeFile(path.join(folder, "forged.cose"), forged);
    await writeFile(path.join(folder, "cut.cose"), forged.subarray(0, 1_000));
  });

  after(() => rm(folder, { recursive: true }));

  const verify = (...args: readonly string[]) => runOpg(folder, "attest", "verify", ...args);

  it("accepts a document at its own time, and says what it costs", async () => {
    const result = await verify("good.cose", "--at", "document", "--root", "root.der", "--json");
    expect(result.exitCode, result.stderr).to.equal(0);
    const { holds, checks, checkedAt, document, gas } = verdictOf(result);
    expect(holds).to.equal(true);
    expect(checkedAt).to.equal("2023-11-14T22:13:20.123Z");
    expect(checks.map((check) => check.holds)).to.deep.equal(checks.map(() => true));
    expect(checks).to.have.length(chain.length + 3);
    expect(document?.pcrs["0"]).to.equal(`0x${"40".repeat(48)}`);
    expect(Number(gas?.cold)).to.be.within(8_000_000, 10_200_000);
    expect(Number(gas?.chainStored)).to.be.below(2_700_000);
    expect(Number(gas?.authoritiesStored)).to.be.within(2_700_000, 4_700_000);
  });

  it("prints every check for people, and ends with the verdict", async () => {
    const result = await verify("debug.cose", "--at", String(NOW), "--root", "root.der");
    expect(result.exitCode, result.stderr).to.equal(2);
    expect(result.stdout).to.match(
      /^yes {2}the document is signed by the last certificate's key$/m,
    );
    expect(result.stdout).to.match(/^NO {3}the enclave was not started in debug mode$/m);
    expect(result.stdout).to.match(/^What it says, and nobody vouches for$/m);
    expect(result.stdout).to.match(/^At 2023-11-14T22:13:20.000Z the document does NOT hold.$/m);
  });

  it("refuses a forged signature by the contract's word", async () => {
    const result = await verify("forged.cose", "--at", "document", "--root", "root.der", "--json");
    expect(result.exitCode, result.stderr).to.equal(2);
    const { holds, checks, gas } = verdictOf(result);
    expect(holds).to.equal(false);
    const failed = checks.filter((check) => check.holds !== true);
    expect(failed).to.deep.equal([
      {
        check: "the document is signed by the last certificate's key",
        holds: false,
        detail: "NitroVerifierBadSignature()",
      },
    ]);
    expect(gas).to.equal(undefined);
  });

  it("refuses a root that is not AWS's where none is named, and looks no further", async () => {
    const { exitCode, stdout } = await verify("good.cose", "--at", "document", "--json");
    expect(exitCode).to.equal(2);
    const [, root, next, ...rest] = verdictOf({ stdout }).checks;
    expect(root?.detail).to.match(/^CertStoreUntrustedRoot\(/);
    expect(next).to.include({ holds: null, detail: "not reached" });
    expect(rest.slice(0, -1).every(({ holds }) => holds === null)).to.equal(true);
  });

  it("says how to check a document whose time is over", async () => {
    const { exitCode, stdout } = await verify("good.cose", "--root", "root.der");
    expect(exitCode).to.equal(2);
    expect(stdout).to.match(/CertStoreNotValidNow\(index: \d/);
    expect(stdout).to.match(/--at document checks this one at its own time\.\n$/);
  });

  it("shows what cannot be read to the contract as well", async () => {
    const result = await verify("cut.cose", "--at", "document", "--root", "root.der", "--json");
    expect(result.exitCode, result.stderr).to.equal(2);
    const { checks, document } = verdictOf(result);
    expect(checks).to.have.length(1);
    expect(checks[0]?.detail).to.match(/malformed.*; CborTruncated\(/);
    expect(document).to.equal(undefined);
  });

  it("says what is wrong with its arguments", async () => {
    expectFailure(await verify("none.cose"), "FILE_MISSING", /none\.cose/);
    const noRoot = await verify("good.cose", "--root", "good.cose");
    expectFailure(noRoot, "CERTIFICATE_INVALID", /"good\.cose" is no X\.509 certificate/);
    const noTime = await verify("good.cose", "--at", "2026-02-12");
    expect(noTime.exitCode).to.equal(1);
    expect(noTime.stderr).to.match(/'--at <time>' argument '2026-02-12' is invalid/);
  });
});

function verdictOf({ stdout }: Pick<CommandResult, "stdout">): Verdict {
  return JSON.parse(stdout) as Verdict;
}

function withLastByteChanged(document: Uint8Array): Uint8Array {
  const changed = Uint8Array.from(document);
  changed[changed.length - 1] = at(changed, changed.length - 1) ^ 1;
  return changed;
}
