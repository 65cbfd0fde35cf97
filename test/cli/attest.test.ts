import { X509Certificate } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { InvalidArgumentError } from "commander";
import { momentOrDocument, unixTime } from "../../cli/attestation/time.ts";
import { at } from "../../zkml/arrays.ts";
import { issueChain } from "../fixtures/nitro-certificates.ts";
import { makeDocument } from "../fixtures/nitro-documents.ts";
import { resigned, zone } from "../verifiers/nitro/certificate-edits.ts";
import { expectFailure } from "./expect-failure.ts";
import { runOpg, type CommandResult } from "./run-opg.ts";

/** Unix time in seconds of the documents here: long ago. */
const NOW = 1_700_000_000;

/** As long before do their certificates begin. */
const DAY = 86_400;

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
    await writeFile(path.join(folder, "good.cose"), makeDocument({ now: NOW, chain }));
    await writeFile(path.join(folder, "debug.cose"), makeDocument({ now: NOW, chain, fill: 0 }));
    const root = at(chain, 0).der;
    await writeFile(path.join(folder, "root.der"), root);
    await writeFile(path.join(folder, "root.pem"), new X509Certificate(root).toString());
    const edits = zone(resigned("somebody"));
    await writeFile(path.join(folder, "zone.cose"), makeDocument({ now: NOW, edits }));
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

  it("accepts it from the second on in which its certificates begin, under a root in PEM", async () => {
    const first = String(NOW - DAY);
    const result = await verify("good.cose", "--at", first, "--root", "root.pem", "--json");
    expect(result.exitCode, result.stderr).to.equal(0);
    const { exitCode, stdout } = await verify(
      ...["good.cose", "--at", String(NOW - DAY - 1), "--root", "root.pem"],
    );
    expect(exitCode).to.equal(2);
    expect(stdout).to.match(/does NOT hold/);
  });

  it("names the first certificate that is not trusted, and looks no further", async () => {
    const result = await verify("zone.cose", "--at", "document", "--root", "root.der", "--json");
    expect(result.exitCode, result.stderr).to.equal(2);
    const { checks, gas } = verdictOf(result);
    expect(checks.map((check) => check.holds)).to.deep.equal(
      // Its form, five certificates, the signature and the mode.
      [true, true, true, false, null, null, null, true],
    );
    expect(checks[3]?.detail).to.match(/^CertStoreBadSignature\(/);
    expect(gas).to.equal(undefined);
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

describe("times of opg attest", () => {
  it("are seconds since 1970, or say their zone", () => {
    expect(unixTime("60")).to.equal(60);
    expect(unixTime("99999999999")).to.equal(99_999_999_999);
    expect(unixTime("2026-02-12T17:56:02Z")).to.equal(1_770_918_962);
    expect(unixTime("2026-02-12T17:56:02.9Z")).to.equal(1_770_918_962);
    expect(unixTime("2026-02-12T19:56:02+02:00")).to.equal(1_770_918_962);
    expect(momentOrDocument("1770918962")).to.deep.equal(new Date(1_770_918_962_000));
    expect(momentOrDocument("document")).to.equal("document");
  });

  for (const text of [
    "",
    "now",
    "document ",
    "-1",
    "59",
    "1.5",
    "1e9",
    "0x60",
    // Milliseconds, or what could be.
    "100000000000",
    "1770918962000",
    "2026-02-12",
    "2026-02-12Z",
    "2026-02-12T17:56:02",
    "2026-02-12T17:56:02+02",
    "2026-13-12T17:56:02Z",
  ])
    it(`are not "${text}"`, () => {
      expect(() => momentOrDocument(text)).to.throw(InvalidArgumentError);
      expect(() => unixTime(text)).to.throw(InvalidArgumentError);
    });

  it("are not the document's where one is to be told", () => {
    expect(() => unixTime("document")).to.throw(InvalidArgumentError);
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
