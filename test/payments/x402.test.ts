import { expect } from "chai";
import { ExactEvmScheme } from "@x402/evm/exact/client";
import { decodePaymentResponseHeader, wrapFetchWithPayment, x402Client } from "@x402/fetch";
import { privateKeyToAccount } from "viem/accounts";
import type { startPaidNode } from "../../worker/testing/paid-node.ts";
import { openPaidWorld, question, type PaidWorld } from "./paid-world.ts";

describe("payments by x402, with its official client", () => {
  let world: PaidWorld;
  let node: Awaited<ReturnType<typeof startPaidNode>>;
  let url: string;

  before(async () => {
    world = await openPaidWorld();
    node = await world.startNode();
    url = `${node.url}/v1/chat/completions`;
  });

  after(async () => {
    await node.stop().finally(() => world.close());
  });

  function officialFetch(onSend?: (request: Request) => void) {
    const account = privateKeyToAccount(world.payer.privateKey as `0x${string}`);
    const asset = world.deployment.addresses.opg;
    const client = new x402Client()
      .setSpendControls({ allowedAssets: [{ network: "eip155:31337", asset }] })
      .register("eip155:31337", new ExactEvmScheme(account));
    const watched: typeof fetch = (input, init) => {
      const request = new Request(input, init);
      onSend?.(request);
      return fetch(request);
    };
    return wrapFetchWithPayment(watched, client);
  }

  async function balances() {
    const [payer, operator] = [world.payer.address, world.operator.address];
    return { payer: await world.balanceOf(payer), operator: await world.balanceOf(operator) };
  }

  it("answers for exactly what it said, to the wei", async () => {
    const before = await balances();
    const response = await officialFetch()(url, question("What is paid?"));
    expect(response.status).to.equal(200);
    const { opengradient, text } = (await response.json()) as {
      opengradient: { receipt: { fee: string; payer: string } };
      text: string;
    };
    expect(text).to.include("echo");
    const fee = BigInt(opengradient.receipt.fee);
    expect(opengradient.receipt.payer).to.equal(world.payer.address);
    const after = await balances();
    expect(before.payer - after.payer).to.equal(fee);
    expect(after.operator - before.operator).to.equal(fee);
    const settled = decodePaymentResponseHeader(response.headers.get("PAYMENT-RESPONSE") ?? "");
    expect(settled.success).to.equal(true);
    const receipt = await world.provider.getTransactionReceipt(settled.transaction);
    expect(receipt?.status).to.equal(1);
  });

  it("gives the same answer again, unpaid, to whoever shows the same payment again", async () => {
    let paid: Request | undefined;
    const pay = officialFetch((request) => {
      if (request.headers.has("PAYMENT-SIGNATURE")) paid = request.clone();
    });
    const first = await (await pay(url, question("Again?"))).json();
    const before = await balances();
    if (paid === undefined) throw new Error("nothing was paid");
    const again = await fetch(paid);
    expect(again.status).to.equal(200);
    expect(await again.json()).to.deep.equal(first);
    expect(await balances()).to.deep.equal(before);
  });
});
