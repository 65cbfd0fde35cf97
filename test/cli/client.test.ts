import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { id } from "ethers";
import { startLocalChain } from "../../scripts/local-chain.ts";
import { settlementOf } from "../../sdk/client/receipt-access.ts";
import { encodeDeployment } from "../../sdk/deployment.ts";
import { batchOf, signBatch } from "../../sdk/inference-batch.ts";
import { receiptLeaf } from "../../sdk/receipt-tree.ts";
import { startLyingNode } from "../fixtures/lying-node.ts";
import { openMarket } from "../fixtures/market.ts";
import { fundedProtocolOn, opg } from "../fixtures/protocol.ts";
import { expectFailure } from "./expect-failure.ts";
import { runOpg, startOpg } from "./run-opg.ts";

const TEXT = "It rose. It fell.";

/** A chain, a node that is not paid, and a folder with what commands need. */
async function servedNode() {
  const chain = await startLocalChain({ keepsTime: true });
  const fixture = await fundedProtocolOn(chain.connection);
  await openMarket(fixture);
  const { deployment, operator, nodeSigner } = fixture;
  const model = { modelId: id("a model"), tier: "Signed" } as const;
  const node = await startLyingNode({
    ...{ settlement: settlementOf(deployment), node: operator.address, key: nodeSigner },
    models: [
      {
        ...{ ...model, name: "bytes", form: "tensor" },
        answer: (input) => Promise.resolve({ output: input.toReversed() }),
      },
      {
        ...{ ...model, name: "tiny", form: "chat" },
        answer: () => Promise.resolve({ output: new TextEncoder().encode(TEXT) }),
      },
    ],
  });
  const folder = await mkdtemp(path.join(tmpdir(), "opg-client-"));
  await writeFile(path.join(folder, "deployment.json"), encodeDeployment(deployment));
  await writeFile(path.join(folder, "input"), Uint8Array.of(1, 2, 3));
  const close = async () => {
    await node.close();
    await chain.close();
    await rm(folder, { recursive: true });
  };
  return { ...fixture, node, folder, rpcUrl: chain.rpcUrl, close };
}

describe("opg infer, chat and receipt", () => {
  let served: Awaited<ReturnType<typeof servedNode>>;

  before(async () => {
    served = await servedNode();
  });

  after(() => served.close());

  afterEach(() => {
    served.node.state.lie = {};
  });

  const chain = () => ["--rpc", served.rpcUrl, "--deployment", "deployment.json"];

  const run = (...args: string[]) => runOpg(served.folder, ...args, ...chain());

  const ask = (...args: string[]) => run(...args, "--node", served.node.url);

  const readJson = async (name: string) =>
    JSON.parse(await readFile(path.join(served.folder, name), "utf8")) as Record<string, unknown>;

  it("run a network and keep its receipt, which then verifies, also by itself", async () => {
    const { exitCode, stdout, stderr } = await ask(
      ...["infer", "input", "--model", "bytes", "--receipt", "infer.json"],
    );
    expect(stderr).to.equal("");
    expect(exitCode).to.equal(0);
    expect(stdout)
      .to.match(/^0x030201\n/)
      .and.match(/checked +settlement, signature, request/);
    const verified = await run("receipt", "verify", "infer.json");
    expect(verified.exitCode, verified.stderr).to.equal(0);
    expect(verified.stdout)
      .to.match(/yes {2}signature/)
      .and.include("The receipt holds.");
    const strict = await run("receipt", "verify", "infer.json", "--inclusion");
    expect(strict.exitCode).to.equal(2);
  });

  it("find a receipt in the chain", async () => {
    const { deployment, operator, nodeSigner, feeEscrow, receiptLedger, node } = served;
    await feeEscrow.connect(operator).deposit(operator, opg(100));
    await feeEscrow.connect(operator).authorizeLocker(receiptLedger);
    await ask("infer", "input", "--model", "bytes", "--receipt", "last.json");
    const signed = [...node.state.answers.values()].map(({ envelope }) => envelope);
    const batch = batchOf(nodeSigner.address, signed);
    const signature = await signBatch(settlementOf(deployment), nodeSigner, batch);
    await receiptLedger
      .connect(operator)
      .commitBatchWithLeaves(batch, signed.map(receiptLeaf), signature);
    const { stdout, exitCode } = await run(
      "receipt",
      "verify",
      "last.json",
      "--inclusion",
      "--json",
    );
    expect(exitCode).to.equal(0);
    const { holds, inclusion } = JSON.parse(stdout) as { holds: boolean; inclusion: object };
    expect(holds).to.be.true;
    expect(inclusion).to.include({ status: "Committed", source: "chain", isSettled: false });
  });

  it("refuse a receipt that was changed, and what is none", async () => {
    await ask("infer", "input", "--model", "bytes", "--receipt", "kept.json");
    const kept = await readJson("kept.json");
    await writeFile(
      path.join(served.folder, "bent.json"),
      JSON.stringify({ ...kept, output: "0x" }),
    );
    const bent = await run("receipt", "verify", "bent.json");
    expect(bent.exitCode).to.equal(2);
    expect(bent.stdout)
      .to.match(/NO {3}output/)
      .and.include("The receipt does NOT hold.");
    await writeFile(path.join(served.folder, "none.json"), "{}");
    expectFailure(await run("receipt", "verify", "none.json"), "RECEIPT_UNREADABLE", /no receipt/);
    await writeFile(
      path.join(served.folder, "half.json"),
      JSON.stringify({ ...kept, envelope: 1 }),
    );
    expectFailure(
      await run("receipt", "verify", "half.json"),
      "RECEIPT_UNREADABLE",
      /not a receipt/,
    );
  });

  it("chat, and tell price and checks", async () => {
    const { exitCode, stdout, stderr } = await ask(
      ...["chat", "Did it rise?", "--model", "tiny", "--receipt", "chat.json"],
    );
    expect(stderr).to.equal("");
    expect(exitCode).to.equal(0);
    expect(stdout.startsWith(`${TEXT}\n`)).to.be.true;
    expect(stdout).to.match(/fee +0\.\d+ OPG for \d+ units in and 17 out/);
    expect((await run("receipt", "verify", "chat.json")).exitCode).to.equal(0);
  });

  it("chat for programs, whose answer can be verified from stdin", async () => {
    const { stdout } = await ask("chat", "Did it rise?", "--model", "tiny", "--json");
    const { answer, receipt } = JSON.parse(stdout) as { answer: string; receipt: object };
    expect(answer).to.equal(TEXT);
    const { child, output } = startOpg(served.folder, "receipt", "verify", "-", ...chain());
    child.stdin?.end(JSON.stringify(receipt));
    const exitCode = await new Promise((resolve) => child.on("close", resolve));
    expect(exitCode, output.stderr).to.equal(0);
  });

  it("talk, with all that was said before", async () => {
    const node = ["--node", served.node.url, "--model", "tiny"];
    const { child, output } = startOpg(served.folder, "chat", ...node, ...chain());
    child.stdin?.end("Did it rise?\nDid it fall?\n");
    const exitCode = await new Promise((resolve) => child.on("close", resolve));
    expect(exitCode, output.stderr).to.equal(0);
    expect(served.node.state.asked.at(-1)?.body.messages).to.deep.equal([
      { role: "user", content: "Did it rise?" },
      { role: "assistant", content: TEXT },
      { role: "user", content: "Did it fall?" },
    ]);
  });

  it("fail in words", async () => {
    served.node.state.lie = { receipt: (receipt) => ({ ...receipt, fee: receipt.fee + 1n }) };
    const lied = await ask("infer", "input", "--model", "bytes", "--receipt", "never.json");
    expectFailure(lied, "RECEIPT_INVALID", /\(fee\)/);
    expect(await readJson("never.json").catch(() => undefined)).to.be.undefined;
    const chat = await ask("chat", "Did it rise?", "--model", "tiny");
    expectFailure(chat, "RECEIPT_INVALID", /\(fee\)/);
    served.node.state.lie = {};
    expectFailure(await ask("chat", "Why?", "--model", "gpt"), "MODEL_NOT_OFFERED", /"gpt"/);
  });
});
