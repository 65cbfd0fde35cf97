import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { at } from "../arrays.ts";
import { encodeR1cs } from "../circuit/r1cs-file.ts";
import { infer } from "../integer/run.ts";
import { compileModel, type CompiledModel } from "../model/compile-model.ts";
import { isSetUp, readPackage, writePackage } from "../model/package.ts";
import { developmentTau } from "../setup/development-tau.ts";
import { setUpForDevelopment } from "../setup/package-setup.ts";
import { makeKeys, verifyKeys, type CircuitKeys } from "../setup/keys.ts";
import { CONTEXT } from "../testing/context.ts";
import { failureOf } from "../testing/failure.ts";
import { perceptronFile, randomBytes } from "../testing/networks.ts";
import { seededRandom } from "../random.ts";
import { encodeKeyDelta, encodeKeySetup } from "./encoding.ts";
import { proveInference } from "./prover.ts";
import { stopProverThreads } from "./threads.ts";

const random = seededRandom(3);
const SIZES = [12, 5, 3];
const POWER = 10;

const PARTS = { origin: `0x${"55".repeat(32)}`, key: `0x${"66".repeat(20)}` };

function smallModel(): CompiledModel {
  const samples = Array.from({ length: 20 }, () => randomBytes(12, random));
  return compileModel(perceptronFile(SIZES, random), { samples });
}

describe("key set-up and proof", () => {
  const model = smallModel();
  const other = smallModel();
  let tau: Uint8Array;
  let keys: CircuitKeys;
  let otherKeys: CircuitKeys;
  let folder: string;

  before(async () => {
    tau = await developmentTau(POWER);
    keys = await makeKeys({ r1cs: encodeR1cs(model.circuit), tau, contributor: "test" });
    otherKeys = await makeKeys({ r1cs: encodeR1cs(other.circuit), tau, contributor: "test" });
    folder = await mkdtemp(path.join(tmpdir(), "zkml-"));
  });

  after(async () => {
    await stopProverThreads();
    await rm(folder, { recursive: true });
  });

  it("makes keys that snarkjs traces back to the circuit and the Powers of Tau", async () => {
    await verifyKeys({ r1cs: encodeR1cs(model.circuit), tau }, keys.provingKey);
    const error = await failureOf(() =>
      verifyKeys({ r1cs: encodeR1cs(other.circuit), tau }, keys.provingKey),
    );
    expect(error.code).to.equal("SETUP_INVALID");
  });

  it("gives all models of one domain the same set-up, and each its own delta", () => {
    expect(encodeKeySetup(keys.verificationKey)).to.deep.equal(
      encodeKeySetup(otherKeys.verificationKey),
    );
    expect(encodeKeyDelta(keys.verificationKey)).to.not.deep.equal(
      encodeKeyDelta(otherKeys.verificationKey),
    );
    expect(encodeKeySetup(keys.verificationKey)).to.have.length(576);
    expect(encodeKeyDelta(keys.verificationKey)).to.have.length(128);
  });

  it("draws new secrets each time", async () => {
    const again = await makeKeys({ r1cs: encodeR1cs(model.circuit), tau, contributor: "test" });
    expect(encodeKeyDelta(again.verificationKey)).to.not.deep.equal(
      encodeKeyDelta(keys.verificationKey),
    );
    expect((await developmentTau(4)).slice(100)).to.not.deep.equal(
      (await developmentTau(4)).slice(100),
    );
  });

  it("refuses a Powers of Tau file that is too small", async () => {
    const small = await developmentTau(POWER - 1);
    const error = await failureOf(() =>
      makeKeys({ r1cs: encodeR1cs(model.circuit), tau: small, contributor: "test" }),
    );
    expect(error.code).to.equal("SETUP_FAILED");
  });

  it("proves an inference, with evidence laid out as the contract reads it", async () => {
    const input = randomBytes(12, random);
    const proved = await proveInference(
      { ...model, keys },
      { input, context: CONTEXT, parts: PARTS },
    );
    expect(proved.output).to.deep.equal(infer(model.graph, input));
    expect(proved.evidence).to.have.length(32 + 20 + 32 + 256 + 12);
    expect(Buffer.from(proved.evidence.subarray(0, 52)).toString("hex")).to.equal(
      "55".repeat(32) + "66".repeat(20),
    );
    expect(proved.evidence.subarray(-12)).to.deep.equal(input);
  });

  it("refuses to hand out a proof that does not verify", async () => {
    const mixed = { ...model, keys: { ...keys, verificationKey: otherKeys.verificationKey } };
    const error = await failureOf(() =>
      proveInference(mixed, { input: randomBytes(12, random), context: CONTEXT, parts: PARTS }),
    );
    expect(error.code).to.equal("PROOF_INVALID");
  });

  it("refuses an input of the wrong length", async () => {
    const error = await failureOf(() =>
      proveInference(
        { ...model, keys },
        { input: new Uint8Array(11), context: CONTEXT, parts: PARTS },
      ),
    );
    expect(error.code).to.equal("INPUT_SIZE");
    expect(error.message).to.contain("11 bytes; the model takes exactly 12");
  });

  describe("package", () => {
    const file = (name: string): string => path.join(folder, "model", name);

    it("keeps a model and its keys, and proves with them", async () => {
      const target = path.join(folder, "model");
      await writePackage(target, model);
      expect(await isSetUp(target)).to.equal(false);
      await setUpForDevelopment(target, { cacheFolder: folder });
      expect(await isSetUp(target)).to.equal(true);
      const loaded = await readPackage(target);
      expect(loaded.contentHash).to.match(/^0x[0-9a-f]{64}$/);
      expect(loaded.manifest).to.include({ inputSize: 12, outputSize: 12, domainPower: POWER });
      const input = randomBytes(12, random);
      const proved = await proveInference(loaded, { input, context: CONTEXT, parts: PARTS });
      expect(proved.output).to.deep.equal(infer(model.graph, input));
    });

    it("is not overwritten by accident", async () => {
      expect(
        (await failureOf(() => writePackage(path.join(folder, "model"), model))).code,
      ).to.equal("FILE_EXISTS");
    });

    for (const name of [
      "network.onnx",
      "graph.json",
      "circuit.r1cs",
      "manifest.json",
      "ceremony.json",
      "proving.zkey",
      "verification-key.json",
    ]) {
      it(`is refused if ${name} was changed`, async () => {
        const honest = await readFile(file(name));
        const changed = Uint8Array.from(honest);
        changed[20] = at(changed, 20) ^ 1;
        await writeFile(file(name), changed);
        // The circuit itself is compiled again from the graph; its file is for those who join the set-up.
        const load = (): Promise<unknown> =>
          name === "circuit.r1cs"
            ? setUpForDevelopment(path.join(folder, "model"), {
                cacheFolder: folder,
                overwrite: true,
              })
            : readPackage(path.join(folder, "model"));
        expect((await failureOf(load)).code).to.equal("FILE_CORRUPTED");
        await writeFile(file(name), honest);
      });

      it(`is refused without ${name}, naming it`, async () => {
        const honest = await readFile(file(name));
        await rm(file(name));
        const load = (): Promise<unknown> =>
          name === "circuit.r1cs"
            ? setUpForDevelopment(path.join(folder, "model"), {
                cacheFolder: folder,
                overwrite: true,
              })
            : readPackage(path.join(folder, "model"));
        const error = await failureOf(load);
        expect(error.code).to.equal("FILE_MISSING");
        expect(error.message).to.contain(name);
        await writeFile(file(name), honest);
      });
    }
  });
});
