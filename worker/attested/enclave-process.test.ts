import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { expect } from "chai";
import { hexlify, toUtf8String } from "ethers";
import pino from "pino";
import { startEnclaveProcess, type EnclaveProcessConfig } from "./enclave-process.ts";
import { openAttestor, type Attestor } from "./open-attestor.ts";
import { ATTEST_REQUEST, inferRequest } from "../testing/enclave-requests.ts";
import { failureOf } from "../testing/failure.ts";
import { newFolder, removeFolders } from "../testing/folders.ts";
import { faultsOf, payloadOf } from "../testing/nitro-documents.ts";
import { openEnclaveRoot } from "../enclave/simulated-nsm/hierarchy.ts";

const OPG_TINY = path.resolve(import.meta.dirname, "../models/opg-tiny");
const MAIN = path.resolve(import.meta.dirname, "../enclave/main.ts");
const MORTAL_HOST = path.resolve(import.meta.dirname, "../testing/mortal-host.ts");

async function configuration(): Promise<EnclaveProcessConfig & { device: { folder: string } }> {
  return {
    device: { kind: "simulated", folder: await newFolder() },
    models: [{ folder: OPG_TINY, gpu: false }],
  };
}

/** Keeps everything that is logged. */
function recordingLog() {
  const lines: string[] = [];
  const log = pino({ level: "trace" }, { write: (line: string) => lines.push(line) });
  return { log, lines };
}

const open: Attestor[] = [];

async function simulated(config?: EnclaveProcessConfig) {
  const { log, lines } = recordingLog();
  const started = config ?? (await configuration());
  const attestor = await openAttestor({ attestor: "simulated", config: started, log });
  open.push(attestor);
  const { identity } = attestor.client;
  const { contentHash = "" } = identity.models[0] ?? {};
  return { attestor, client: attestor.client, config: started, lines, identity, contentHash };
}

async function cleanUp() {
  await Promise.all(open.splice(0).map((attestor) => attestor.close()));
  await removeFolders();
}

/** A question whose answer takes as long as the model can talk. */
const LONG = { content: "Tell me a story.", max_tokens: 200 };

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    if (condition()) return;
    await sleep(50);
  }
  throw new Error("It did not happen within 15 seconds.");
}

describe("a simulated enclave in its process", () => {
  afterEach(cleanUp);

  it("answers with a language model, and attests its key", async () => {
    const { client, config, contentHash, identity } = await simulated();
    expect(identity.kind).to.equal("NitroSim");
    expect(identity.models[0]).to.include({ name: "opg-tiny", runtime: "llama" });
    const content = "The price was 80 and is now 99. Did it rise or fall?";
    const { output, statement } = await client.infer(inferRequest(contentHash, { content }));
    expect(toUtf8String(output)).to.equal("It rose.");
    expect(Number(statement.inputUnits)).to.be.greaterThan(10);

    const document = await client.attest(ATTEST_REQUEST);
    const root = await openEnclaveRoot((config as { device: { folder: string } }).device.folder);
    expect(faultsOf(document, root, Date.now())).to.deep.equal([]);
    for (const pcr of [0, 1, 2]) {
      expect(payloadOf(document).pcrs.get(pcr), `PCR${pcr}`).not.to.deep.equal(new Uint8Array(48));
    }
  });

  it("numbers answers without a gap, and gives each again", async () => {
    const { client, contentHash } = await simulated();
    const numbers = [0, 1, 2, 3, 4, 5];
    const ask = (number: number) => client.infer(inferRequest(contentHash, { number }));
    const answers = await Promise.all(numbers.map(ask));
    const seqs = answers.map(({ statement }) => Number(statement.seq));
    expect(seqs.toSorted()).to.deep.equal(numbers);
    expect(await Promise.all(numbers.map(ask))).to.deep.equal(answers);
  });

  it("has a key of its own, and the measurement of its kind", async () => {
    const config = await configuration();
    const [one, two] = await Promise.all([simulated(config), simulated(config)]);
    expect(one.identity.address).not.to.equal(two.identity.address);
    expect(one.identity.tlsKeyHash).not.to.equal(two.identity.tlsKeyHash);
    const [a, b] = await Promise.all(
      [one, two].map(async ({ client }) => payloadOf(await client.attest(ATTEST_REQUEST)).pcrs),
    );
    expect(a).to.deep.equal(b);
    const other = await simulated({ ...config, limits: { answerSeconds: 60 } });
    const c = payloadOf(await other.client.attest(ATTEST_REQUEST)).pcrs;
    expect([c.get(0), c.get(1)]).to.deep.equal([a?.get(0), a?.get(1)]);
    expect(c.get(2)).not.to.deep.equal(a?.get(2));
  });

  it("shows its key nowhere", async () => {
    const { client, config, contentHash, lines, identity } = await simulated();
    const answer = await client.infer(inferRequest(contentHash));
    const document = await client.attest(ATTEST_REQUEST);
    await open.splice(0)[0]?.close();
    const { folder } = (config as { device: { folder: string } }).device;
    const files = await Promise.all(
      (await readdir(folder)).map((file) => readFile(path.join(folder, file))),
    );
    const text = JSON.stringify(
      [identity, answer.signature, answer.statement, lines],
      (_, value: unknown) => (typeof value === "bigint" ? value.toString() : value),
    );
    const seen = [Buffer.from(text), Buffer.from(document), Buffer.from(answer.output), ...files];
    for (const bytes of seen) {
      expect(findKey(bytes, identity.publicKey)).to.equal(undefined);
    }
  });

  it("is told nothing of its host's environment", async function () {
    if (process.platform !== "linux") this.skip();
    process.env.OPG_KEY_PASSWORD = "correct horse";
    try {
      const { log } = recordingLog();
      const enclave = await startEnclaveProcess({ config: await configuration(), log });
      const environment = await readFile(`/proc/${enclave.pid ?? 0}/environ`, "utf8");
      const command = await readFile(`/proc/${enclave.pid ?? 0}/cmdline`, "utf8");
      await enclave.stop();
      const names = environment.split("\0").map((entry) => entry.split("=")[0]);
      const given = ["PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", ""];
      expect(given).to.include.members(names);
      expect(environment).not.to.include("correct horse");
      expect(command).not.to.include(enclave.accessToken);
    } finally {
      delete process.env.OPG_KEY_PASSWORD;
    }
  });

  it("serves nobody without the token", async () => {
    const { log } = recordingLog();
    const enclave = await startEnclaveProcess({ config: await configuration(), log });
    const { url, tlsKeyHash } = enclave;
    const { EnclaveClient } = await import("./enclave-client.ts");
    const failure = await failureOf(EnclaveClient.connect({ url, tlsKeyHash }));
    await enclave.stop();
    expect(failure).to.include({ code: "ENCLAVE_REQUEST_INVALID" });
  });
});

describe("the end of a simulated enclave", () => {
  afterEach(cleanUp);

  it("is told to its owner when it is killed mid-answer, and leaves no answer behind", async () => {
    const { log } = recordingLog();
    const config = await configuration();
    const attestor = await openAttestor({ attestor: "simulated", config, log });
    open.push(attestor);
    const { contentHash = "" } = attestor.client.identity.models[0] ?? {};
    const asked = attestor.client.infer(inferRequest(contentHash, LONG));
    const failed = failureOf(asked);
    await sleep(30);
    process.kill(attestor.pid ?? 0, "SIGKILL");
    expect(await failed).to.include({ code: "ENCLAVE_UNREACHABLE", retryable: true });
    expect(await attestor.ended).to.deep.equal({ code: null, signal: "SIGKILL" });
    // The next one has another key and answers the request as its first.
    const next = await simulated(config);
    expect(next.identity.address).not.to.equal(attestor.client.identity.address);
    const again = await next.client.infer(inferRequest(contentHash, LONG));
    expect(again.statement.seq).to.equal(0n);
  });

  it("lets answers that are under way leave first", async () => {
    const { client, attestor, contentHash } = await simulated();
    const asked = client.infer(inferRequest(contentHash, LONG));
    await sleep(50);
    process.kill(attestor.pid ?? 0, "SIGTERM");
    expect((await asked).statement.seq).to.equal(0n);
    expect(await attestor.ended).to.deep.equal({ code: 0, signal: null });
  });

  it("comes with that of its host, however that ends", async () => {
    const { host, enclave } = await mortalHost();
    expect(isRunning(enclave.pid)).to.equal(true);
    host.kill("SIGKILL");
    await until(() => !isRunning(enclave.pid));
  });

  it("does not come by Ctrl+C, which is for the host alone", async () => {
    const { host, lines, enclave } = await mortalHost();
    const interrupted = once(lines, "line");
    // What a terminal does: the signal goes to the whole process group.
    process.kill(-(host.pid ?? 0), "SIGINT");
    expect(await interrupted).to.deep.equal(["interrupted"]);
    await sleep(300);
    expect(isRunning(enclave.pid)).to.equal(true);
    host.kill("SIGKILL");
    await until(() => !isRunning(enclave.pid));
  });

  it("is refused to begin without models, with a broken one, or with a root that is none", async () => {
    const { log } = recordingLog();
    const config = await configuration();
    const starts = async (wrong: Partial<EnclaveProcessConfig>) =>
      await failureOf(startEnclaveProcess({ config: { ...config, ...wrong }, log }));
    expect(await starts({ models: [] })).to.include({ code: "ENCLAVE_CONFIG_INVALID" });
    const empty = await newFolder();
    expect(await starts({ models: [{ folder: empty }] })).to.include({
      code: "LANGUAGE_MODEL_MISSING",
    });
    const [model] = config.models;
    if (!model) throw new Error("no model");
    expect(await starts({ models: [model, model] })).to.include({ code: "ENCLAVE_CONFIG_INVALID" });
    await writeFile(path.join(config.device.folder, "root.pem"), "nonsense");
    expect(await starts({})).to.include({ code: "ENCLAVE_ROOT_INVALID" });
  });
});

describe("the program of an enclave", () => {
  afterEach(cleanUp);

  it("runs from a file, and stops by Ctrl+C", async () => {
    const folder = await newFolder();
    const file = path.join(folder, "enclave.json");
    const config = { ...(await configuration()), device: { kind: "simulated", folder: "root" } };
    await writeFile(file, JSON.stringify(config));
    const child = spawn(process.execPath, ["--import", import.meta.resolve("tsx"), MAIN, file], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
    expect(Object.keys(JSON.parse(line) as object)).to.deep.equal(["port", "tlsKeyHash"]);
    expect(await readdir(path.join(folder, "root"))).to.include("root.pem");
    child.kill("SIGINT");
    expect(await once(child, "exit")).to.deep.equal([0, null]);
  });

  it("says what is wrong with its configuration", async () => {
    for (const args of [[], ["missing.json"]]) {
      const child = spawn(
        process.execPath,
        ["--import", import.meta.resolve("tsx"), MAIN, ...args],
        {
          stdio: ["ignore", "pipe", "pipe"],
        },
      );
      let log = "";
      child.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
      expect(await once(child, "close")).to.deep.equal([1, null]);
      expect(log).to.include("ENCLAVE_CONFIG_INVALID");
    }
  });
});

async function mortalHost() {
  const config = JSON.stringify(await configuration());
  const host = spawn(
    process.execPath,
    ["--import", import.meta.resolve("tsx"), MORTAL_HOST, config],
    { stdio: ["ignore", "pipe", "inherit"], detached: true },
  );
  const lines = createInterface({ input: host.stdout });
  const [line] = (await once(lines, "line")) as [string];
  return { host, lines, enclave: JSON.parse(line) as { pid: number } };
}

/** Where the secret of a public key is in some bytes: as it is, in hex or in Base64. */
function findKey(bytes: Buffer, publicKey: string): number | undefined {
  const text = bytes.toString("latin1");
  const decoded = [
    ...(text.match(/[0-9a-fA-F]{64,}/g) ?? []).map((hex) =>
      Buffer.from(hex.slice(0, hex.length & ~1), "hex"),
    ),
    ...(text.match(/[\w+/-]{43,}/g) ?? [])
      .filter((match) => !/^[0-9a-f]+$/i.test(match))
      .map((base64) => Buffer.from(base64, "base64")),
  ];
  for (const candidate of [bytes, ...decoded]) {
    for (let at = 0; at + 32 <= candidate.length; at++) {
      if (isSecretOf(candidate.subarray(at, at + 32), publicKey)) return at;
    }
  }
  return undefined;
}

function isSecretOf(secret: Uint8Array, publicKey: string): boolean {
  // No random key looks like a line of text.
  if (secret.every((byte) => byte < 0x80)) return false;
  if (!secp256k1.utils.isValidSecretKey(secret)) return false;
  return hexlify(secp256k1.getPublicKey(secret, false).slice(1)) === publicKey;
}

describe("the search for a key", () => {
  it("finds one", () => {
    const secret = secp256k1.utils.randomSecretKey();
    const publicKey = hexlify(secp256k1.getPublicKey(secret, false).slice(1));
    const hidden = Buffer.from(secret);
    for (const found of [
      Buffer.concat([Buffer.from("before"), hidden, Buffer.from("after")]),
      Buffer.from(`{"key":"0x${hidden.toString("hex")}"}`),
      Buffer.from(`key=${hidden.toString("base64")}`),
    ]) {
      expect(findKey(found, publicKey)).not.to.equal(undefined);
    }
  });
});
