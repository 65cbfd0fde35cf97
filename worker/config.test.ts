import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { OpenGradientError } from "../sdk/errors.ts";
import { readWorkerConfig, type WorkerConfig } from "./config.ts";

const ADDRESS = "0x1111111111111111111111111111111111111111";
const HASH = `0x${"ab".repeat(32)}`;

const URL_OF_IT = "https://localhost";

describe("a worker's enclave in its configuration", () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "opg-config-"));
  });

  after(() => rm(folder, { recursive: true }));

  async function read(enclave: unknown): Promise<WorkerConfig> {
    const file = path.join(folder, "worker.json");
    const rest = { rpcUrl: "http://localhost", deployment: "d", keyFile: "k", dataFolder: "data" };
    const models = [{ folder: "m", publisher: ADDRESS }];
    await writeFile(file, JSON.stringify({ ...rest, operator: ADDRESS, models, enclave }));
    return readWorkerConfig(file);
  }

  it("may be absent", async () => {
    expect((await read(undefined)).enclave).to.equal(undefined);
  });

  it("is started in a folder beside the file", async () => {
    const { enclave } = await read({ attestor: "simulated", folder: "enclave" });
    expect(enclave).to.deep.equal({
      attestor: "simulated",
      folder: path.join(folder, "enclave"),
      gpu: "auto",
    });
  });

  it("is reached at a URL, with a token out of a file", async () => {
    const remote = { url: "https://127.0.0.1:8443", tlsKeyHash: HASH };
    for (const attestor of ["nitro", "dstack"]) {
      const { enclave } = await read({ attestor, ...remote, accessTokenFile: "token" });
      const accessTokenFile = path.join(folder, "token");
      const fee = attestor === "dstack" && { maxDcapFee: 0n };
      expect(enclave).to.deep.equal({ attestor, ...remote, ...fee, accessTokenFile });
    }
  });

  it("may pay the DCAP contract what it says, up to a bound", async () => {
    const { enclave } = await read({ attestor: "dstack", url: URL_OF_IT, maxDcapFee: "0.1" });
    expect(enclave).to.include({ maxDcapFee: 10n ** 17n });
  });

  for (const [name, enclave, fault] of [
    ["another attestor", { attestor: "sgx" }, 'enclave.attestor: names no attestor: "simulated"'],
    ["none", {}, "enclave.attestor: names no attestor"],
    ["neither folder nor URL", { attestor: "simulated" }, "enclave: names either a folder"],
    [
      "both",
      { attestor: "simulated", folder: "f", url: "https://localhost" },
      "enclave: names either a folder",
    ],
    ["an open connection", { attestor: "nitro", url: "http://localhost" }, "enclave.url: is not"],
    ["no URL of real hardware", { attestor: "nitro" }, "enclave.url: is not an https URL"],
    [
      "half a hash",
      { attestor: "dstack", url: "https://localhost", tlsKeyHash: "0xab" },
      "enclave.tlsKeyHash: is not 0x and 64",
    ],
    [
      "a folder for real hardware",
      { attestor: "nitro", url: "https://localhost", folder: "f" },
      "folder",
    ],
    [
      "more for a quote than any check costs",
      { attestor: "dstack", url: URL_OF_IT, maxDcapFee: "0.100000000000000001" },
      "enclave.maxDcapFee: is more than 0.1 ETH",
    ],
    ["a fee for AWS", { attestor: "nitro", url: URL_OF_IT, maxDcapFee: "0" }, "maxDcapFee"],
    ["an accelerator that nobody has", { attestor: "simulated", folder: "f", gpu: true }, "gpu"],
  ] as const)
    it(`is refused with ${name}`, async () => {
      const error: unknown = await read(enclave).catch((cause: unknown) => cause);
      if (!(error instanceof OpenGradientError)) throw new Error("it was taken");
      expect(error.code).to.equal("CONFIG_INVALID");
      expect(error.message).to.include(fault);
    });
});

describe("what a worker's configuration offers directly", () => {
  let folder: string;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "opg-config-"));
  });

  after(() => rm(folder, { recursive: true }));

  async function read(direct: unknown): Promise<WorkerConfig> {
    const file = path.join(folder, "worker.json");
    const rest = { rpcUrl: "http://localhost", deployment: "d", keyFile: "k", dataFolder: "data" };
    const models = [{ folder: "m", publisher: ADDRESS }];
    await writeFile(file, JSON.stringify({ ...rest, operator: ADDRESS, models, direct }));
    return readWorkerConfig(file);
  }

  it("is priced to the wei, and committed as it is by default", async () => {
    const price = { answer: "0.5", millionInput: "1.000000000001", millionOutput: "2" };
    const { direct } = await read({ offers: [{ folder: "m", tier: "Signed", price }] });
    expect(direct?.offers[0]).to.deep.equal({
      ...{ folder: path.join(folder, "m"), tier: "Signed", runtime: {} },
      price: {
        answer: 5n * 10n ** 17n,
        millionInput: 10n ** 12n + 1n,
        millionOutput: 2n * 10n ** 12n,
      },
    });
    expect(direct?.batch).to.deep.equal({
      ...{ receipts: 1_024, seconds: 300, leaves: false },
      value: 100n * 10n ** 18n,
    });
  });

  for (const [name, direct, fault] of [
    ["nothing", { offers: [] }, "direct.offers: offers nothing"],
    ["no tier", { offers: [{ folder: "m", tier: "Free" }] }, "direct.offers.0.tier"],
    [
      "a price finer than a wei",
      { offers: [{ folder: "m", tier: "Signed", price: { millionInput: "0.0000000000001" } }] },
      "at most 12 decimals",
    ],
    [
      "a batch of nothing",
      { offers: [{ folder: "m", tier: "Signed" }], batch: { value: "0" } },
      "direct.batch.value: is zero",
    ],
  ] as const)
    it(`cannot be ${name}`, async () => {
      const error: unknown = await read(direct).catch((cause: unknown) => cause);
      expect(error).to.be.instanceOf(OpenGradientError);
      expect(String(error)).to.include(fault);
    });
});
