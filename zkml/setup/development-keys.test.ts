import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { groth16, zKey } from "snarkjs";
import { listOf } from "../arrays.ts";
import { readSections } from "../circuit/binary-reader.ts";
import { ConstraintSystem } from "../circuit/constraint-system.ts";
import { encodeR1cs } from "../circuit/r1cs-file.ts";
import { proveRun } from "../circuit/witness.ts";
import { encodeWitness } from "../circuit/wtns-file.ts";
import { compileModel } from "../model/compile-model.ts";
import { NO_REQUEST } from "../prove/prover.ts";
import { stopProverThreads } from "../prove/threads.ts";
import { failureOf } from "../testing/failure.ts";
import { perceptronFile, randomBytes } from "../testing/networks.ts";
import { seededRandom } from "../random.ts";
import { cachedTau } from "./development-cache.ts";
import { makeDevelopmentKeys, type DevelopmentTau } from "./development-keys.ts";
import { readKeyTranscript } from "./key-transcript.ts";
import { applyBeacon, contribute, verifyKeys } from "./keys.ts";

/** Sections of a `.zkey` file that no contribution changes. */
const UNCHANGED = { protocol: 1, ic: 3, coefficients: 4, a: 5, b1: 6, b2: 7 };
const ROW_POINTS = 9;
const CONTRIBUTIONS = 10;
const HASH_BYTES = 64;

describe("development keys", () => {
  const random = seededRandom(5);
  const samples = listOf(5, () => randomBytes(3, random));
  const model = compileModel(perceptronFile([3, 2], random), { samples });
  const r1cs = encodeR1cs(model.circuit);
  const power = Math.log2(model.circuit.constraints.length + 4);
  let folder: string;
  let tau: DevelopmentTau;
  let provingKey: Uint8Array;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "zkml-development-"));
    tau = await cachedTau(power, folder);
    ({ provingKey } = await makeDevelopmentKeys({ r1cs, tau, contributor: "development" }));
  });

  after(async () => {
    await stopProverThreads();
    await rm(folder, { recursive: true });
  });

  const sectionsOf = (key: Uint8Array) =>
    readSections(key, { magic: "zkey", version: 1, name: "key" });
  const initialKey = async (circuit: Uint8Array, file: string) => {
    const initial = { type: "mem", data: new Uint8Array() } as const;
    await zKey.newZKey(circuit, file, initial);
    return sectionsOf(initial.data);
  };

  it("are those that snarkjs makes from the same file, byte for byte, before any contribution", async () => {
    const [own, reference] = [sectionsOf(provingKey), await initialKey(r1cs, tau.file)];
    for (const [name, id] of Object.entries(UNCHANGED))
      expect(Buffer.compare(own.get(id) ?? r1cs, reference.get(id) ?? r1cs), name).to.equal(0);
    const hashOf = (sections: typeof own) => sections.get(CONTRIBUTIONS)?.slice(0, HASH_BYTES);
    expect(hashOf(own)).to.deep.equal(hashOf(reference));
    expect(own.get(ROW_POINTS)).to.not.deep.equal(reference.get(ROW_POINTS));
  });

  it("have snarkjs' hash on large domains too, where it reads beyond the powers", async () => {
    const sparse = new ConstraintSystem(1);
    sparse.enforceZero({ wires: [1, 2], coefficients: [1, -1] }, "statement");
    while (sparse.constraints.length < 2 ** 14)
      sparse.enforceZero({ wires: [], coefficients: [] }, "padding");
    sparse.finish();
    const circuit = encodeR1cs(sparse);
    const large = await cachedTau(15, folder);
    const keys = await makeDevelopmentKeys({ r1cs: circuit, tau: large, contributor: "x" });
    const reference = (await initialKey(circuit, large.file)).get(CONTRIBUTIONS);
    const hash = Buffer.from(reference?.slice(0, HASH_BYTES) ?? []).toString("hex");
    expect((await readKeyTranscript(keys.provingKey)).circuit).to.equal(hash);
  });

  it("pass snarkjs' verification, and still do after others contributed", async () => {
    const material = { r1cs, tau: new Uint8Array(await readFile(tau.file)) };
    await verifyKeys(material, provingKey);
    const more = await contribute(provingKey, { name: "Ada" });
    const beacon = { name: "a drand round", value: "00ff17", iterationsExponent: 10 };
    const closed = await applyBeacon(more.provingKey, beacon);
    await verifyKeys(material, closed.provingKey);
    const { contributions } = await readKeyTranscript(closed.provingKey);
    expect(contributions.map(({ name }) => name)).to.deep.equal([
      "development",
      "Ada",
      "a drand round",
    ]);
  });

  it("prove, and differ from one set-up to the next", async () => {
    const again = await makeDevelopmentKeys({ r1cs, tau, contributor: "development" });
    const { graph, circuit } = model;
    const { witness } = proveRun(graph, circuit, {
      input: Uint8Array.of(3, 200, 7),
      context: NO_REQUEST,
    });
    const { proof, publicSignals } = await groth16.prove(again.provingKey, encodeWitness(witness));
    expect(await groth16.verify(again.verificationKey, publicSignals, proof)).to.equal(true);
    const first = await zKey.exportVerificationKey(provingKey);
    expect(await groth16.verify(first, publicSignals, proof)).to.equal(false);
    expect(again.verificationKey.IC).to.deep.equal(first.IC);
  });

  it("are refused of a file that is no constraint system", async () => {
    const make = () => makeDevelopmentKeys({ r1cs: provingKey, tau, contributor: "development" });
    expect((await failureOf(make)).code).to.equal("FILE_CORRUPTED");
  });
});

describe("the cache of development Powers of Tau", () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "zkml-cache-"));
  });

  afterEach(() => rm(folder, { recursive: true }));

  it("gives all who start together the same secrets, and a file that is complete", async () => {
    const found = await Promise.all(listOf(4, () => cachedTau(3, folder)));
    const [first] = found;
    for (const each of found) expect(each).to.deep.equal(first);
    expect(await readdir(folder)).to.have.length(2);
  });

  it("keeps the seed from other users of the machine", async () => {
    await cachedTau(3, folder);
    expect((await stat(path.join(folder, "development.seed"))).mode & 0o077).to.equal(0);
  });

  it("names a folder that cannot be made", async () => {
    const file = path.join(folder, "file");
    await writeFile(file, "");
    const failure = await failureOf(() => cachedTau(3, path.join(file, "cache")));
    expect(failure.code).to.equal("FILE_UNWRITABLE");
    expect(failure.message).to.contain(path.join(file, "cache"));
  });

  it("refuses a seed that is cut short, and makes nothing from it", async () => {
    await writeFile(path.join(folder, "development.seed"), Uint8Array.of(1, 2, 3));
    expect((await failureOf(() => cachedTau(3, folder))).code).to.equal("FILE_CORRUPTED");
    expect(await readdir(folder)).to.deep.equal(["development.seed"]);
  });

  it("makes another file for another seed, and the same for the same", async () => {
    const before = await cachedTau(3, folder);
    const content = await readFile(before.file);
    const seed = path.join(folder, "development.seed");
    const drawn = await readFile(seed);
    await writeFile(
      seed,
      drawn.map((byte) => byte ^ 1),
    );
    const other = await cachedTau(3, folder);
    expect(other.file).to.not.equal(before.file);
    expect(other.secrets.tau).to.not.equal(before.secrets.tau);
    await writeFile(seed, drawn);
    await rm(before.file);
    await cachedTau(3, folder);
    expect(Buffer.compare(await readFile(before.file), content)).to.equal(0);
  });
});
