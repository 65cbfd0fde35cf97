import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { id, keccak256, verifyTypedData, Wallet, ZeroHash } from "ethers";
import { z } from "zod";
import { CHANNEL_TYPES, channelDomain, channelId } from "../channel.ts";
import type { Deployment } from "../deployment.ts";
import { directRequestId } from "../direct-request.ts";
import type { OpenGradientError } from "../errors.ts";
import { itemisedFee, quoteHash } from "../price-quote.ts";
import { receiptEnvelopeSchema, type ReceiptEnvelope } from "../receipt-envelope.ts";
import { signReceipt } from "../receipt.ts";
import { createFileStore, createMemoryStore, type ChannelStore } from "./channel-record.ts";
import { createPayingFetch } from "./paying-fetch.ts";
import type { SpendingLimits } from "./spending-limits.ts";
import {
  channelDemandSchema,
  decodeVoucherHeader,
  VOUCHER_HEADER,
  type ChannelDemand,
  type VoucherHeader,
} from "./voucher-header.ts";

const wallet = new Wallet(id("a payer"));
const node = new Wallet(id("a node"));
const [FEE_ESCROW, OPG, LEDGER] = ["escrow", "token", "ledger"].map(
  (name) => new Wallet(id(name)).address,
) as [string, string, string];
const deployment = {
  chainId: 8_453n,
  addresses: { feeEscrow: FEE_ESCROW, opg: OPG },
} as Deployment;
const settlement = { chainId: 8_453n, settledBy: LEDGER };

const FEE = 10n;
const MAX_FEE = 25n;
const URL = "https://node.example/v1/chat/completions";

/** What a node may do that it should not. */
interface Lies {
  readonly demand?: Partial<ChannelDemand>;
  readonly envelope?: (honest: ReceiptEnvelope) => ReceiptEnvelope;
  readonly isRepeating?: boolean;
}

/** A node in this process that answers what a voucher covers, with real receipts, and lies as it is told. */
function fakeNode({ demand = {}, envelope = (it) => it, isRepeating = false }: Lies = {}) {
  const state = { charged: 0n, deposit: 0n, shown: [] as VoucherHeader[], seq: 0n };
  let repeated: Response | undefined;
  const send: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const header = request.headers.get(VOUCHER_HEADER);
    const voucher = header === null ? undefined : decodeVoucherHeader(header);
    if (voucher !== undefined) state.shown.push(voucher);
    if (voucher?.funding !== undefined) state.deposit += voucher.funding.amount;
    const wanted = state.charged + MAX_FEE;
    if (voucher === undefined || voucher.cumulative < wanted || state.deposit < wanted)
      return refusal({ ...state, ...demand });
    state.charged += FEE;
    const nonce = request.headers.get("OpenGradient-Nonce") ?? "";
    const response = await answer(envelope, nonce, (state.seq += 1n));
    repeated ??= response;
    return (isRepeating ? repeated : response).clone();
  };
  return { send, state };
}

function refusal(lied: Partial<ChannelDemand>): Response {
  const { charged = 0n, deposit = 0n } = lied;
  const named = { chainId: 8_453n, feeEscrow: FEE_ESCROW, opg: OPG, node: node.address };
  const channel = z.encode(channelDemandSchema, {
    ...named,
    ...{ credit: 0n, minimumDeposit: 1n, maxFee: MAX_FEE, reserved: 0n },
    ...{ status: deposit === 0n ? ("none" as const) : ("open" as const), deposit, charged },
    ...{ cumulative: charged + MAX_FEE, depositNeeded: charged + MAX_FEE },
    ...lied,
  });
  return Response.json({ error: {}, opengradient: { channel } }, { status: 402 });
}

async function answer(
  change: (honest: ReceiptEnvelope) => ReceiptEnvelope,
  nonce: string,
  seq: bigint,
): Promise<Response> {
  const modelId = id("model");
  const quote = {
    node: node.address,
    modelId,
    tier: 0n,
    base: FEE,
    perInputUnit: 0n,
    perOutputUnit: 0n,
  };
  const terms = { modelId, tier: 0n, payer: wallet.address, node: node.address };
  const inputHash = keccak256("0x01");
  const request = { ...terms, inputHash, quoteHash: quoteHash(quote), nonce };
  const units = { inputUnits: 1n, outputUnits: 1n };
  const receipt = {
    ...{ ...terms, inputHash, ...units, seq, startedAt: 1n, completedAt: 2n },
    requestId: directRequestId(settlement, request),
    ...{ outputHash: keccak256("0x02"), fee: FEE, evidenceHash: ZeroHash },
  };
  const signature = await signReceipt(settlement, node, receipt);
  const signed = { signer: node.address, signature, receipt, request, quote };
  const fee = itemisedFee(quote, units);
  const honest = { chainId: 8_453n, ledger: LEDGER, ...signed, fee };
  const envelope = z.encode(receiptEnvelopeSchema, change(honest));
  const header = Buffer.from(JSON.stringify(envelope)).toString("base64url");
  return Response.json({}, { headers: { "OpenGradient-Receipt": header } });
}

describe("paying fetch", () => {
  async function pay(
    { send }: { readonly send: typeof fetch },
    limits: Partial<SpendingLimits> = {},
    other: { readonly store?: ChannelStore; readonly deposit?: bigint } = {},
  ) {
    const pinned = { wallet, deployment, node: node.address, ledger: LEDGER };
    return createPayingFetch({ ...pinned, fetch: send, limits, deposit: 1_000n, ...other });
  }

  async function codeOf(asked: Promise<unknown>): Promise<string> {
    return asked.then(
      () => "paid",
      (error: unknown) => (error as OpenGradientError).code,
    );
  }

  const ask = ({ fetch: paying }: { readonly fetch: typeof fetch }) =>
    paying(URL, { method: "POST", body: "{}" });

  it("signs for what receipts add up to and what is asked, with its own key, and no more", async () => {
    const honest = fakeNode();
    const payer = await pay(honest);
    for (let i = 0; i < 5; i++) expect((await ask(payer)).status).to.equal(200);
    expect(payer.spent()).to.equal(5n * FEE);
    expect(honest.state.deposit).to.equal(1_000n);
    for (const { salt, cumulative, signature } of honest.state.shown) {
      expect(cumulative <= 4n * FEE + MAX_FEE).to.equal(true);
      const id = channelId({ payer: wallet.address, node: node.address, salt });
      const { Voucher } = CHANNEL_TYPES;
      const message = { channelId: id, cumulative };
      const signer = verifyTypedData(channelDomain(deployment), { Voucher }, message, signature);
      expect(signer).to.equal(wallet.address);
    }
  });

  it("needs no second question once it knows the price", async () => {
    const honest = fakeNode();
    const payer = await pay(honest);
    await ask(payer);
    honest.state.shown.length = 0;
    await ask(payer);
    expect(honest.state.shown).to.have.length(1);
  });

  const strangers = new Wallet(id("somebody else")).address;
  for (const [what, demand] of Object.entries({
    "another node": { node: strangers },
    "another escrow": { feeEscrow: strangers },
    "another token": { opg: strangers },
    "another chain": { chainId: 1n },
  }))
    it(`signs nothing for ${what}`, async () => {
      const lying = fakeNode({ demand });
      expect(await codeOf(ask(await pay(lying)))).to.equal("PAYEE_UNTRUSTED");
      expect(lying.state.shown).to.deep.equal([]);
    });

  it("signs nothing for what receipts do not show", async () => {
    const lying = fakeNode({ demand: { cumulative: MAX_FEE + 1n, charged: 1n } });
    expect(await codeOf(ask(await pay(lying)))).to.equal("CHANNEL_DISPUTED");
    expect(lying.state.shown).to.deep.equal([]);
    const tolerant = await pay(fakeNode({ demand: { charged: 1n } }), { unproven: 1n });
    expect((await ask(tolerant)).status).to.equal(200);
  });

  it("keeps to each of its limits", async () => {
    expect(await codeOf(ask(await pay(fakeNode(), { perRequest: MAX_FEE - 1n })))).to.equal(
      "SPENDING_LIMIT",
    );
    for (const name of ["perSession", "perNode"] as const) {
      const payer = await pay(fakeNode(), { [name]: MAX_FEE + FEE });
      expect([
        await codeOf(ask(payer)),
        await codeOf(ask(payer)),
        await codeOf(ask(payer)),
      ]).to.deep.equal(["paid", "paid", "SPENDING_LIMIT"]);
    }
    const greedy = fakeNode({ demand: { minimumDeposit: 1_001n } });
    expect(await codeOf(ask(await pay(greedy)))).to.equal("SPENDING_LIMIT");
    expect(greedy.state.deposit).to.equal(0n);
  });

  const lies: Record<string, (honest: ReceiptEnvelope) => ReceiptEnvelope> = {
    "a fee that does not add up": (it) => ({ ...it, receipt: { ...it.receipt, fee: FEE + 1n } }),
    "another payer": (it) => ({ ...it, receipt: { ...it.receipt, payer: strangers } }),
    "another ledger": (it) => ({ ...it, ledger: strangers }),
    "another chain": (it) => ({ ...it, chainId: 1n }),
    "another signer": (it) => ({ ...it, signer: strangers }),
    "another price": (it) => ({ ...it, quote: { ...it.quote, base: FEE + 1n } }),
    "another request": (it) => ({ ...it, request: { ...it.request, nonce: ZeroHash } }),
    "another id": (it) => ({ ...it, receipt: { ...it.receipt, requestId: ZeroHash } }),
  };
  for (const [what, envelope] of Object.entries(lies))
    it(`pays nothing for a receipt with ${what}`, async () => {
      const payer = await pay(fakeNode({ envelope }));
      expect(await codeOf(ask(payer))).to.equal("PAYMENT_REFUSED");
      expect(payer.spent()).to.equal(0n);
    });

  it("pays nothing for a receipt of another request that it paid before", async () => {
    const payer = await pay(fakeNode({ isRepeating: true }));
    await ask(payer);
    expect(await codeOf(ask(payer))).to.equal("PAYMENT_REFUSED");
    expect(payer.spent()).to.equal(FEE);
  });

  it("opens another channel when one is closed", async () => {
    const closing = fakeNode();
    const store = createMemoryStore();
    await ask(await pay(closing, {}, { store }));
    const [first] = closing.state.shown;
    const lying = fakeNode({ demand: { status: "closed", deposit: 1_000n } });
    await ask(await pay(lying, {}, { store })).catch(() => undefined);
    const salts = new Set(lying.state.shown.map(({ salt }) => salt));
    expect(salts.size > 0).to.equal(true);
    expect(salts.has(first?.salt ?? 0n)).to.equal(false);
  });

  it("goes on from its file, and says so if that cannot be read", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "channels-"));
    try {
      const honest = fakeNode();
      await ask(await pay(honest, {}, { store: createFileStore(folder) }));
      const again = await pay(honest, {}, { store: createFileStore(folder) });
      expect((await ask(again)).status).to.equal(200);
      expect(honest.state.deposit, "one deposit").to.equal(1_000n);
      expect(new Set(honest.state.shown.map(({ salt }) => salt)).size).to.equal(1);
      const key = [8_453n, FEE_ESCROW, node.address, wallet.address].join("-");
      await writeFile(path.join(folder, `${key}.json`), "{}");
      const broken = pay(honest, {}, { store: createFileStore(folder) });
      expect(await codeOf(broken)).to.equal("CHANNEL_STORE_UNREADABLE");
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
