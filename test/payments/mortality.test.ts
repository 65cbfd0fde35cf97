import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { expect } from "chai";
import { ExactEvmScheme } from "@x402/evm/exact/client";
import { wrapFetchWithPayment, x402Client } from "@x402/fetch";
import { hexlify, randomBytes } from "ethers";
import { privateKeyToAccount } from "viem/accounts";
import { channelId, signVoucher } from "../../sdk/channel.ts";
import { createPayingFetch } from "../../sdk/payments/paying-fetch.ts";
import { encodeVoucherHeader, VOUCHER_HEADER } from "../../sdk/payments/voucher-header.ts";
import { opg } from "../fixtures/protocol.ts";
import { until } from "../worker/jobs.ts";
import { openPaidWorld, question, type PaidWorld } from "./paid-world.ts";

const MORTAL_PAYEE = path.resolve(import.meta.dirname, "../../worker/testing/mortal-payee.ts");

describe("payments of a node that is killed", () => {
  let world: PaidWorld;

  before(async () => {
    world = await openPaidWorld();
  });

  after(() => world.close());

  /** A node in a process of its own, which dies at an event. */
  async function mortal(fatal: string, folder: string, payments: object = {}) {
    const options = await world.nodeOptions({ folder, payments });
    const { chainId } = options.deployment;
    const text = JSON.stringify({ ...options, chainId }, (_key, value: unknown) =>
      typeof value === "bigint" ? String(value) : value,
    );
    const child = spawn(process.execPath, ["--import", "tsx", MORTAL_PAYEE, text, fatal], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const died = once(child, "exit") as Promise<[number | null, string | null]>;
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    return { url: `${line.toString().trim()}/v1/chat/completions`, died };
  }

  for (const fatal of ["computed", "settle signed", "settle sent", "settle mined"])
    it(`takes a payment by x402 once if it dies when it is ${fatal}`, async () => {
      const folder = await world.newFolder();
      const { url, died } = await mortal(fatal, folder);
      const account = privateKeyToAccount(world.payer.privateKey as `0x${string}`);
      const client = new x402Client()
        .setSpendControls(false)
        .register("eip155:31337", new ExactEvmScheme(account));
      let paid: Request | undefined;
      const watched: typeof fetch = (input, init) => {
        const request = new Request(input, init);
        if (request.headers.has("PAYMENT-SIGNATURE")) paid = request.clone();
        return fetch(request);
      };
      const before = await world.balanceOf(world.payer.address);
      await wrapFetchWithPayment(watched, client)(url, question("mortal")).catch(() => undefined);
      expect((await died)[1]).to.equal("SIGKILL");
      if (paid === undefined) throw new Error("nothing was paid");
      const node = await world.startNode({ folder });
      const again = new Request(`${node.url}/v1/chat/completions`, paid);
      const answers = [await fetch(again.clone()), await fetch(again)];
      await node.stop();
      expect(answers.map(({ status }) => status)).to.deep.equal([200, 200]);
      const fees = await Promise.all(
        answers.map(async (answer) => {
          const { opengradient } = (await answer.json()) as {
            opengradient: { receipt: { fee: string } };
          };
          return BigInt(opengradient.receipt.fee);
        }),
      );
      expect(fees[0]).to.equal(fees[1]);
      expect(before - (await world.balanceOf(world.payer.address))).to.equal(fees[0]);
    });

  for (const fatal of ["fund signed", "fund sent", "fund mined"])
    it(`opens a channel once if it dies when that is ${fatal}`, async () => {
      const folder = await world.newFolder();
      const { url, died } = await mortal(fatal, folder);
      let current = url;
      const elsewhere: typeof fetch = (input, init) => {
        const request = new Request(input, init);
        return fetch(new Request(current, request));
      };
      const { payer: wallet, deployment, operator } = world;
      const before = await world.balanceOf(wallet.address);
      const options = { wallet, deployment, node: operator.address, fetch: elsewhere };
      const payer = await createPayingFetch({ ...options, deposit: opg(3) });
      await payer.fetch(url, question("mortal")).catch(() => undefined);
      expect((await died)[1]).to.equal("SIGKILL");
      const node = await world.startNode({ folder });
      current = `${node.url}/v1/chat/completions`;
      const answer = await payer.fetch(current, question("mortal"));
      await node.stop();
      expect(answer.status, await answer.text()).to.equal(200);
      expect(before - (await world.balanceOf(wallet.address))).to.equal(opg(3));
    });

  for (const fatal of ["claim signed", "claim sent", "claim mined"])
    it(`claims a voucher once if it dies when that is ${fatal}`, async () => {
      const { payer, operator, protocol, deployment } = world;
      const escrow = protocol.feeEscrow;
      const salt = BigInt(hexlify(randomBytes(12)));
      const id = channelId({ payer: payer.address, node: operator.address, salt });
      await (await escrow.connect(payer).openChannel(operator.address, salt, opg(5))).wait();
      const vouchers = { claimAt: "0.0000000001", claimIntervalMs: 200 };
      const folder = await world.newFolder();
      const { url, died } = await mortal(fatal, folder, { vouchers });
      const ask = async (cumulative: bigint) => {
        const message = { channelId: id, cumulative };
        const signature = await signVoucher(deployment, payer, message);
        const header = { payer: payer.address, salt, cumulative, signature };
        const headers = { [VOUCHER_HEADER]: encodeVoucherHeader(header) };
        return fetch(url, { ...question("mortal"), headers });
      };
      const answer = (await (await ask(0n)).json()) as {
        opengradient: { receipt: { fee: string } };
      };
      const fee = BigInt(answer.opengradient.receipt.fee);
      await ask(fee).catch(() => undefined);
      expect((await died)[1]).to.equal("SIGKILL");
      const node = await world.startNode({ folder, payments: { vouchers } });
      await until(async () => (await escrow.channelOf(id)).claimed > 0n);
      await node.stop();
      expect((await escrow.channelOf(id)).claimed).to.equal(fee);
      const events = await escrow.queryFilter(escrow.filters.ChannelClaimed(id));
      expect(events).to.have.length(1);
    });
});
