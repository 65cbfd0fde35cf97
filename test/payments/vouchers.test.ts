import { expect } from "chai";
import { hexlify, parseEther, randomBytes, ZeroAddress } from "ethers";
import { channelDigest, channelId, signVoucher } from "../../sdk/channel.ts";
import { createMemoryStore } from "../../sdk/payments/channel-record.ts";
import { createPayingFetch, type PayingFetchOptions } from "../../sdk/payments/paying-fetch.ts";
import { encodeVoucherHeader, VOUCHER_HEADER } from "../../sdk/payments/voucher-header.ts";
import { VoucherWallet } from "../../sdk/payments/voucher-wallet.ts";
import type { PaidNode } from "../../worker/testing/paid-node.ts";
import { HostileWallet__factory } from "../../typechain-types/index.js";
import { BEHAVIOURS } from "../fixtures/channels.ts";
import { opg } from "../fixtures/protocol.ts";
import { until } from "../worker/jobs.ts";
import { openPaidWorld, question, type PaidWorld } from "./paid-world.ts";

interface Answer {
  readonly text: string;
  readonly opengradient: { readonly receipt: { readonly fee: string; readonly requestId: string } };
}

interface Refusal {
  readonly error: { readonly code: string; readonly message: string };
  readonly opengradient?: { readonly channel: Record<string, string> };
}

describe("payments by voucher", () => {
  let world: PaidWorld;
  const nodes: PaidNode[] = [];

  before(async () => {
    world = await openPaidWorld();
  });

  afterEach(async () => {
    for (const node of nodes.splice(0)) await node.stop();
  });

  after(() => world.close());

  async function start(vouchers: object = {}, other: object = {}): Promise<PaidNode> {
    const node = await world.startNode({ payments: { vouchers }, ...other });
    nodes.push(node);
    return node;
  }

  function paying(options: Partial<PayingFetchOptions> = {}) {
    const { payer: wallet, deployment, operator } = world;
    return createPayingFetch({ wallet, deployment, node: operator.address, ...options });
  }

  const chat = (node: PaidNode) => `${node.url}/v1/chat/completions`;

  async function feeOf(response: Response): Promise<bigint> {
    expect(response.status, await response.clone().text()).to.equal(200);
    return BigInt(((await response.json()) as Answer).opengradient.receipt.fee);
  }

  /** A channel with money in it, and vouchers for it. */
  async function channel(deposit = opg(5)) {
    const { payer, operator, protocol, deployment } = world;
    const salt = BigInt(hexlify(randomBytes(12)));
    const terms = { payer: payer.address, node: operator.address, salt };
    const id = channelId(terms);
    await (
      await protocol.feeEscrow.connect(payer).openChannel(operator.address, salt, deposit)
    ).wait();
    const voucher = async (cumulative: bigint) => {
      const signature = await signVoucher(deployment, payer, { channelId: id, cumulative });
      return { payer: payer.address, salt, cumulative, signature };
    };
    const ask = async (
      node: PaidNode,
      cumulative: bigint,
      headers: Record<string, string> = {},
    ) => {
      const { headers: own, ...rest } = question("vouchers");
      const shown = { [VOUCHER_HEADER]: encodeVoucherHeader(await voucher(cumulative)) };
      return fetch(chat(node), { ...rest, headers: { ...(own as object), ...shown, ...headers } });
    };
    return { id, terms, voucher, ask };
  }

  async function refusalOf(response: Response): Promise<Refusal> {
    expect(response.status).to.equal(402);
    return (await response.json()) as Refusal;
  }

  it("opens a channel with the first request, without ETH, and pays for what receipts show", async () => {
    const node = await start({ credit: "0" });
    const wallet = world.stranger;
    await world.provider.send("hardhat_setBalance", [wallet.address, "0x0"]);
    const before = await world.balanceOf(wallet.address);
    const payer = await paying({ wallet, deposit: opg(2) });
    const fees = [
      await feeOf(await payer.fetch(chat(node), question("one"))),
      await feeOf(await payer.fetch(chat(node), question("the second"))),
    ];
    expect(payer.spent()).to.equal((fees[0] ?? 0n) + (fees[1] ?? 0n));
    expect(before - (await world.balanceOf(wallet.address))).to.equal(opg(2));
    const { rows } = await node.database.query<{ charged: string; deposit: string }>(
      "SELECT charged, deposit FROM channels",
    );
    expect(rows.map(({ charged }) => BigInt(charged))).to.deep.equal([payer.spent()]);
    expect(rows.map(({ deposit }) => BigInt(deposit))).to.deep.equal([opg(2)]);
  });

  it("opens one channel, whatever comes first at the same time, and charges each answer once", async () => {
    const node = await start({ credit: "0" });
    const payer = await paying();
    const before = await world.balanceOf(world.payer.address);
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, i) => payer.fetch(chat(node), question(`parallel ${i}`))),
    );
    const fees = await Promise.all(answers.map(feeOf));
    const total = fees.reduce((sum, fee) => sum + fee, 0n);
    expect(payer.spent()).to.equal(total);
    expect(before - (await world.balanceOf(world.payer.address))).to.equal(opg(5));
    const { rows } = await node.database.query<{ charged: string }>("SELECT charged FROM channels");
    expect(rows.map(({ charged }) => BigInt(charged))).to.deep.equal([total]);
  });

  it("counts the receipt of a stream", async () => {
    const node = await start();
    const payer = await paying();
    const response = await payer.fetch(chat(node), question("streams", true));
    expect(await response.text()).to.include("[DONE]");
    expect(payer.spent() > 0n).to.equal(true);
  });

  it("says exactly which voucher would do, and takes it", async () => {
    const node = await start({ credit: "0.0001" });
    const { ask } = await channel();
    const { error, opengradient } = await refusalOf(await ask(node, 0n));
    const wanted = opengradient?.channel ?? {};
    expect(error.code).to.equal("voucher_too_low");
    expect(wanted).to.include({
      ...{ node: world.operator.address, chainId: "31337", status: "open" },
      ...{ charged: "0", reserved: "0", deposit: String(opg(5)) },
      credit: String(parseEther("0.0001")),
      feeEscrow: world.deployment.addresses.feeEscrow,
    });
    const { cumulative = "", maxFee = "" } = wanted;
    expect(BigInt(cumulative)).to.equal(BigInt(maxFee) - parseEther("0.0001"));
    await refusalOf(await ask(node, BigInt(cumulative) - 1n));
    await feeOf(await ask(node, BigInt(cumulative)));
  });

  it("spends no money twice: of many requests at once only those are answered that the channel can pay", async () => {
    let isOpen: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (isOpen = resolve));
    const node = await start({ credit: "0" }, { onCompute: () => gate });
    const { id, ask } = await channel(opg(1));
    const { opengradient } = await refusalOf(await ask(node, 0n));
    const maxFee = BigInt(opengradient?.channel.maxFee ?? "");
    const asked = Array.from({ length: 10 }, (_, i) => ask(node, 3n * maxFee + BigInt(i % 2)));
    const refused: Response[] = [];
    for (const each of asked)
      void each.then((response) => {
        if (response.status === 402) refused.push(response);
      });
    await until(() => refused.length === 7);
    isOpen();
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).to.have.length(3);
    const { rows } = await node.database.query<{ charged: string }>(
      "SELECT charged FROM channels WHERE channel_id = $1",
      [id],
    );
    expect(BigInt(rows[0]?.charged ?? 0) <= 3n * maxFee).to.equal(true);
  });

  it("charges nothing for an answer that failed, and nothing for one that is asked for again", async () => {
    let isBroken = true;
    const onCompute = () => (isBroken ? Promise.reject(new Error("broken")) : Promise.resolve());
    const node = await start({}, { onCompute });
    const { ask, id } = await channel();
    const nonce = { "OpenGradient-Nonce": hexlify(randomBytes(32)) };
    expect((await ask(node, 0n, nonce)).status).to.equal(500);
    isBroken = false;
    const fee = await feeOf(await ask(node, 0n, nonce));
    expect(await feeOf(await ask(node, 0n, nonce))).to.equal(fee);
    const { rows } = await node.database.query<{ charged: string }>(
      "SELECT charged FROM channels WHERE channel_id = $1",
      [id],
    );
    expect(BigInt(rows[0]?.charged ?? 0)).to.equal(fee);
  });

  it("refuses vouchers of others, of other channels and chains, and what is no voucher", async () => {
    const node = await start();
    const one = await channel();
    const other = await channel();
    const { signature } = await other.voucher(opg(1));
    const show = (header: string) => {
      const { headers: own, ...rest } = question("vouchers");
      const headers = { ...(own as object), [VOUCHER_HEADER]: header };
      return fetch(chat(node), { ...rest, headers });
    };
    const stolen = { ...(await one.voucher(opg(1))), signature };
    const { error, opengradient } = await refusalOf(await show(encodeVoucherHeader(stolen)));
    expect(error.code).to.equal("voucher_invalid");
    // Nothing is told of a channel to whoever is not its payer.
    expect(opengradient?.channel).to.include({ status: "none", deposit: "0" });
    expect((await show("AAAA")).status).to.equal(400);
    expect((await show("no base64!")).status).to.equal(400);
    const abroad = { ...world.deployment, chainId: 1n };
    const message = { channelId: one.id, cumulative: opg(1) };
    const foreign = await signVoucher(abroad, world.payer, message);
    const shown = { ...(await one.voucher(opg(1))), signature: foreign };
    expect((await refusalOf(await show(encodeVoucherHeader(shown)))).error.code).to.equal(
      "voucher_invalid",
    );
  });

  it("notices a payer who starts to close, answers nothing more, and claims what is covered", async () => {
    const node = await start({ claimAtEnd: "0", claimIntervalMs: 600_000 });
    const { terms, ask, id } = await channel();
    const fee = await feeOf(await ask(node, 0n));
    await feeOf(await ask(node, fee));
    const escrow = world.protocol.feeEscrow;
    await (await escrow.connect(world.payer).startClose(terms.node, terms.salt)).wait();
    await until(async () => (await escrow.channelOf(id)).claimed > 0n);
    // Both answers were charged, and vouchers cover the first.
    expect((await escrow.channelOf(id)).claimed).to.equal(fee);
    const { error } = await refusalOf(await ask(node, opg(1)));
    expect(error.code).to.equal("channel_closing");
  });

  it("claims the highest voucher that charges cover, and never a higher one", async () => {
    const node = await start({ credit: "0.01", claimAt: "0.0000000001", claimIntervalMs: 100 });
    const { ask, id } = await channel();
    const first = await feeOf(await ask(node, 0n));
    const second = await feeOf(await ask(node, first));
    await feeOf(await ask(node, opg(1)));
    const escrow = world.protocol.feeEscrow;
    await until(async () => (await escrow.channelOf(id)).claimed > 0n);
    expect(second > 0n).to.equal(true);
    expect((await escrow.channelOf(id)).claimed).to.equal(first);
  });

  it("closes by both, for exactly what was charged", async () => {
    // The worker's account is the operator's here: it holds the key that the escrow asks for.
    const { operator } = world;
    const node = await start({}, { privateKey: operator.privateKey });
    const store = createMemoryStore();
    const payer = await paying({ store, deposit: opg(3) });
    await feeOf(await payer.fetch(chat(node), question("the only one")));
    const escrow = world.protocol.feeEscrow;
    const before = await escrow.balanceOf(world.payer.address);
    const end = await payer.close(node.url);
    expect(end.how).to.equal("closed");
    const refunded = (await escrow.balanceOf(world.payer.address)) - before;
    expect(refunded).to.equal(opg(3) - payer.spent());
    const response = await payer.fetch(chat(node), question("another channel"));
    await feeOf(response);
  });

  it("starts to close on chain where the worker does not hold the operator's key", async () => {
    const node = await start();
    const payer = await paying();
    await feeOf(await payer.fetch(chat(node), question("the only one")));
    expect((await payer.close(node.url)).how).to.equal("closing");
  });

  it("remembers what was charged when the node starts again", async () => {
    const folder = await world.newFolder();
    const node = await start({ credit: "0" }, { folder });
    const store = createMemoryStore();
    const payer = await paying({ store });
    await feeOf(await payer.fetch(chat(node), question("before")));
    await nodes.splice(0)[0]?.stop();
    const again = await start({ credit: "0" }, { folder });
    await feeOf(await payer.fetch(chat(again), question("after")));
    const wallet = await VoucherWallet.open({
      ...{ wallet: world.payer, deployment: world.deployment, node: world.operator.address, store },
      limits: { perRequest: opg(1), perSession: opg(1), perNode: opg(1), unproven: 0n },
      deposit: 1n,
    });
    const { rows } = await again.database.query<{ charged: string }>(
      "SELECT charged FROM channels",
    );
    expect(BigInt(rows[0]?.charged ?? 0)).to.equal((await wallet.finalVoucher()).cumulative);
  });

  it("is paid by a contract as long as that stands by its signature, and claims the rest once", async () => {
    const node = await start({ credit: "0.01", claimAt: "0.0000000001", claimIntervalMs: 100 });
    const { payer: owner, operator, protocol, deployment } = world;
    const wallet = await new HostileWallet__factory(owner).deploy(owner);
    const payer = await wallet.getAddress();
    const escrow = protocol.feeEscrow;
    await (await protocol.opg.connect(owner).transfer(payer, opg(5))).wait();
    const approval = [await escrow.getAddress(), opg(5)] as const;
    const token = protocol.opg.interface.encodeFunctionData("approve", [...approval]);
    await (await wallet.execute(protocol.opg, token)).wait();
    const opening = [operator.address, 0n, opg(5)] as const;
    const opened = escrow.interface.encodeFunctionData("openChannel", [...opening]);
    await (await wallet.execute(escrow, opened)).wait();
    const id = channelId({ payer, node: operator.address, salt: 0n });
    const ask = (cumulative: bigint) => {
      const digest = channelDigest(deployment, "Voucher", { channelId: id, cumulative });
      const signature = owner.signingKey.sign(digest).serialized;
      const { headers: own, ...rest } = question("a contract");
      const header = encodeVoucherHeader({ payer, salt: 0n, cumulative, signature });
      const headers = { ...(own as object), [VOUCHER_HEADER]: header };
      return fetch(chat(node), { ...rest, headers });
    };
    const fee = await feeOf(await ask(0n));
    await feeOf(await ask(fee));
    await until(async () => (await escrow.channelOf(id)).claimed === fee);
    await (await wallet.behave(BEHAVIOURS.Refuse, ZeroAddress, "0x")).wait();
    expect((await refusalOf(await ask(2n * fee))).error.code).to.equal("voucher_invalid");
  });
});
