import { readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect } from "chai";
import { toQuantity, Wallet } from "ethers";
import pino from "pino";
import { encodeDeployment } from "../../sdk/deployment.ts";
import { readWorkerConfig } from "../../worker/config.ts";
import { startWorker } from "../../worker/worker.ts";
import { expectCode } from "../fixtures/errors.ts";
import { serveMarket, type ServedMarket } from "../fixtures/served-market.ts";

const log = pino({ level: "silent" });

/** What keeps a worker from starting: each is named, and leaves nothing behind. */
describe("worker preflight", () => {
  let market: ServedMarket;
  let attempts = 0;

  before(async () => {
    market = await serveMarket();
  });

  after(() => market.close());

  async function refusal(changes: object, code: Parameters<typeof expectCode>[1]) {
    attempts += 1;
    const name = `attempt-${attempts}`;
    const error = await expectCode(async () => {
      const file = await market.configure(name, changes);
      return startWorker(await readWorkerConfig(file), { log });
    }, code);
    expect(await readdir(path.join(market.folder, name))).to.deep.equal(["worker.json"]);
    return error.message;
  }

  async function keyFile(name: string, content: string): Promise<string> {
    await writeFile(path.join(market.folder, name), content);
    return `../${name}`;
  }

  it("names every wrong member of the configuration", async () => {
    const changes = { rpcUrl: "localhost", confirmations: 0, models: [], minimumFee: 1, extra: 1 };
    const message = await refusal(changes, "CONFIG_INVALID");
    for (const member of ["rpcUrl", "confirmations", "models", "minimumFee", "extra"]) {
      expect(message).to.include(member);
    }
  });

  it("needs a configuration that exists and is JSON", async () => {
    await expectCode(() => readWorkerConfig("missing.json"), "CONFIG_INVALID");
    const file = path.join(market.folder, path.basename(await keyFile("broken.json", "{")));
    await expectCode(() => readWorkerConfig(file), "CONFIG_INVALID");
  });

  it("needs an RPC node that answers", async () => {
    const message = await refusal({ rpcUrl: "http://127.0.0.1:9" }, "RPC_UNREACHABLE");
    expect(message).to.equal("No JSON-RPC node answers at http://127.0.0.1:9.");
  });

  it("needs the deployment's chain", async () => {
    const elsewhere = encodeDeployment({ ...market.deployment, chainId: 8453n });
    const deployment = await keyFile("elsewhere.json", elsewhere);
    const message = await refusal({ deployment }, "WRONG_CHAIN");
    expect(message).to.match(/serves chain 31337; the deployment is on chain 8453\.$/);
  });

  it("needs the protocol on that chain", async () => {
    const { addresses } = market.deployment;
    const empty = { ...addresses, inferenceMarket: Wallet.createRandom().address };
    const file = encodeDeployment({ ...market.deployment, addresses: empty });
    await refusal({ deployment: await keyFile("empty.json", file) }, "NOT_DEPLOYED");
  });

  it("needs a deployment file", async () => {
    await refusal({ deployment: "missing.json" }, "DEPLOYMENT_UNREADABLE");
  });

  it("needs a key file", async () => {
    const message = await refusal({ keyFile: "missing.key" }, "KEY_FILE_MISSING");
    expect(message).to.match(/^The key file ".*missing\.key" is missing or cannot be read\.$/);
  });

  it("needs a key in the key file", async () => {
    await refusal({ keyFile: await keyFile("text.key", "not a key") }, "KEY_FILE_INVALID");
    const zero = `0x${"00".repeat(32)}`;
    await refusal({ keyFile: await keyFile("zero.key", zero) }, "KEY_FILE_INVALID");
  });

  it("needs the password of an encrypted key", async () => {
    const keystore = await Wallet.createRandom().encrypt("password");
    const message = await refusal(
      { keyFile: await keyFile("store.json", keystore) },
      "KEY_FILE_INVALID",
    );
    expect(message).to.include("is encrypted, and there is no password for it");
  });

  it("needs a registered node", async () => {
    const key = await keyFile("stranger.key", Wallet.createRandom().privateKey);
    const message = await refusal({ keyFile: key }, "NODE_NOT_REGISTERED");
    expect(message).to.include("NodeRegistryNotSigner(operator: 0x");
    await refusal({ operator: market.stranger.address }, "NODE_NOT_REGISTERED");
  });

  it("needs money for gas", async () => {
    const { provider, nodeSigner } = market;
    const balance = await provider.getBalance(nodeSigner.address);
    await provider.send("hardhat_setBalance", [nodeSigner.address, "0x1"]);
    const message = await refusal({}, "ACCOUNT_UNFUNDED");
    expect(message).to.match(/has 0\.0+1 ETH; serving one request can cost \d+\.\d+ ETH in gas\.$/);
    await provider.send("hardhat_setBalance", [nodeSigner.address, toQuantity(balance)]);
  });

  it("needs the publisher's model", async () => {
    const models = [{ folder: "../model", publisher: market.stranger.address }];
    await refusal({ models }, "MODEL_NOT_REGISTERED");
  });

  it("needs the model's files and keys", async () => {
    const publisher = market.publisher.address;
    await refusal({ models: [{ folder: "../no-model", publisher }] }, "CONFIG_INVALID");
    await rm(path.join(market.folder, "model", "proving.zkey"));
    const models = [{ folder: "../model", publisher }];
    const message = await refusal({ models }, "FILE_MISSING");
    expect(message).to.include("proving.zkey");
  });
});
