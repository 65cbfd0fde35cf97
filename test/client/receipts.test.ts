import { expect } from "chai";
import { id, keccak256, Wallet, ZeroAddress, ZeroHash } from "ethers";
import { createClient, type ClientOptions } from "../../sdk/client/client.ts";
import { settlementOf } from "../../sdk/client/receipt-access.ts";
import { ReceiptError, type ReceiptCheckName } from "../../sdk/client/receipt-fault.ts";
import { receiptHash } from "../../sdk/receipt.ts";
import { attest, attestedMarket } from "../fixtures/attested.ts";
import {
  startLyingNode,
  type LyingModel,
  type LyingNode,
  type Lie,
} from "../fixtures/lying-node.ts";
import { expectCode } from "../fixtures/errors.ts";
import { loadFixture, time } from "../fixtures/network.ts";

const TEXT = "It rose. It fell. It stood.";

const MESSAGES = [{ role: "user", content: "Did it rise?" }];

const CHAT = { model: "tiny", messages: MESSAGES, maxFee: 10_000n, temperature: 0 };

const hash = id("something else");

describe("Client: receipts", () => {
  let fixture: Awaited<ReturnType<typeof attestedMarket>>;
  let node: LyingNode;

  const echo: Pick<LyingModel, "form" | "answer"> = {
    form: "chat",
    answer: () => Promise.resolve({ output: new TextEncoder().encode(TEXT) }),
  };

  async function fixed() {
    return attestedMarket();
  }

  beforeEach(async () => {
    fixture = await loadFixture(fixed);
    const { deployment, operator, enclave, published } = fixture;
    node = await startLyingNode({
      settlement: settlementOf(deployment),
      node: operator.address,
      key: enclave,
      now: () => time.latest(),
      models: [
        { name: "tiny", modelId: published.modelId, tier: "Attested", ...echo },
        {
          name: "bytes",
          modelId: published.modelId,
          tier: "Signed",
          form: "tensor",
          answer: (input) => Promise.resolve({ output: input.toReversed() }),
        },
      ],
    });
  });

  afterEach(() => node.close());

  const connect = (options: Partial<ClientOptions> = {}) =>
    createClient({
      ...{ provider: fixture.provider, deployment: fixture.deployment, nodes: [node.url] },
      trust: { cacheMs: 0 },
      ...options,
    });

  /** What a client says of an answer to a chat. */
  async function refusal(lie: Lie, options: Partial<ClientOptions> = {}): Promise<ReceiptError> {
    node.state.lie = lie;
    const client = await connect(options);
    const error = await expectCode(() => client.chat(CHAT), "RECEIPT_INVALID");
    if (error instanceof ReceiptError) return error;
    throw error;
  }

  it("hands over an answer whose receipt holds, and what was checked", async () => {
    const received: string[] = [];
    const client = await connect({ onReceipt: ({ requestId }) => received.push(requestId) });
    const { text, finishReason, usage, receipt } = await client.chat(CHAT);
    expect(text).to.equal(TEXT);
    expect(finishReason).to.equal("stop");
    const { inputUnits, outputUnits } = usage;
    expect(receipt.fee.total).to.equal(5n + 2n * inputUnits + 3n * outputUnits);
    expect(receipt.tier).to.equal("Attested");
    expect(receipt.checks.filter(({ holds }) => holds !== true)).to.deep.equal([]);
    expect(received).to.deep.equal([receipt.requestId]);
    const { measurementId } = fixture;
    expect(receipt.checks.map(({ detail }) => detail)).to.include(
      `the enclave runs ${measurementId}`,
    );
  });

  it("keeps a receipt, and checks it again", async () => {
    const client = await connect();
    const { receipt } = await client.chat(CHAT);
    const kept: unknown = JSON.parse(JSON.stringify(receipt));
    const read = client.readReceipt(kept);
    const checks = await read.verify();
    expect(checks.filter(({ holds }) => holds === false)).to.deep.equal([]);
    await expectCode(
      () => Promise.resolve().then(() => client.readReceipt({})),
      "RECEIPT_UNREADABLE",
    );
    // Revoked, all that it ever signed is void.
    await fixture.enclaveRegistry.connect(fixture.operator).revoke(fixture.enclave);
    const error = await expectCode(() => read.verify(), "RECEIPT_INVALID");
    expect(error).to.include({ check: "signer" });
  });

  it("still believes what a key signed that is over by now", async () => {
    const client = await connect();
    const { receipt } = await client.chat(CHAT);
    await time.increase(60);
    await fixture.enclaveRegistry.connect(fixture.operator).retire(fixture.enclave);
    await receipt.verify();
    await expectCode(() => client.chat(CHAT), "RECEIPT_INVALID");
  });

  const other = Wallet.createRandom();

  const LIES: readonly (readonly [what: string, check: ReceiptCheckName, lie: Lie])[] = [
    ["comes without a receipt", "form", { body: (body) => ({ ...body, opengradient: undefined }) }],
    [
      "comes with half a receipt",
      "form",
      { body: (body) => ({ ...body, opengradient: { chainId: "1" } }) },
    ],
    [
      "is for another ledger",
      "settlement",
      { settlement: { chainId: 31_337n, settledBy: other.address } },
    ],
    [
      "has no possible signature",
      "signature",
      { envelope: (envelope) => ({ ...envelope, signature: `0x${"12".repeat(64)}` }) },
    ],
    [
      "is said to be signed by another",
      "signature",
      { envelope: (envelope) => ({ ...envelope, signer: other.address }) },
    ],
    [
      "was changed after it was signed",
      "signature",
      {
        envelope: ({ receipt, ...rest }) => ({
          ...rest,
          receipt: { ...receipt, seq: receipt.seq + 1n },
        }),
      },
    ],
    [
      "has another request's id",
      "request",
      { receipt: (receipt) => ({ ...receipt, requestId: hash }) },
    ],
    [
      "is for another model than its request",
      "request",
      { receipt: (r) => ({ ...r, modelId: hash }) },
    ],
    [
      "is for another payer than its request",
      "request",
      { receipt: (r) => ({ ...r, payer: other.address }) },
    ],
    [
      "is for another price than its request",
      "quote",
      { envelope: ({ quote, ...rest }) => ({ ...rest, quote: { ...quote, base: 4n } }) },
    ],
    ["has another nonce", "terms", { request: (request) => ({ ...request, nonce: hash }) }],
    [
      "is another node's",
      "terms",
      {
        quote: (quote) => ({ ...quote, node: other.address }),
        request: (request) => ({ ...request, node: other.address }),
      },
    ],
    [
      "has another payer",
      "terms",
      { request: (request) => ({ ...request, payer: other.address }) },
    ],
    ["charges a wei more", "fee", { receipt: ({ fee, ...r }) => ({ ...r, fee: fee + 1n }) }],
    [
      "itemises another fee",
      "fee",
      { envelope: ({ fee, ...rest }) => ({ ...rest, fee: { ...fee, base: fee.base + 1n } }) },
    ],
    ["has another price than was offered", "price", { quote: (quote) => ({ ...quote, base: 6n }) }],
    [
      "has a fixed price that nobody paid in advance",
      "price",
      { quote: (quote) => ({ ...quote, base: 5_000n, perInputUnit: 0n, perOutputUnit: 0n }) },
    ],
    [
      "charges more than was agreed",
      "price",
      { quote: (quote) => ({ ...quote, base: 10_000n, perInputUnit: 0n, perOutputUnit: 1n }) },
    ],
    [
      "is for another input than what was applied",
      "input",
      { envelope: (envelope) => ({ ...envelope, applied: '{"messages":[]}' }) },
    ],
    [
      "is for another question",
      "applied",
      { applies: (body) => ({ ...body, messages: [{ role: "user", content: "Did it fall?" }] }) },
    ],
    ["is for another temperature", "applied", { applies: (body) => ({ ...body, temperature: 1 }) }],
    ["ends at a text of the node's", "applied", { applies: (body) => ({ ...body, stop: ["."] }) }],
    ["is for another output", "output", { receipt: (r) => ({ ...r, outputHash: hash }) }],
    ["comes with another text", "output", { body: (body) => withText(body, "It fell.") }],
    [
      "counts other units than it tells",
      "usage",
      { body: (body) => ({ ...body, usage: { prompt_tokens: 1, completion_tokens: 1 } }) },
    ],
    [
      "ends before it begins",
      "times",
      { receipt: (r) => ({ ...r, completedAt: r.startedAt - 1n }) },
    ],
    ["is signed by a key that was never attested", "signer", { key: other }],
    [
      "was signed before its key counted",
      "signer",
      { receipt: (r) => ({ ...r, startedAt: 1n, completedAt: 1n }) },
    ],
  ];

  for (const [what, check, lie] of LIES)
    it(`refuses one that ${what}`, async () => {
      const payment = { payer: ZeroAddress, fetchOf: () => Promise.resolve(fetch) };
      const error = await refusal(lie, { payment });
      expect(error.check).to.equal(check);
    });

  it("refuses one that counts what is beside the output as the answer", async () => {
    const extra = (body: Record<string, unknown>) => {
      const choices = body.choices as { message: object }[];
      const [choice] = choices;
      return { ...body, choices: [{ ...choice, message: { ...choice?.message, tool_calls: [] } }] };
    };
    expect((await refusal({ body: extra })).check).to.equal("output");
    const twice = (body: Record<string, unknown>) => {
      const choices = body.choices as object[];
      return { ...body, choices: [...choices, ...choices] };
    };
    expect((await refusal({ body: twice })).check).to.equal("output");
  });

  it("refuses code that the app does not trust, whatever governance does", async () => {
    const trusted = { measurements: [fixture.measurementId], cacheMs: 0 };
    await (await connect({ trust: trusted })).chat(CHAT);
    const error = await refusal({}, { trust: { measurements: [hash], cacheMs: 0 } });
    expect(error.check).to.equal("measurement");
  });

  it("refuses a key from when it is revoked, at the latest when its memory ends", async () => {
    const client = await connect({ trust: { cacheMs: 300 } });
    await client.chat(CHAT);
    await fixture.enclaveRegistry.connect(fixture.operator).revoke(fixture.enclave);
    await new Promise((resolve) => setTimeout(resolve, 350));
    const error = await expectCode(() => client.chat(CHAT), "RECEIPT_INVALID");
    expect(error).to.include({ check: "signer" });
  });

  it("refuses a key whose code may not answer for the model any more", async () => {
    const client = await connect();
    await client.chat(CHAT);
    const now = await time.latest();
    await fixture.enclaveRegistry.revokeMeasurement(fixture.measurementId, now);
    const error = await expectCode(() => client.chat(CHAT), "RECEIPT_INVALID");
    expect(error).to.include({ check: "signer" });
  });

  it("notices a key that signs two receipts in one place, and keeps both", async () => {
    const client = await connect();
    const { receipt } = await client.chat(CHAT);
    node.state.lie = { receipt: (r) => ({ ...r, seq: receipt.content.seq }) };
    const error = await expectCode(() => client.chat(CHAT), "RECEIPT_INVALID");
    if (!(error instanceof ReceiptError) || error.equivocation === undefined) throw error;
    expect(error.check).to.equal("sequence");
    const { signer, first, second } = error.equivocation;
    expect(signer).to.equal(fixture.enclave.address);
    expect(receiptHash(first.receipt)).to.equal(receiptHash(receipt.content));
    expect(second.receipt.seq).to.equal(first.receipt.seq);
    expect(second.receipt.requestId).to.not.equal(first.receipt.requestId);
  });

  it("notices a key that answers one request in two ways", async () => {
    const client = await connect();
    const order = { ...CHAT, nonce: hash, seed: 1 };
    await client.chat(order);
    node.state.answers.clear();
    const error = await expectCode(() => client.chat(order), "RECEIPT_INVALID");
    expect(error).to.include({ check: "sequence" });
  });

  it("takes the same receipt twice", async () => {
    const client = await connect();
    const order = { ...CHAT, nonce: hash, seed: 1 };
    const [first, second] = [await client.chat(order), await client.chat(order)];
    expect(first.receipt.toJSON()).to.deep.equal(second.receipt.toJSON());
    expect(node.state.computed).to.equal(1);
  });

  it("goes along with a lower price than was offered", async () => {
    node.state.lie = { quote: (quote) => ({ ...quote, base: 4n }) };
    const { receipt } = await (await connect()).chat(CHAT);
    expect(receipt.fee.base).to.equal(4n);
  });

  it("goes along with a fixed price that was paid in advance, up to what was agreed", async () => {
    const payment = {
      ...{ payer: ZeroAddress, isPrepaid: true },
      fetchOf: () => Promise.resolve(fetch),
    };
    const fixedAt = (base: bigint): Lie => ({
      quote: (quote) => ({ ...quote, base, perInputUnit: 0n, perOutputUnit: 0n }),
    });
    node.state.lie = fixedAt(CHAT.maxFee);
    const client = await connect({ payment });
    expect((await client.chat(CHAT)).receipt.fee.total).to.equal(CHAT.maxFee);
    expect((await refusal(fixedAt(CHAT.maxFee + 1n), { payment })).check).to.equal("price");
  });

  it("goes along with a price that changed honestly, up to what was agreed", async () => {
    const client = await connect();
    await client.chat(CHAT);
    await node.close();
    const { deployment, operator, enclave, published } = fixture;
    const port = Number(new URL(node.url).port);
    const model = { name: "tiny", modelId: published.modelId, tier: "Attested", ...echo } as const;
    node = await startLyingNode({
      settlement: settlementOf(deployment),
      ...{ node: operator.address, key: enclave, port, firstSeq: 10n, now: () => time.latest() },
      models: [{ ...model, quote: { base: 50n } }],
    });
    expect((await client.chat(CHAT)).receipt.fee.base).to.equal(50n);
  });

  describe("of tensors, in the Signed tier", () => {
    const input = Uint8Array.of(1, 2, 3);
    const order = { model: "bytes", input, maxFee: 10_000n };

    it("believes the node's key", async () => {
      const client = await connect();
      node.state.lie = { key: fixture.nodeSigner };
      const { output, receipt } = await client.infer(order);
      expect(output).to.deep.equal(Uint8Array.of(3, 2, 1));
      expect(receipt.content).to.include({
        inputHash: keccak256(input),
        outputHash: keccak256(output),
        evidenceHash: ZeroHash,
      });
    });

    const SIGNED_LIES: readonly (readonly [string, ReceiptCheckName, Lie])[] = [
      ["signed by the operator's other key", "signer", { key: Wallet.createRandom() }],
      ["for another input", "input", { applies: (body) => ({ ...body, input: "0x040506" }) }],
      ["with another output", "output", { body: (body) => ({ ...body, output: "0x03" }) }],
      ["with evidence of nothing", "evidence", { receipt: (r) => ({ ...r, evidenceHash: hash }) }],
    ];
    for (const [what, check, lie] of SIGNED_LIES)
      it(`refuses one ${what}`, async () => {
        const client = await connect();
        node.state.lie = { key: fixture.nodeSigner, ...lie };
        const error = await expectCode(() => client.infer(order), "RECEIPT_INVALID");
        expect(error).to.include({ check });
      });

    it("refuses an enclave's key there", async () => {
      const client = await connect();
      const error = await expectCode(() => client.infer(order), "RECEIPT_INVALID");
      expect(error).to.include({ check: "signer" });
    });

    it("refuses the key of a node that left", async () => {
      const client = await connect();
      node.state.lie = { key: fixture.nodeSigner };
      await fixture.nodeRegistry.connect(fixture.operator).exit();
      const error = await expectCode(() => client.infer(order), "RECEIPT_INVALID");
      expect(error).to.include({ check: "signer" });
    });
  });

  it("refuses an enclave of another operator", async () => {
    const stranger = Wallet.createRandom();
    await attest(fixture, stranger, { operator: fixture.otherOperator.address });
    const error = await refusal({ key: stranger });
    expect(error.check).to.equal("signer");
    expect(error.message).to.include("EnclaveRegistryWrongOperator");
  });
});

function withText(body: Record<string, unknown>, content: string): Record<string, unknown> {
  const choices = body.choices as { message: object }[];
  const changed = choices.map((choice) => ({ ...choice, message: { ...choice.message, content } }));
  return { ...body, choices: changed };
}
