import {
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { concat, dataLength, hexlify, id, keccak256, ZeroAddress } from "ethers";
import { at } from "../../zkml/arrays.ts";
import { node, tensor } from "../../zkml/onnx/build.ts";
import { modelMessage } from "../../zkml/onnx/schema.ts";
import { onnxFile, perceptronFile } from "../../zkml/testing/networks.ts";
import { seededRandom } from "../../zkml/random.ts";
import { expectFailure } from "./expect-failure.ts";
import { runOpg, type CommandResult } from "./run-opg.ts";

const CACHE = path.resolve(import.meta.dirname, "../../.cache/powers-of-tau");
const FLOATS = { type: "float", shape: [1, 2] } as const;
const CLAIM = {
  chainId: "8453",
  market: `0x${"11".repeat(20)}`,
  requestId: id("request"),
  node: `0x${"44".repeat(20)}`,
  publisher: `0x${"55".repeat(20)}`,
  groth16Verifier: `0x${"66".repeat(20)}`,
};

type Json = Readonly<Record<string, unknown>>;

describe("opg model", () => {
  let folder: string;
  let setup: CommandResult;

  const opg = (...args: readonly string[]) => runOpg(folder, "model", ...args);
  const file = (name: string): string => path.join(folder, name);
  const writeJson = (name: string, content: unknown) =>
    writeFile(file(name), JSON.stringify(content));

  /** The one object of `--json`, with nothing beside it. */
  async function json(
    ...args: readonly string[]
  ): Promise<{ exitCode: number | null; json: Json }> {
    const { exitCode, stdout, stderr } = await opg(...args, "--json");
    expect(stderr).to.equal("");
    expect(stdout.trimEnd().split("\n")).to.have.length(1);
    return { exitCode, json: JSON.parse(stdout) as Json };
  }

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "opg-model-"));
    await writeFile(file("network.onnx"), perceptronFile([4, 3, 2], seededRandom(5)));
    await writeJson(
      "samples.json",
      [0, 1, 2, 3, 4].map((i) => [50 * i, 50 * i + 1, 9, 200 - i]),
    );
    await writeJson("input.json", [1, 2, 3, 255]);
    await writeJson("claim.json", CLAIM);
    await opg("compile", "network.onnx", "--samples", "samples.json", "--out", "model");
    setup = await opg("setup", "model", "--cache", CACHE, "--json");
    await opg("prove", "model", "--input", "input.json", "--claim", "claim.json", "--output", "p");
  });

  after(() => rm(folder, { recursive: true }));

  describe("inspect", () => {
    it("shows layers, constraints and where accuracy is lost", async () => {
      const { stdout, exitCode } = await opg(
        "inspect",
        "network.onnx",
        "--samples",
        "samples.json",
      );
      expect(exitCode).to.equal(0);
      expect(stdout).to.include("input      x: uint8 [1, 4]");
      expect(stdout).to.include("operators  Gemm × 2, Cast, Relu");
      expect(stdout).to.match(
        /a1 +│ rectifier │ 3 +│ 12 +│ \d+ +│ [\d.]+ +│ [\d.]+ % +│ (low|medium)/,
      );
      expect(stdout).to.match(/^constraints \d+; domain 2\^10$/m);
    });

    it("counts what compile counts, of an ONNX file and of a package", async () => {
      const { json: ofFile } = await json("inspect", "network.onnx", "--samples", "samples.json");
      const { json: ofPackage } = await json("inspect", "model");
      const manifest = JSON.parse(await readFile(file("model/manifest.json"), "utf8")) as Json;
      for (const { circuit } of [ofFile, ofPackage]) {
        const { constraints, isExact } = circuit as Json;
        expect(constraints).to.equal(manifest.constraints);
        expect(isExact).to.equal(true);
      }
      expect(ofFile.accuracy).to.have.keys("layers", "output");
    });

    it("names every node that is not supported, and still succeeds", async () => {
      const nodes = [node("Bernoulli", ["x"], "a"), node("Det", ["a"], "y")];
      await writeFile(file("odd.onnx"), onnxFile({ input: FLOATS, output: FLOATS, nodes }));
      const { stdout, exitCode } = await opg("inspect", "odd.onnx");
      expect(exitCode).to.equal(0);
      expect(stdout).to.include('node "a" (Bernoulli)').and.to.include('node "y" (Det)');
    });
  });

  describe("prove and verify", () => {
    it("a claim, under the package and under its key alone", async () => {
      for (const key of ["model", "model/verification-key.json"]) {
        const { stdout, exitCode } = await opg("verify", "p", "--key", key);
        expect(stdout).to.match(/^yes {2}proof holds for c, r and e$/m);
        expect(stdout).to.match(/The proof holds\.\n$/);
        expect(exitCode).to.equal(0);
      }
      const proof = JSON.parse(await readFile(file("p"), "utf8")) as { claim: Json };
      expect(proof.claim).to.include({ chainId: "8453", requestId: CLAIM.requestId });
    });

    it("what run says, for nobody, unless there is a claim", async () => {
      const input = ["--input", "input.json"];
      const { json: proved } = await json("prove", "model", ...input, "--output", "nobody");
      const { json: ran } = await json("run", "model", ...input);
      expect(proved.output).to.equal(ran.bytes);
      const { json: verdict } = await json("verify", "nobody", "--key", "model");
      expect(verdict.holds).to.equal(true);
      expect(verdict.claim).to.include({ chainId: "0", market: ZeroAddress });
    });

    it("tells by its exit code that a proof does not hold", async () => {
      const proof = JSON.parse(await readFile(file("p"), "utf8")) as { claim: Json };
      await writeJson("forged", { ...proof, claim: { ...proof.claim, node: CLAIM.market } });
      const { stdout, exitCode } = await opg("verify", "forged", "--key", "model");
      expect(exitCode).to.equal(2);
      expect(stdout).to.match(/^NO {3}proof holds for c, r and e$/m);
      expect(stdout).to.match(/The proof does NOT hold\.\n$/);
      const asJson = await json("verify", "forged", "--key", "model");
      expect(asJson.exitCode).to.equal(2);
      expect(asJson.json.holds).to.equal(false);
    });
  });

  describe("--json", () => {
    it("of compile and setup", async () => {
      const files = ["network.onnx", "--samples", "samples.json", "--out", "for-json"];
      const { json: compiled } = await json("compile", ...files);
      expect(compiled).to.include({ folder: "for-json", inputSize: 4, outputSize: 8 });
      expect(JSON.parse(setup.stdout)).to.include({ folder: "model", isForDevelopment: true });
    });

    it("of failures and of bad arguments", async () => {
      const failed = await json("run", "nowhere", "--input", "input.json");
      expect(failed.exitCode).to.equal(1);
      expect(failed.json.error).to.include({ code: "FILE_MISSING" });
      const misused = await json("run", "model");
      expect(misused.exitCode).to.equal(1);
      expect(misused.json.error).to.deep.equal({
        code: "ARGUMENTS_INVALID",
        message: "required option '--input <file>' not specified",
      });
    });
  });

  describe("bad networks leave nothing behind", () => {
    const external = (): Uint8Array => {
      const type = { tensorType: { elemType: 1, shape: { dim: [{ dimValue: 2 }] } } };
      const message = modelMessage();
      const graph = {
        node: [{ opType: "Add", input: ["x", "weights"], output: ["y"] }],
        initializer: [{ name: "weights", dims: [2], dataType: 1, dataLocation: 1 }],
        input: [{ name: "x", type }],
        output: [{ name: "y", type }],
      };
      return message.encode(message.fromObject({ opsetImport: [{ version: 13 }], graph })).finish();
    };
    const dynamic = (): Uint8Array => {
      const dim = [{ dimParam: "batch" }, { dimValue: 2 }];
      const type = { tensorType: { elemType: 1, shape: { dim } } };
      const message = modelMessage();
      const graph = {
        node: [{ opType: "Relu", input: ["x"], output: ["y"] }],
        input: [{ name: "x", type }],
        output: [{ name: "y", type }],
      };
      return message.encode(message.fromObject({ opsetImport: [{ version: 13 }], graph })).finish();
    };
    const withWeights = (values: readonly number[]): Uint8Array =>
      onnxFile({
        input: FLOATS,
        output: FLOATS,
        nodes: [node("Add", ["x", "weights"], "y")],
        initializers: { weights: tensor([2], values) },
      });
    /** Squares again and again: the last has more bits than there are. */
    const overflowing = (): Uint8Array =>
      onnxFile({
        input: { type: "uint8", shape: [1, 2] },
        output: FLOATS,
        nodes: [
          node("Cast", ["x"], "s0", { to: 1 }),
          ...[1, 2, 3, 4, 5, 6, 7].map((i) => node("Mul", [`s${i - 1}`, `s${i - 1}`], `s${i}`)),
          node("Mul", ["s7", "s7"], "y"),
        ],
      });

    const networks: Readonly<Record<string, [() => Uint8Array, string, RegExp]>> = {
      "weights in another file": [external, "ONNX_EXTERNAL_DATA", /"weights".*external file/],
      "weights that are no numbers": [
        () => withWeights([1, NaN]),
        "ONNX_NOT_FINITE",
        /"weights" holds a NaN/,
      ],
      "a dimension without a size": [dynamic, "ONNX_DYNAMIC_SHAPE", /"batch" of "x"/],
      "numbers without bounds": [overflowing, "RANGE_OVERFLOW", /"s\d|y"/],
      "an empty file": [() => new Uint8Array(), "ONNX_UNREADABLE", /not a readable ONNX/],
      "no ONNX file": [() => new TextEncoder().encode("PK 1"), "ONNX_UNREADABLE", /not a readable/],
    };

    for (const [name, [make, code, message]] of Object.entries(networks)) {
      it(name, async () => {
        await writeFile(file("bad.onnx"), make());
        await writeJson("pairs.json", [
          [200, 255],
          [3, 100],
        ]);
        const before = await readdir(folder);
        const args = ["bad.onnx", "--samples", "pairs.json", "--out", "bad"];
        expectFailure(await opg("compile", ...args), code, message);
        expect(await readdir(folder)).to.deep.equal(before);
      });
    }

    it("dimensions that no memory holds", async () => {
      await writeFile(file("open.onnx"), dynamic());
      await writeJson("pairs.json", [[1, 2]]);
      const args = ["open.onnx", "--samples", "pairs.json", "--out", "vast"];
      for (const [size, message] of [
        ["1000000", /Input "x" has 2000000 elements; at most 262144/],
        ["900000000", /has 1800000000 elements; at most/],
      ] as const)
        expectFailure(
          await opg("compile", ...args, "--dimension", `batch=${size}`),
          "CIRCUIT_TOO_LARGE",
          message,
        );
    });

    it("folders that are no package, or no folder, are never replaced", async () => {
      await mkdir(file("other"));
      await writeFile(file("other/thesis.txt"), "precious");
      const compile = (out: string) =>
        opg("compile", "network.onnx", "--samples", "samples.json", "--out", out, "--overwrite");
      for (const out of ["other", "samples.json"])
        expectFailure(await compile(out), "FILE_EXISTS", /is no package: it is not replaced/);
      expect(await readFile(file("other/thesis.txt"), "utf8")).to.equal("precious");
      expectFailure(await compile("samples.json/x"), "FILE_UNWRITABLE", /samples\.json\/x/);
      const { exitCode, stderr } = await compile("");
      expect(exitCode).to.equal(1);
      expect(stderr).to.include("Give the name of a folder.");
      expect(await readdir(folder)).to.not.include(".unfinished");
    });

    it("a dimension may be given", async () => {
      await writeFile(file("open.onnx"), dynamic());
      await writeJson("pairs.json", [[1, 2]]);
      const options = ["--samples", "pairs.json", "--out", "closed", "--dimension", "batch=1"];
      expect((await opg("compile", "open.onnx", ...options)).exitCode).to.equal(0);
    });
  });

  describe("private inputs, two to a proof", () => {
    const INPUTS = [
      [1, 2, 3, 255],
      [9, 0, 200, 7],
    ];

    before(async () => {
      const options = ["--samples", "samples.json", "--private-input", "--inferences", "2"];
      const compiled = await opg("compile", "network.onnx", ...options, "--out", "sealed");
      expect(compiled.stdout).to.include("Inputs are private: seal each with opg model seal.");
      expect(compiled.stdout).to.include("A proof carries 2 inferences of these sizes.");
      await opg("setup", "sealed", "--cache", CACHE);
      for (const [i, input] of INPUTS.entries()) {
        await writeJson(`secret-${i}.json`, input);
        await opg("seal", "sealed", "--input", `secret-${i}.json`, "--output", `opening-${i}`);
      }
      await writeJson("both.json", INPUTS.flat());
      const both = ["--input", "secret-0.json", "secret-1.json", "--output", "openings"];
      await opg("seal", "sealed", ...both);
    });

    it("are shown to the chain as commitments", async () => {
      const manifest = JSON.parse(await readFile(file("sealed/manifest.json"), "utf8")) as Json;
      expect(manifest).to.include({ inputs: "private", inferences: 2, inputSize: 32 });
      const sealed = await json("seal", "sealed", "--input", "secret-0.json", "--output", "again");
      const { commitment, inputHash } = sealed.json;
      expect(inputHash).to.equal(keccak256(String(commitment)));
      expect(dataLength(String(commitment))).to.equal(32);
      expect((await stat(file("again"))).mode & 0o777).to.equal(0o600);
      expect(await readFile(file("again"))).not.to.deep.equal(await readFile(file("opening-0")));
    });

    for (const [name, opening, count] of [
      ["one", "opening-1", 1],
      ["two", "openings", 2],
    ] as const) {
      it(`are proved, ${name} of them, without being told`, async () => {
        const proofFile = `proof-of-${name}`;
        const args = ["--input", opening, "--claim", "claim.json", "--output", proofFile];
        expect((await opg("prove", "sealed", ...args)).exitCode).to.equal(0);
        const { exitCode, json: verdict } = await json("verify", proofFile, "--key", "sealed");
        expect(exitCode).to.equal(0);
        const alone = await Promise.all(
          [0, 1].map((i) => json("run", "model", "--input", `secret-${i}.json`)),
        );
        const outputs = alone.map(({ json: answer }) => String(answer.bytes));
        expect(verdict.output).to.equal(concat(outputs.slice(-count)));
        const content = await readFile(file(proofFile), "utf8");
        for (const input of INPUTS)
          expect(content).not.to.include(hexlify(Uint8Array.from(input)).slice(2));
      });
    }

    it("are counted by inspect", async () => {
      const { json: inspection } = await json("inspect", "sealed");
      const { json: open } = await json("inspect", "model");
      const rows = ({ circuit }: Json) => (circuit as { input: number }).input;
      expect(rows(inspection)).to.equal(2 * rows(open));
    });

    it("are refused without a salt, in parts, or where there is nothing to hide", async () => {
      const prove = (input: string) => opg("prove", "sealed", "--input", input, "--output", "none");
      expectFailure(await prove("secret-0.json"), "INPUT_INVALID", /without a salt/);
      await writeFile(file("part"), (await readFile(file("opening-0"))).subarray(1));
      expectFailure(await prove("part"), "INPUT_SIZE", /34 bytes; the model takes 35/);
      const { json: both } = await json("run", "sealed", "--input", "both.json");
      const { json: verdict } = await json("verify", "proof-of-two", "--key", "sealed");
      expect(both.bytes).to.equal(verdict.output);
      const seal = (...args: readonly string[]) => opg("seal", ...args);
      expectFailure(
        await seal("model", "--input", "input.json", "--output", "none"),
        "INPUT_INVALID",
        /are public: there is nothing to seal/,
      );
      expectFailure(
        await seal("sealed", "--input", "input.json", "--output", "opening-0"),
        "FILE_EXISTS",
        /"opening-0" exists already/,
      );
      const three = ["secret-0.json", "secret-1.json", "secret-0.json"];
      expectFailure(
        await seal("sealed", "--input", ...three, "--output", "none"),
        "TOO_MANY_INFERENCES",
        /3 inputs do not fit into a proof that carries 2/,
      );
      const many = ["--samples", "samples.json", "--out", "many", "--inferences", "1025"];
      const { exitCode, stderr } = await opg("compile", "network.onnx", ...many);
      expect(exitCode).to.equal(1);
      expect(stderr).to.include("Give a whole number from 1 to 1024.");
    });
  });

  describe("bad inputs", () => {
    const inputs: Readonly<Record<string, [string, string | Uint8Array, string, RegExp]>> = {
      "too few bytes": ["short.bin", new Uint8Array(3), "INPUT_SIZE", /"x" has 3 bytes.*exactly 4/],
      "too many elements": ["long.json", "[1,2,3,4,5]", "INPUT_SIZE", /"x" has 5 elements/],
      "an element out of range": [
        "big.json",
        "[1,2,3,256]",
        "INPUT_SIZE",
        /Element 3 of "x" is 256; uint8 holds integers from 0 to 255/,
      ],
      "an element that is no integer": ["half.json", "[1,2,3,0.5]", "INPUT_SIZE", /Element 3/],
      "no list": ["object.json", "{}", "INPUT_INVALID", /object\.json.*flat JSON list/],
    };

    for (const [name, [input, content, code, message]] of Object.entries(inputs)) {
      it(name, async () => {
        await writeFile(file(input), content);
        const before = await readdir(folder);
        const proved = await opg("prove", "model", "--input", input, "--output", "none");
        expectFailure(proved, code, message);
        expect(await readdir(folder)).to.deep.equal(before);
      });
    }

    it("claims and proof files that are none", async () => {
      await writeJson("half-claim", { ...CLAIM, node: "11".repeat(20) });
      const args = ["--input", "input.json", "--claim", "half-claim", "--output", "none"];
      expectFailure(
        await opg("prove", "model", ...args),
        "CLAIM_INVALID",
        /"node": not an address/,
      );
      const verified = await opg("verify", "claim.json", "--key", "model");
      expectFailure(verified, "FILE_CORRUPTED", /"claim\.json" is not a proof file/);
      expectFailure(await opg("verify", "gone", "--key", "model"), "FILE_MISSING", /gone/);
      const noKey = await opg("verify", "p", "--key", "input.json");
      expectFailure(noKey, "FILE_CORRUPTED", /not a Groth16 verification key/);
    });

    it("a proof file that exists, or cannot be written", async () => {
      const honest = await readFile(file("p"));
      const again = await opg("prove", "model", "--input", "input.json", "--output", "p");
      expectFailure(again, "FILE_EXISTS", /"p" exists already/);
      expect(await readFile(file("p"))).to.deep.equal(honest);
      const nowhere = await opg("prove", "model", "--input", "input.json", "--output", "no/p");
      expectFailure(nowhere, "FILE_UNWRITABLE", /no\/p/);
    });

    it("a damaged proving key", async () => {
      await cp(file("model"), file("damaged"), { recursive: true });
      const key = file("damaged/proving.zkey");
      const prove = () => opg("prove", "damaged", "--input", "input.json", "--output", "none");
      await truncate(key, 2000);
      expectFailure(await prove(), "FILE_CORRUPTED", /proving\.zkey/);

      await copyFile(file("model/proving.zkey"), key);
      const content = await readFile(key);
      const middle = Math.floor(content.length / 2);
      content[middle] = at(content, middle) ^ 1;
      await writeFile(key, content);
      const changed = await prove();
      expect(changed.stderr).to.match(/^error (PROOF_INVALID|FILE_CORRUPTED): /);
      expect(await readdir(folder)).to.not.include("none");
    });
  });
});
