import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { z } from "zod";
import { at } from "../../zkml/arrays.ts";
import { networkResultSchema, type NetworkResult } from "../../zkml/corpus/result.ts";
import { lower } from "../../zkml/network/lower.ts";
import { runNetwork } from "../../zkml/network/network.ts";
import { node } from "../../zkml/onnx/build.ts";
import { decodeOnnx } from "../../zkml/onnx/decode.ts";
import { onnxFile, perceptronFile } from "../../zkml/testing/networks.ts";
import { seededRandom } from "../../zkml/random.ts";

const ROOT = path.resolve(import.meta.dirname, "../..");
const INPUT = [1, 20, 3, 250];

describe("npm run zk:corpus", () => {
  let folder: string;
  let report: string;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "corpus-test-"));
    report = path.join(folder, "report.json");
  });

  afterEach(() => rm(folder, { recursive: true }));

  async function corpus(...args: readonly string[]) {
    const script = path.join(import.meta.dirname, "corpus.ts");
    const child = spawn(process.execPath, ["--import", "tsx", script, ...args], { cwd: ROOT });
    const output = { stdout: "", stderr: "" };
    child.stdout.on("data", (chunk: Buffer) => (output.stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (output.stderr += chunk.toString()));
    const [exitCode] = (await once(child, "close")) as [number | null];
    return { exitCode, ...output };
  }

  async function write(name: string, onnx: Uint8Array, outputs: readonly number[]): Promise<void> {
    const target = path.join(folder, "networks", name);
    await mkdir(target, { recursive: true });
    await writeFile(path.join(target, "network.onnx"), onnx);
    await writeFile(path.join(target, "input.json"), JSON.stringify({ input_data: [INPUT] }));
    const expected = { outputs: [{ dims: [1, outputs.length], data: outputs }] };
    await writeFile(path.join(target, "expected.json"), JSON.stringify(expected));
  }

  async function readReport(): Promise<readonly NetworkResult[]> {
    return z.array(networkResultSchema).parse(JSON.parse(await readFile(report, "utf8")));
  }

  const perceptron = perceptronFile([4, 3, 2], seededRandom(5));
  const outputs = runNetwork(lower(decodeOnnx(perceptron)), INPUT).outputs.flat();

  it("proves what it can, and a network that fails stops no other", async () => {
    const floats = { type: "float", shape: [1, 4] } as const;
    const nodes = [node("Bernoulli", ["x"], "y")];
    await write("a-broken", new TextEncoder().encode("no network"), outputs);
    await write("b-good", perceptron, outputs);
    await write("c-unsupported", onnxFile({ input: floats, output: floats, nodes }), INPUT);
    await write("d-short", perceptron, outputs.slice(1));
    await write("e-wrong", perceptron, [at(outputs, 0) + 1000, at(outputs, 1)]);
    await mkdir(path.join(folder, "networks", "f-empty"));

    const options = ["--prove", "--json", report];
    const { exitCode, stdout } = await corpus(path.join(folder, "networks"), ...options);
    expect(exitCode).to.equal(0);
    const results = await readReport();
    expect(results.map(({ name, error }) => [name, error?.split(":")[0]])).to.deep.equal([
      ["a-broken", "ONNX_UNREADABLE"],
      ["b-good", undefined],
      ["c-unsupported", "ONNX_UNSUPPORTED_OPERATOR"],
      ["d-short", "VECTOR_INVALID"],
      ["e-wrong", undefined],
      ["f-empty", "FILE_MISSING"],
    ]);
    expect(at(results, 0)).to.include({ compiled: false, witness: false, maxAbsError: null });

    const good = at(results, 1);
    expect(good).to.include({ compiled: true, witness: true, verified: true });
    expect(good.maxAbsError).to.be.at.most(good.tolerance ?? 0);
    expect(good.proveMs).to.be.greaterThan(0);
    expect(good.constraints).to.be.within(500, 1024);
    expect(at(results, 4).maxAbsError).to.be.closeTo(1000, 1);
    expect(stdout).to.include('c-unsupported: ONNX_UNSUPPORTED_OPERATOR: Node "y" uses');
    expect(stdout).to.include(
      "6 networks, 2 compiled, 2 with a witness, 1 within tolerance, 2 proved and verified",
    );
  });

  it("gives up on a network that takes too long", async () => {
    await write("slow", perceptronFile([4, 1500, 1500, 2], seededRandom(6)), outputs);
    const networks = path.join(folder, "networks");
    const { exitCode } = await corpus(networks, "--timeout", "1", "--json", report);
    expect(exitCode).to.equal(0);
    expect(at(await readReport(), 0).error).to.equal("TIMEOUT: It was not done after 1 seconds.");
  });

  it("says what a network that takes too much memory died of", async () => {
    await write("large", perceptronFile([4, 1500, 1500, 2], seededRandom(6)), outputs);
    const networks = path.join(folder, "networks");
    await corpus(networks, "--memory", "64", "--json", report);
    expect(at(await readReport(), 0).error).to.match(/^CRASHED: .*out of memory\.$/);
  });

  it("refuses bad arguments, and a folder without networks", async () => {
    await mkdir(path.join(folder, "networks"));
    for (const args of [
      [],
      [path.join(folder, "nowhere")],
      [path.join(folder, "networks")],
      [folder, "--timeout", "soon"],
      [folder, "--json", path.join(folder, "no", "report.json")],
    ]) {
      const { exitCode, stderr } = await corpus(...args);
      expect(exitCode, args.join(" ")).to.equal(1);
      expect(stderr).to.match(/^error/);
      expect(stderr).to.not.match(/^\s+at /m);
    }
    expect(await readdir(folder)).to.deep.equal(["networks"]);
  });
});
