import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { Wallet } from "ethers";
import { ask } from "../fixtures/models.ts";
import { serveMarket, type ServedMarket } from "../fixtures/served-market.ts";
import { until } from "../worker/jobs.ts";
import { node } from "../../zkml/onnx/build.ts";
import { onnxFile, perceptronFile } from "../../zkml/testing/networks.ts";
import { seededRandom } from "../../zkml/random.ts";
import { expectFailure } from "./expect-failure.ts";
import { runOpg, startOpg } from "./run-opg.ts";

describe("opg", () => {
  let folder: string;
  let market: ServedMarket;
  let operatorKey: string;

  before(async () => {
    market = await serveMarket();
    folder = await mkdtemp(path.join(tmpdir(), "opg-"));
    const samples = Array.from({ length: 5 }, (_, i) =>
      Array.from({ length: 4 }, (_, j) => 50 * i + j),
    );
    await writeFile(path.join(folder, "network.onnx"), perceptronFile([4, 3, 2], seededRandom(5)));
    await writeFile(path.join(folder, "samples.json"), JSON.stringify(samples));
    await writeFile(path.join(folder, "input.bin"), Uint8Array.of(1, 2, 3, 4));
  });

  after(async () => {
    await market.close();
    await rm(folder, { recursive: true });
  });

  const chainOptions = (key: string) => [
    "--rpc",
    market.rpcUrl,
    "--deployment",
    path.join(market.folder, "deployment.json"),
    "--key",
    key,
  ];

  it("says what each command takes", async () => {
    const commands = ["model publish", "llm request", "attest approve", "node start"];
    for (const command of commands) {
      const { stdout, stderr, exitCode } = await runOpg(folder, ...command.split(" "), "--help");
      expect({ stderr, exitCode }, command).to.deep.equal({ stderr: "", exitCode: 0 });
      expect(stdout).to.include(`Usage: opg ${command} `);
    }
  });

  it("takes floating-point inputs as 8 bits, or as 16", async () => {
    const shape = { type: "float", shape: [1, 4] } as const;
    const onnx = onnxFile({ input: shape, output: shape, nodes: [node("Sigmoid", ["x"], "y")] });
    await writeFile(path.join(folder, "sigmoid.onnx"), onnx);
    for (const [type, bytes] of [
      ["int8", 4],
      ["int16", 8],
    ] as const) {
      const files = ["sigmoid.onnx", "--samples", "samples.json", "--out", type];
      const options = ["--input-type", type];
      const { stdout } = await runOpg(folder, "model", "compile", ...files, ...options);
      expect(stdout).to.include(`input ${bytes} bytes, output 16 bytes`);
    }
  });

  it("brings a model from an ONNX file to the registry", async () => {
    const { stdout, exitCode } = await runOpg(
      folder,
      ...["model", "compile", "network.onnx", "--samples", "samples.json", "--out", "model"],
    );
    expect(exitCode).to.equal(0);
    expect(stdout).to.match(/^Compiled to \d+ constraints; input 4 bytes, output 8 bytes\./);

    const ran = await runOpg(folder, "model", "run", "model", "--input", "input.bin");
    expect(ran.stdout).to.match(/^y: \[-?\d+, -?\d+\]\nbytes: 0x[0-9a-f]{16}\n$/);

    const setup = await runOpg(folder, "model", "setup", "model");
    expect(setup.exitCode).to.equal(0);
    expect(setup.stdout).to.include("These keys are for development");

    const prove = ["model", "prove", "model", "--input", "input.bin"];
    for (const prover of ["warm", "snarkjs"]) {
      const file = `${prover}.json`;
      const proved = await runOpg(folder, ...prove, "--output", file, "--prover", prover);
      expect(proved.stdout).to.match(new RegExp(`^Proved in \\d+ ms with ${prover}: ${file}\n`));
      const verified = await runOpg(folder, "model", "verify", file, "--key", "model");
      expect(verified.exitCode).to.equal(0);
    }
    const nowhere = ["--output", "none.json", "--rapidsnark", "nowhere"];
    const unknown = await runOpg(folder, ...prove, ...nowhere);
    expectFailure(unknown, "PROVER_MISSING", /"nowhere" is not a program/);

    const key = path.join(market.folder, "node.key");
    const publish = [
      "model",
      "publish",
      "model",
      "--uri",
      "https://models.example",
      "--royalty",
      "0.5",
    ];
    const published = await runOpg(folder, ...publish, ...chainOptions(key));
    expect(published.stderr).to.equal("");
    expect(published.stdout).to.match(/register model: \d+ gas/);
    const modelId = /^model (0x[0-9a-f]{64})$/m.exec(published.stdout)?.[1] ?? "";
    expect((await market.modelRegistry.model(modelId)).publisher).to.equal(
      market.nodeSigner.address,
    );

    const repeated = await runOpg(folder, ...publish, ...chainOptions(key));
    expect(repeated.stdout).to.equal(published.stdout.split("\n").slice(-3).join("\n"));
  });

  it("registers a node and serves with it until it is told to stop", async () => {
    const operator = Wallet.createRandom(market.provider);
    operatorKey = operator.privateKey;
    await writeFile(path.join(folder, "operator.key"), operatorKey);
    await market.governor.sendTransaction({ to: operator, value: 10n ** 18n });
    await market.opg.transfer(operator, 3_000n * 10n ** 18n);
    const register = ["node", "register", "--signer", market.nodeSigner.address, "--stake", "2000"];
    const registered = await runOpg(folder, ...register, ...chainOptions("operator.key"));
    expect(registered.stdout).to.match(/^approve OPG: .*\nregister node and stake: /);

    const config = await market.configure("from-cli", { operator: operator.address });
    const { child, output } = startOpg(folder, "node", "start", "--config", config);
    await until(() => output.stdout.includes("The node serves requests."));
    const { requestId } = await ask(market, market.published);
    await until(() => output.stdout.includes("Job Fulfilled."));
    child.kill("SIGTERM");
    const [exitCode] = (await once(child, "close")) as [number | null];
    expect(exitCode).to.equal(0);
    expect((await market.inferenceMarket.stateOf(requestId)).node).to.equal(operator.address);
  });

  describe("bad input", () => {
    it("an operator that is not supported is named with its node", async () => {
      const parts = { type: "float", shape: [1, 2] } as const;
      const nodes = [node("Bernoulli", ["x"], "y")];
      const onnx = onnxFile({ input: parts, output: parts, nodes });
      await writeFile(path.join(folder, "bernoulli.onnx"), onnx);
      const files = ["bernoulli.onnx", "--samples", "samples.json", "--out", "bernoulli"];
      const result = await runOpg(folder, "model", "compile", ...files);
      expectFailure(result, "ONNX_UNSUPPORTED_OPERATOR", /Bernoulli/);
    });

    it("samples of another length", async () => {
      await writeFile(path.join(folder, "short.json"), "[[1, 2]]");
      const files = ["network.onnx", "--samples", "short.json", "--out", "short"];
      const result = await runOpg(folder, "model", "compile", ...files);
      expectFailure(result, "SAMPLES_INVALID", /sample #0 does not hold 4 finite numbers/);
    });

    it("a file that is no ONNX file", async () => {
      const files = ["samples.json", "--samples", "samples.json", "--out", "text"];
      expectFailure(await runOpg(folder, "model", "compile", ...files), "ONNX_UNREADABLE", /./);
    });

    it("an input of the wrong length", async () => {
      await writeFile(path.join(folder, "long.bin"), new Uint8Array(5));
      const result = await runOpg(folder, "model", "run", "model", "--input", "long.bin");
      expectFailure(result, "INPUT_SIZE", /has 5 bytes; the model takes exactly 4/);
    });

    it("a Powers of Tau file that is none", async () => {
      const compile = ["network.onnx", "--samples", "samples.json", "--out", "no-tau"];
      await runOpg(folder, "model", "compile", ...compile);
      const args = ["model", "setup", "no-tau", "--powers-of-tau", "input.bin"];
      expectFailure(await runOpg(folder, ...args), "SETUP_FAILED", /Powers of Tau/);
      expect(await readdir(path.join(folder, "no-tau"))).to.not.include("proving.zkey");
    });

    it("an RPC node that does not answer, a wrong chain, a missing key, no money", async () => {
      const publish = ["model", "publish", "model", "--uri", "https://models.example"];
      const [, , , deployment = "", , key = ""] = chainOptions(
        path.join(market.folder, "node.key"),
      );
      const at = (rpc: string, file: string, keyFile: string) =>
        runOpg(folder, ...publish, "--rpc", rpc, "--deployment", file, "--key", keyFile);

      const unreachable = await at("http://127.0.0.1:9", deployment, key);
      expectFailure(unreachable, "RPC_UNREACHABLE", /http:\/\/127\.0\.0\.1:9/);

      const elsewhere = { ...market.deployment, chainId: "8453" };
      await writeFile(path.join(folder, "base.json"), JSON.stringify(elsewhere));
      expectFailure(await at(market.rpcUrl, "base.json", key), "WRONG_CHAIN", /31337.*8453/);

      expectFailure(await at(market.rpcUrl, deployment, "no.key"), "KEY_FILE_MISSING", /no\.key/);

      await writeFile(path.join(folder, "poor.key"), Wallet.createRandom().privateKey);
      expectFailure(await at(market.rpcUrl, deployment, "poor.key"), "ACCOUNT_UNFUNDED", /no ETH/);
    });

    it("a worker that may not act for its operator", async () => {
      const config = await market.configure("stranger", { operator: market.stranger.address });
      const result = await runOpg(folder, "node", "start", "--config", config);
      expectFailure(result, "NODE_NOT_REGISTERED", /NodeRegistry/);
    });

    it("a stake that the registry refuses", async () => {
      const key = path.join(market.folder, "node.key");
      const args = ["node", "register", "--signer", market.nodeSigner.address, "--stake", "1"];
      const result = await runOpg(folder, ...args, ...chainOptions(key));
      expectFailure(result, "STAKE_TOO_LOW", /would have 1\.0 OPG at stake/);
    });

    it("a second registration, before it approves anything", async () => {
      await writeFile(path.join(folder, "again.key"), operatorKey);
      const args = ["node", "register", "--signer", market.nodeSigner.address, "--stake", "1"];
      const result = await runOpg(folder, ...args, ...chainOptions("again.key"));
      expectFailure(result, "NODE_REGISTERED", /is the operator of a registered node/);
    });

    it("an option that is no number", async () => {
      const { exitCode, stderr } = await runOpg(folder, "node", "register", "--stake", "much");
      expect(exitCode).to.equal(1);
      expect(stderr).to.include("Give OPG as a decimal number");
    });
  });
});
