import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect } from "chai";
import { Wallet } from "ethers";
import { developmentAccount } from "../../scripts/local-chain.ts";
import type { GovernanceCall } from "../../sdk/actions/approve-measurement.ts";
import { readLanguageModel } from "../../sdk/language-model.ts";
import { tierSet } from "../../sdk/tiers.ts";
import { attestedNode, OPG_TINY, type AttestedNode } from "../fixtures/attested-node.ts";
import { expectFailure } from "./expect-failure.ts";
import { opg } from "../fixtures/protocol.ts";
import { runOpg, startOpg } from "./run-opg.ts";

const QUESTION = "The price was 80 and is now 99. Did it rise or fall?";

describe("opg for language models and enclaves", () => {
  let node: AttestedNode;
  let chain: readonly string[];

  before(async () => {
    node = await attestedNode();
    chain = ["--rpc", node.rpcUrl, "--deployment", "deployment.json"];
    await writeFile(path.join(node.folder, "governor.key"), developmentAccount(0).privateKey);
    await writeFile(path.join(node.folder, "payer.key"), developmentAccount(5).privateKey);
    await node.configure("measured");
  });

  after(() => node.close());

  const approve = (...options: readonly string[]) =>
    runOpg(node.folder, "attest", "approve", "measurement.json", ...chain, ...options);

  async function shownCalls(...options: readonly string[]): Promise<readonly GovernanceCall[]> {
    const { stdout } = await approve("--json", ...options);
    return (JSON.parse(stdout) as { calls: readonly GovernanceCall[] }).calls;
  }

  it("publishes a language model without a key, for the tiers in which signatures vouch", async () => {
    const publish = ["model", "publish", OPG_TINY, "--uri", "https://models.example/tiny"];
    const run = () => runOpg(node.folder, ...publish, ...chain, "--key", "payer.key", "--json");
    const { stdout, exitCode } = await run();
    expect(exitCode).to.equal(0);
    const { modelId } = JSON.parse(stdout) as { modelId: string };
    const registered = await node.modelRegistry.model(modelId);
    expect(registered.contentHash).to.equal((await readLanguageModel(OPG_TINY)).contentHash);
    expect(registered.tiers).to.equal(BigInt(tierSet("Attested", "Signed")));
    expect(registered.publisher).to.equal(developmentAccount(5).address);
    expect((await run()).stdout).to.equal(stdout);
  });

  it("shows what an enclave is", async () => {
    const run = (...options: readonly string[]) =>
      runOpg(node.folder, "attest", "measurement", "--config", "measured/worker.json", ...options);
    const { stdout, exitCode } = await run("--json");
    expect(exitCode).to.equal(0);
    await writeFile(path.join(node.folder, "measurement.json"), stdout);
    const measured = JSON.parse(stdout) as Awaited<ReturnType<AttestedNode["measure"]>>;
    expect(measured).to.include(await node.measure());
    const { stdout: text } = await run();
    expect(text).to.include(`measurement ${measured.measurementId}\nkind        NitroSim\nPCR0 `);
    expect(text).to.match(new RegExp(`model {7}${node.published.modelId} opg-tiny, llama on `));
  });

  it("shows the calls that governance has to make, and sends nothing", async () => {
    const calls = await shownCalls();
    expect(calls.map(({ what }) => what.split(" ").slice(0, 2).join(" "))).to.deep.equal([
      "approve measurement",
      "allow model",
    ]);
    for (const { to } of calls) expect(to).to.equal(node.deployment.addresses.enclaveRegistry);
    expect(await shownCalls("--any-model")).to.have.length(1);
    const { measurementId } = await node.measure();
    expect((await node.enclaveRegistry.measurementTrust(measurementId)).from).to.equal(0n);
  });

  it("does not send them as an account that does not govern", async () => {
    expectFailure(await approve("--key", "payer.key"), "NOT_GOVERNANCE", /may not approve/);
  });

  it("does not approve what was changed by hand", async () => {
    const file = path.join(node.folder, "measurement.json");
    const content = await readFile(file, "utf8");
    const other = JSON.stringify({
      ...(JSON.parse(content) as object),
      measurementId: `0x${"00".repeat(32)}`,
    });
    await writeFile(file, other);
    expectFailure(await approve(), "MEASUREMENT_INVALID", /is not what opg attest measurement/);
    await writeFile(file, content);
  });

  it("sends them as the account that governs, and again nothing", async () => {
    const { exitCode, stdout } = await approve("--key", "governor.key");
    expect(exitCode).to.equal(0);
    expect(stdout).to.match(/^approve measurement 0x.*\nallow model 0x.*\ntrusted: measurement 0x/);
    const { measurementId } = await node.measure();
    const { modelId } = node.published;
    expect(await node.enclaveRegistry.isModelAllowed(measurementId, modelId)).to.equal(true);
    expect(await shownCalls()).to.deep.equal([]);
    expect((await approve()).stdout).to.equal("There is nothing left to approve.\n");
  });

  describe("request", () => {
    const request = (...options: readonly string[]) =>
      runOpg(node.folder, "llm", "request", ...options, ...chain, "--key", "payer.key");
    const balance = () => node.feeEscrow.balanceOf(developmentAccount(5).address);

    it("refuses an unknown model, and a fee below the price, before anything is paid", async () => {
      const before = await balance();
      const unknown = `0x${"00".repeat(32)}`;
      const nowhere = await request(unknown, QUESTION, "--fee", "2");
      expectFailure(nowhere, "TRANSACTION_REVERTED", /ModelRegistryUnknownModel/);
      const cheap = await request(node.published.modelId, QUESTION, "--fee", "0");
      expectFailure(cheap, "FEE_TOO_LOW", /costs [\d.]+ OPG now; 0.0 OPG are offered/);
      expect(await balance()).to.equal(before);
    });

    it("gets the fee back when nobody answers", async () => {
      const order = [node.published.modelId, QUESTION, "--fee", "2", "--expiry-seconds", "3"];
      expectFailure(await request(...order), "REQUEST_UNANSWERED", /Its fee is back/);
      expect(await balance()).to.be.at.least(opg(2));
    });

    it("is answered by a node, again and again, and pays for it", async () => {
      const worker = startOpg(node.folder, "node", "start", "--config", "measured/worker.json");
      const paidBefore = await node.feeEscrow.earningsOf(node.operator);
      const order = [node.published.modelId, QUESTION, "--fee", "2", "--json"];
      for (let i = 0; i < 2; i++) {
        const { stdout, exitCode } = await request(...order);
        expect(exitCode, worker.output.stdout).to.equal(0);
        const said = JSON.parse(stdout) as object;
        expect(said).to.include({ node: node.operator.address, answer: "It rose." });
      }
      expect((await node.feeEscrow.earningsOf(node.operator)) - paidBefore).to.equal(opg(4));
      worker.child.kill("SIGINT");
      expect(await once(worker.child, "close")).to.deep.equal([0, null]);
      expect(worker.output.stderr).to.equal("");
      const signerKey = developmentAccount(3).privateKey.slice(2);
      expect(worker.output.stdout).to.not.include(signerKey);
    });
  });

  it("names what is missing in a configuration", async () => {
    const without = JSON.parse(
      await readFile(path.join(node.folder, "measured", "worker.json"), "utf8"),
    ) as Record<string, unknown>;
    delete without.enclave;
    await writeFile(path.join(node.folder, "without.json"), JSON.stringify(without));
    const run = (...args: readonly string[]) => runOpg(node.folder, ...args);
    expectFailure(
      await run("attest", "measurement", "--config", "without.json"),
      "CONFIG_INVALID",
      /names no enclave/,
    );
    await node.configure("wrong", { operator: Wallet.createRandom().address });
    expectFailure(
      await run("node", "start", "--config", "wrong/worker.json"),
      "NODE_NOT_REGISTERED",
      /may not act for/,
    );
  });
});
