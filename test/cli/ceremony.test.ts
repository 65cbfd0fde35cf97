import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { ZeroHash } from "ethers";
import { developmentAccount, startLocalChain } from "../../scripts/local-chain.ts";
import { encodeDeployment } from "../../sdk/deployment.ts";
import { at } from "../../zkml/arrays.ts";
import { compileModel } from "../../zkml/model/compile-model.ts";
import { writePackage } from "../../zkml/model/package.ts";
import { developmentTau } from "../../zkml/setup/development-tau.ts";
import { perceptronFile } from "../../zkml/testing/networks.ts";
import { seededRandom } from "../../zkml/random.ts";
import { ACTORS, fundedProtocolOn } from "../fixtures/protocol.ts";
import { serveMarket } from "../fixtures/served-market.ts";
import { expectFailure } from "./expect-failure.ts";
import { runOpg } from "./run-opg.ts";

const BASE_CHAIN_ID = 8453;

describe("opg model: the ceremony", () => {
  let folder: string;
  let tau: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "opg-ceremony-"));
    const onnx = perceptronFile([2, 1], seededRandom(5));
    const samples = [
      [0, 255],
      [17, 4],
    ];
    const { domainPower } = await writePackage(
      path.join(folder, "model"),
      compileModel(onnx, { samples }),
    );
    const setup = await runOpg(folder, "model", "setup", "model", "--cache", "cache");
    const cached = await readdir(path.join(folder, "cache"));
    tau = `cache/${cached.find((name) => name.endsWith(`-${domainPower}.ptau`)) ?? "none"}`;
    expect(setup.stdout).to.match(
      /^Powers of Tau: development, .*\n#1 contribution "development": [0-9a-f]{128}$/m,
    );
    expect(setup.stdout).to.include("These keys are for development");
  });

  after(() => rm(folder, { recursive: true }));

  const model = (command: string, ...args: readonly string[]) =>
    runOpg(folder, "model", command, ...args);

  /** A copy of the package as it is now. */
  const copy = async (name: string) => {
    await cp(path.join(folder, "model"), path.join(folder, name), { recursive: true });
    return (file: string) => path.join(folder, name, file);
  };

  it("adds contributions and a beacon, and shows who took part", async () => {
    const first = await model("contribute", "model", "--name", "Ada", "--entropy", "dice");
    expect(first.exitCode).to.equal(0);
    const hash = /^#2 contribution "Ada": ([0-9a-f]{128})$/m.exec(first.stdout)?.[1] ?? "none";
    await copy("open");
    const value = ["--value", "0x00ff17", "--iterations-exponent", "10"];
    const beacon = await model("beacon", "model", "--name", "drand 17", ...value);
    expect(beacon.stdout).to.match(
      /^#3 beacon "drand 17": [0-9a-f]{128}, of 00ff17 hashed 2\^10 times$/m,
    );

    const verified = await model("verify-setup", "model", "--powers-of-tau", tau);
    expect(verified.stderr).to.equal("");
    expect(verified.exitCode).to.equal(0);
    expect(verified.stdout).to.include(`#2 contribution "Ada": ${hash}`);
    expect(verified.stdout).to.include(
      /^transcript [0-9a-f]{64}$/m.exec(beacon.stdout)?.[0].slice(11) ?? "none",
    );
    expect(verified.stdout).to.match(/by these contributions only\.\n$/);
  });

  it("shows who took part without the Powers of Tau, but does not call that verified", async () => {
    const result = await model("verify-setup", "model");
    expect(result.stdout).to.include('"Ada"');
    expectFailure(result, "SETUP_UNCHECKED", /not checked/);
  });

  it("refuses contributions after the beacon, and another set-up", async () => {
    expectFailure(await model("contribute", "model", "--name", "Eve"), "CEREMONY_CLOSED", /beacon/);
    expectFailure(await model("setup", "model", "--cache", "cache"), "FILE_EXISTS", /contribution/);
    expect((await model("verify-setup", "model", "--powers-of-tau", tau)).exitCode).to.equal(0);
  });

  it("names a file that was changed", async () => {
    const file = await copy("changed");
    const key = await readFile(file("proving.zkey"));
    key[3000] = at(key, 3000) ^ 1;
    await writeFile(file("proving.zkey"), key);
    const verified = await model("verify-setup", "changed", "--powers-of-tau", tau);
    expectFailure(verified, "FILE_CORRUPTED", /^error FILE_CORRUPTED: proving\.zkey has the hash/);
    const contributed = await model("contribute", "changed", "--name", "Ada");
    expectFailure(contributed, "FILE_CORRUPTED", /proving\.zkey/);
  });

  it("refuses Powers of Tau that are too small, that are another's, and that nobody published", async () => {
    await writeFile(path.join(folder, "small.ptau"), await developmentTau(4));
    const small = await model("verify-setup", "model", "--powers-of-tau", "small.ptau");
    expectFailure(small, "TAU_TOO_SMALL", /small\.ptau.*2\^4.*2\^\d+/);
    const setup = ["model", "--overwrite", "--powers-of-tau"];
    expectFailure(await model("setup", ...setup, "small.ptau"), "TAU_TOO_SMALL", /small\.ptau/);
    expectFailure(await model("setup", ...setup, "no.ptau"), "FILE_MISSING", /no\.ptau/);

    const content = await readFile(path.join(folder, tau));
    content[content.length - 4] = 1; // somebody contributed
    await writeFile(path.join(folder, "private.ptau"), content);
    const unpublished = await model("setup", ...setup, "private.ptau");
    expectFailure(unpublished, "TAU_UNKNOWN", /private\.ptau.* hash [0-9a-f]{128};/);
    expect((await model("verify-setup", "model", "--powers-of-tau", tau)).exitCode).to.equal(0);
  });

  it("refuses beacons and names that are none", async () => {
    const beacon = await model("beacon", "open", "--name", "drand", "--value", "xyz");
    expectFailure(beacon, "CONTRIBUTION_INVALID", /xyz/);
    const contributed = await model("contribute", "open", "--name", "");
    expectFailure(contributed, "CONTRIBUTION_INVALID", /name/);
  });

  it("keeps development keys from Base", async () => {
    const base = await startLocalChain({ chainId: BASE_CHAIN_ID });
    try {
      const { deployment, publisher } = await fundedProtocolOn(base.connection);
      await writeFile(path.join(folder, "base.json"), encodeDeployment(deployment));
      const key = developmentAccount(ACTORS.indexOf("publisher")).privateKey;
      await writeFile(path.join(folder, "publisher.key"), key);
      const sent = await publisher.getNonce();
      const chain = ["--rpc", base.rpcUrl, "--deployment", "base.json", "--key", "publisher.key"];
      const uri = "https://models.example";
      const published = await model("publish", "model", "--uri", uri, ...chain);
      expectFailure(published, "SETUP_DEVELOPMENT", /for development/);
      expect(await publisher.getNonce()).to.equal(sent);
    } finally {
      await base.close();
    }
  });

  it("compares the package with the registry", async () => {
    const market = await serveMarket();
    try {
      const file = path.join(market.folder, "deployment.json");
      const chain = ["--rpc", market.rpcUrl, "--deployment", file];
      const registered = path.join(market.folder, "model");
      const check = (folder: string, id: string) =>
        model("verify-setup", folder, "--model", id, ...chain);

      const { modelId } = market.published;
      const same = await check(registered, modelId);
      expect(same.stdout).to.include(
        "The model is registered with this transcript and these keys.",
      );

      expect((await model("contribute", registered, "--name", "Eve")).exitCode).to.equal(0);
      expectFailure(await check(registered, modelId), "MODEL_NOT_REGISTERED", /the package has 0x/);
      const unknown = await check("model", ZeroHash);
      expectFailure(unknown, "MODEL_NOT_REGISTERED", /No model is registered under 0x0+\./);
    } finally {
      await market.close();
    }
    const alone = await model("verify-setup", "model", "--model", ZeroHash);
    expect(alone.exitCode).to.equal(1);
    expect(alone.stderr).to.include("--model takes --rpc and --deployment");
  });
});
