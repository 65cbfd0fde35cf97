import { expect } from "chai";
import { getBytes, hexlify, id } from "ethers";
import { createClient } from "../../sdk/client/client.ts";
import { settlementOf } from "../../sdk/client/receipt-access.ts";
import { ReceiptError } from "../../sdk/client/receipt-fault.ts";
import type { ReceiptAnswer } from "../../sdk/receipt-envelope.ts";
import { startLyingNode, type LyingNode, type Lie } from "../fixtures/lying-node.ts";
import { flipped } from "../fixtures/bytes.ts";
import { expectCode } from "../fixtures/errors.ts";
import { runningMarket } from "../fixtures/market.ts";
import { answer, INPUT } from "../fixtures/models.ts";
import { loadFixture, time } from "../fixtures/network.ts";

const ORDER = { model: "net", input: INPUT, maxFee: 10_000n };

describe("Client: proven answers", () => {
  let fixture: Awaited<ReturnType<typeof runningMarket>>;
  let node: LyingNode;
  /** Changes what is proved; the tests set it. */
  let proved: (evidence: string) => string;

  beforeEach(async () => {
    fixture = await loadFixture(runningMarket);
    proved = (evidence) => evidence;
    const { deployment, operator, nodeSigner, published } = fixture;
    const settlement = settlementOf(deployment);
    node = await startLyingNode({
      ...{ settlement, node: operator.address, key: nodeSigner, now: () => time.latest() },
      models: [
        {
          ...{ name: "net", modelId: published.modelId, tier: "Proven", form: "tensor" },
          answer: async (input, requestId) => {
            const market = settlement.settledBy;
            const request = { requestId, input, node: operator.address, market };
            const { output, evidence } = await answer(fixture, published, request);
            return { output: getBytes(output), evidence: proved(evidence) };
          },
        },
      ],
    });
  });

  afterEach(() => node.close());

  const connect = () => {
    const { provider, deployment } = fixture;
    return createClient({ provider, deployment, nodes: [node.url] });
  };

  async function refusal(lie: Lie = {}): Promise<ReceiptError> {
    node.state.lie = lie;
    const client = await connect();
    const error = await expectCode(() => client.infer(ORDER), "RECEIPT_INVALID");
    if (error instanceof ReceiptError) return error;
    throw error;
  }

  it("are handed over once the contracts accept the proof, which is kept", async () => {
    const client = await connect();
    const { output, receipt } = await client.infer(ORDER);
    expect(hexlify(output)).to.match(/^0x[0-9a-f]{24}$/);
    expect(receipt.checks).to.deep.include({
      check: "proof",
      holds: true,
      detail: "the contracts accept the proof",
    });
    // Nobody is asked for it again.
    await node.close();
    const read = client.readReceipt(JSON.parse(JSON.stringify(receipt)));
    const checks = await read.verify();
    expect(checks.find(({ check }) => check === "proof")).to.include({ holds: true });
  });

  it("are refused without their proof", async () => {
    const error = await refusal({ told: withoutEvidence });
    expect(error).to.include({ check: "proof" });
  });

  it("are refused with another proof than the receipt's", async () => {
    const error = await refusal({
      told: (told) => ({ ...told, evidence: flipped(told.evidence ?? "0x", 90) }),
    });
    expect(error).to.include({ check: "proof" });
    expect(error.message).to.include("has the hash");
  });

  it("are refused with a proof that proves nothing", async () => {
    proved = (evidence) => flipped(evidence, 300);
    expect(await refusal()).to.include({ check: "proof" });
  });

  it("are refused with a proof that was made for another request", async () => {
    const { operator, published, deployment } = fixture;
    const { settledBy: market } = settlementOf(deployment);
    const request = { requestId: id("another"), input: INPUT, node: operator.address, market };
    const { evidence } = await answer(fixture, published, request);
    proved = () => evidence;
    expect(await refusal()).to.include({ check: "proof" });
  });

  it("are refused if the receipt commits to none", async () => {
    const evidenceHash = `0x${"00".repeat(32)}`;
    const error = await refusal({ receipt: (receipt) => ({ ...receipt, evidenceHash }) });
    expect(error).to.include({ check: "evidence" });
  });
});

function withoutEvidence(told: ReceiptAnswer): ReceiptAnswer {
  const { chainId, ledger, signer, signature, receipt, request, quote, inclusion } = told;
  return { chainId, ledger, signer, signature, receipt, request, quote, inclusion };
}
