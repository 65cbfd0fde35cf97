import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { groth16, zKey, type Groth16VerificationKey } from "snarkjs";
import { at } from "../arrays.ts";
import { proveRun } from "../circuit/witness.ts";
import { encodeWitness } from "../circuit/wtns-file.ts";
import { compileModel } from "../model/compile-model.ts";
import { encodeManifest } from "../model/manifest.ts";
import { readKeys, readManifest, readPackage, writeKeys, writePackage } from "../model/package.ts";
import { stopProverThreads } from "../prove/threads.ts";
import { failureOf } from "../testing/failure.ts";
import { perceptronFile, randomBytes } from "../testing/networks.ts";
import { seededRandom } from "../random.ts";
import {
  decodeCeremony,
  encodeCeremony,
  requirePublicTau,
  sha256,
  type Ceremony,
} from "./ceremony.ts";
import { cachedTau } from "./development-cache.ts";
import { readKeyTranscript } from "./key-transcript.ts";
import { applyBeaconToPackage, contributeToPackage } from "./package-ceremony.ts";
import { setUp, setUpForDevelopment } from "./package-setup.ts";
import { PUBLISHED_TAU } from "./published-tau.ts";
import { identifyTau } from "./tau-file.ts";
import { verifyOrigin, verifyTranscript } from "./verify-package.ts";

const BEACON = { name: "a drand round", value: "00ff17", iterationsExponent: 10 };
const CONTEXT = {
  chainId: 31337n,
  market: "0x1111111111111111111111111111111111111111",
  modelId: `0x${"22".repeat(32)}`,
  requestId: `0x${"33".repeat(32)}`,
  node: "0x4444444444444444444444444444444444444444",
};

describe("a key ceremony", () => {
  const random = seededRandom(11);
  const samples = Array.from({ length: 5 }, () => randomBytes(2, random));
  const compiled = compileModel(perceptronFile([2, 1], random), { samples });
  const otherModel = compileModel(perceptronFile([2, 1], random), { samples });
  let root: string;
  let tau: string;
  /** Packages as they are after the set-up, and after the beacon; tests work on copies. */
  let fresh: string;
  let closed: string;
  let folder: string;

  before(async () => {
    root = await mkdtemp(path.join(tmpdir(), "zkml-ceremony-"));
    fresh = path.join(root, "fresh");
    const { domainPower } = await writePackage(fresh, compiled);
    ({ file: tau } = await cachedTau(domainPower, root));
    await setUp(fresh, { tau, contributor: "publisher" });

    closed = path.join(root, "closed");
    await cp(fresh, closed, { recursive: true });
    await contributeToPackage(closed, { name: "Ada" });
    await contributeToPackage(closed, { name: "Bo", entropy: "dice: 4 4 2" });
    await applyBeaconToPackage(closed, BEACON);
  });

  after(async () => {
    await stopProverThreads();
    await rm(root, { recursive: true });
  });

  beforeEach(async () => {
    folder = await mkdtemp(path.join(root, "model-"));
  });

  const use = (source: string) => cp(source, folder, { recursive: true });
  const file = (name: string) => path.join(folder, name);
  const snapshot = async () => {
    const names = (await readdir(folder)).sort();
    const hashes = names.map(async (name) => [name, sha256(await readFile(file(name)))] as const);
    return Promise.all(hashes);
  };
  const flipBit = async (name: string, position: number) => {
    const content = await readFile(file(name));
    content[position] = at(content, position) ^ 1;
    await writeFile(file(name), content);
  };

  /** Makes a package consistent again that was tampered with, as a forger would. */
  const sealAgain = async (change: (ceremony: Ceremony) => Ceremony = (ceremony) => ceremony) => {
    const ceremony = change({
      ...decodeCeremony(await readFile(file("ceremony.json"))),
      provingKey: sha256(await readFile(file("proving.zkey"))),
      verificationKey: sha256(await readFile(file("verification-key.json"))),
    });
    await writeFile(file("ceremony.json"), encodeCeremony(ceremony));
    const manifest = {
      ...(await readManifest(folder)),
      ceremony: sha256(encodeCeremony(ceremony)),
    };
    await writeFile(file("manifest.json"), encodeManifest(manifest));
  };

  describe("with two contributions and a beacon", () => {
    const proveWith = async (source: string) => {
      const { keys, graph, circuit } = await readPackage(source);
      const run = proveRun(graph, circuit, { input: Uint8Array.of(3, 200), context: CONTEXT });
      return groth16.prove(keys.provingKey, encodeWitness(run.witness));
    };
    const verify = async (
      source: string,
      { proof, publicSignals }: Awaited<ReturnType<typeof proveWith>>,
    ) => {
      const json = await readFile(path.join(source, "verification-key.json"), "utf8");
      return groth16.verify(JSON.parse(json) as Groth16VerificationKey, publicSignals, proof);
    };

    it("gives keys that prove, and that have nothing to do with those before", async () => {
      const [old, current] = [await proveWith(fresh), await proveWith(closed)];
      expect(await verify(fresh, old)).to.equal(true);
      expect(await verify(closed, current)).to.equal(true);
      expect(await verify(fresh, current)).to.equal(false);
      expect(await verify(closed, old)).to.equal(false);
    });

    it("is told by the transcript, which the content hash covers", async () => {
      const { ceremony, transcriptHash, contentHash } = await verifyTranscript(closed);
      expect(ceremony.powersOfTau.origin).to.equal("development");
      expect(ceremony.contributions.map(({ kind, name }) => [kind, name])).to.deep.equal([
        ["random", "publisher"],
        ["random", "Ada"],
        ["random", "Bo"],
        ["beacon", "a drand round"],
      ]);
      expect(ceremony.contributions[3]).to.include({ value: "00ff17", iterationsExponent: 10 });
      expect((await readManifest(closed)).ceremony).to.equal(transcriptHash);
      expect(contentHash).to.equal((await readPackage(closed)).contentHash);
      expect(contentHash).to.not.equal((await readPackage(fresh)).contentHash);
    });

    it("passes the check against circuit and Powers of Tau", async () => {
      await verifyOrigin(closed, tau);
    });

    it("is closed: contributions and beacons are refused, and change nothing", async () => {
      await use(closed);
      const before = await snapshot();
      for (const extend of [
        () => contributeToPackage(folder, { name: "Eve" }),
        () => applyBeaconToPackage(folder, BEACON),
      ]) {
        const { code, message } = await failureOf(extend);
        expect(code).to.equal("CEREMONY_CLOSED");
        expect(message).to.include("contribution #4");
      }
      expect(await snapshot()).to.deep.equal(before);
    });

    it("loses nothing of two who contribute at once: one of them is told to repeat it", async () => {
      await use(fresh);
      const results = await Promise.allSettled(
        ["Ada", "Bo"].map((name) => contributeToPackage(folder, { name })),
      );
      const [refused] = results.filter((each) => each.status === "rejected");
      expect(results.map(({ status }) => status).sort()).to.deep.equal(["fulfilled", "rejected"]);
      expect(refused?.reason).to.include({ code: "KEYS_CHANGED" });
      const [made] = results.filter((each) => each.status === "fulfilled");
      const { ceremony } = await readKeys(folder);
      expect(ceremony.contributions.at(-1)?.hash).to.equal(made?.value.contribution.hash);
    });

    it("refuses keys that were made from others than those that are there now", async () => {
      await use(fresh);
      const { keys, ceremony, transcriptHash } = await readKeys(folder);
      await contributeToPackage(folder, { name: "Ada" });
      const before = await snapshot();
      const failure = await failureOf(() =>
        writeKeys(folder, keys, ceremony.powersOfTau, transcriptHash),
      );
      expect(failure.code).to.equal("KEYS_CHANGED");
      expect(await snapshot()).to.deep.equal(before);
    });

    it("is not closed for one who appends with other tools: the key is refused", async () => {
      await use(closed);
      const { keys, ceremony } = await readKeys(folder);
      const appended = { type: "mem", data: new Uint8Array() } as const;
      await zKey.contribute(keys.provingKey, appended, "Eve", "e");
      const more = { ...keys, provingKey: appended.data };
      const { transcriptHash } = await readKeys(folder);
      const failure = await failureOf(() =>
        writeKeys(folder, more, ceremony.powersOfTau, transcriptHash),
      );
      expect(failure.message).to.match(/behind a beacon/);
    });
  });

  describe("contributions", () => {
    it("have the hash that snarkjs gives them", async () => {
      const { keys } = await readKeys(fresh);
      const result = { type: "mem", data: new Uint8Array() } as const;
      const hash = await zKey.contribute(keys.provingKey, result, "Zoë 🎲", "e");
      const { contributions } = await readKeyTranscript(result.data);
      expect(contributions[1]).to.deep.equal({
        kind: "random",
        name: "Zoë 🎲",
        hash: Buffer.from(hash as Uint8Array).toString("hex"),
      });
    });

    it("are never the same twice, whatever entropy is given", async () => {
      await use(fresh);
      const again = path.join(root, "again");
      await cp(fresh, again, { recursive: true });
      const options = { name: "Ada", entropy: "the same" };
      const [one, two] = [
        await contributeToPackage(folder, options),
        await contributeToPackage(again, options),
      ];
      expect(one.number).to.equal(2);
      expect(one.contribution.hash).to.not.equal(two.contribution.hash);
      expect(one.transcriptHash).to.not.equal(two.transcriptHash);
    });

    it("need a name that can be seen", async () => {
      for (const name of ["", "x".repeat(65), "a\u001b[2Jb", "a\u202eb", "a\nb"]) {
        const failure = await failureOf(() => contributeToPackage(fresh, { name }));
        expect(failure.code).to.equal("CONTRIBUTION_INVALID");
      }
    });

    it("are refused of beacons that are no bytes, or take too little or too long", async () => {
      for (const change of [
        { value: "" },
        { value: "123" },
        { value: "0x12" },
        { value: "zz" },
        { value: "00".repeat(256) },
        { iterationsExponent: 9 },
        { iterationsExponent: 41 },
        { iterationsExponent: 10.5 },
      ]) {
        const failure = await failureOf(() =>
          applyBeaconToPackage(fresh, { ...BEACON, ...change }),
        );
        expect(failure.code).to.equal("CONTRIBUTION_INVALID");
      }
    });

    it("cannot be added to a package without keys", async () => {
      await rm(folder, { recursive: true });
      await writePackage(folder, compiled);
      const { code, hint } = await failureOf(() => contributeToPackage(folder, { name: "Ada" }));
      expect(code).to.equal("FILE_MISSING");
      expect(hint).to.include("opg model setup");
    });

    it("are not undone by another set-up, unless that is asked for", async () => {
      await use(closed);
      const before = await snapshot();
      const again = (overwrite: boolean) =>
        setUpForDevelopment(folder, { cacheFolder: root, overwrite });
      expect((await failureOf(() => again(false))).code).to.equal("FILE_EXISTS");
      expect(await snapshot()).to.deep.equal(before);
      await again(true);
      expect((await readKeys(folder)).ceremony.contributions).to.have.length(1);
    });
  });

  it("makes no development keys from what would pass as the public file", async () => {
    await use(fresh);
    const before = await snapshot();
    const { power } = await identifyTau(tau, { neededPower: 1 });
    const { file } = await cachedTau(power, root);
    const { blake2b } = await identifyTau(file, { neededPower: power });
    const published = new Map([[power, blake2b]]);
    const { code, message } = await failureOf(() =>
      setUpForDevelopment(folder, { cacheFolder: root, overwrite: true, published }),
    );
    expect(code).to.equal("SETUP_FAILED");
    expect(message).to.include("development keys are not made from one");
    expect(await snapshot()).to.deep.equal(before);
  });

  describe("verification", () => {
    for (const name of ["proving.zkey", "verification-key.json", "ceremony.json"]) {
      it(`names ${name} if it was changed`, async () => {
        await use(closed);
        await flipBit(name, 700);
        const { code, message } = await failureOf(() => verifyTranscript(folder));
        expect(code).to.equal("FILE_CORRUPTED");
        expect(message).to.include(name);
      });
    }

    it("catches a changed proving key even if all hashes were adapted", async () => {
      await use(closed);
      const size = (await readFile(file("proving.zkey"))).length;
      // In the middle lie the points that nothing but the pairing checks can judge.
      await flipBit("proving.zkey", Math.floor(size / 2));
      await sealAgain();
      await verifyTranscript(folder);
      const { code } = await failureOf(() => verifyOrigin(folder, tau));
      expect(code).to.equal("SETUP_INVALID");
    });

    it("catches a proving key that was cut off, even if all hashes were adapted", async () => {
      await use(closed);
      const key = await readFile(file("proving.zkey"));
      await writeFile(file("proving.zkey"), key.subarray(0, -100));
      await sealAgain();
      const { code, message } = await failureOf(() => verifyTranscript(folder));
      expect(code).to.equal("FILE_CORRUPTED");
      expect(message).to.match(/cut off/);
    });

    it("catches keys of another circuit", async () => {
      const foreign = path.join(root, "foreign");
      await writePackage(foreign, otherModel);
      await setUp(foreign, { tau, contributor: "publisher" });
      await use(fresh);
      const { keys, ceremony } = await readKeys(foreign);
      const { transcriptHash } = await readKeys(folder);
      await writeKeys(folder, keys, ceremony.powersOfTau, transcriptHash);
      await verifyTranscript(folder);
      expect((await failureOf(() => verifyOrigin(folder, tau))).code).to.equal("SETUP_INVALID");
    });

    it("catches the verification key of an earlier proving key", async () => {
      await use(closed);
      await cp(path.join(fresh, "verification-key.json"), file("verification-key.json"));
      await sealAgain();
      const { code, message } = await failureOf(() => verifyTranscript(folder));
      expect(code).to.equal("SETUP_INVALID");
      expect(message).to.match(/not the verification key of proving\.zkey/);
    });

    it("catches a transcript that names others, or fewer", async () => {
      const rename = (ceremony: Ceremony): Ceremony => ({
        ...ceremony,
        contributions: ceremony.contributions.map((each) => ({ ...each, name: "Satoshi" })),
      });
      const forget = (ceremony: Ceremony): Ceremony => ({
        ...ceremony,
        contributions: ceremony.contributions.slice(1),
      });
      for (const change of [rename, forget]) {
        await rm(folder, { recursive: true });
        await use(closed);
        await sealAgain(change);
        const { code, message } = await failureOf(() => verifyTranscript(folder));
        expect(code).to.equal("SETUP_INVALID");
        expect(message).to.match(/does not say what proving\.zkey says/);
      }
    });

    it("catches other Powers of Tau", async () => {
      const { domainPower } = await readManifest(closed);
      const { file: other } = await cachedTau(domainPower, path.join(root, "other"));
      const { code, message } = await failureOf(() => verifyOrigin(closed, other));
      expect(code).to.equal("SETUP_INVALID");
      expect(message).to.include(other);
    });

    it("catches development keys that are passed off as made from the public file", async () => {
      const pass = (origin: "public" | "development", blake2b: string) => (ceremony: Ceremony) => ({
        ...ceremony,
        powersOfTau: { origin, power: 14, blake2b },
      });
      await use(fresh);
      const own = (await readKeys(folder)).ceremony.powersOfTau.blake2b;
      await sealAgain(pass("public", own));
      expect((await failureOf(() => verifyTranscript(folder))).code).to.equal("FILE_CORRUPTED");

      await rm(folder, { recursive: true });
      await use(fresh);
      await sealAgain(pass("public", PUBLISHED_TAU.get(14) ?? ""));
      await verifyTranscript(folder);
      expect((await failureOf(() => verifyOrigin(folder, tau))).code).to.equal("SETUP_INVALID");
    });
  });

  it("is for production only if it started from the public Powers of Tau", async () => {
    const { ceremony } = await readKeys(closed);
    const { code } = await failureOf(() =>
      Promise.resolve().then(() => {
        requirePublicTau(ceremony);
      }),
    );
    expect(code).to.equal("SETUP_DEVELOPMENT");
    requirePublicTau({ ...ceremony, powersOfTau: { ...ceremony.powersOfTau, origin: "public" } });
  });
});
