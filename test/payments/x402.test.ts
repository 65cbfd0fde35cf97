import { expect } from "chai";
import { ExactEvmScheme } from "@x402/evm/exact/client";
import { decodePaymentResponseHeader, wrapFetchWithPayment, x402Client } from "@x402/fetch";
import { privateKeyToAccount } from "viem/accounts";
import { hexlify, randomBytes, Signature } from "ethers";
import type { OpenGradientError } from "../../sdk/errors.ts";
import { createPayingFetch } from "../../sdk/payments/paying-fetch.ts";
import type { PaidNode } from "../../worker/testing/paid-node.ts";
import { openPaidWorld, question, type PaidWorld } from "./paid-world.ts";

describe("payments by x402, with its official client", () => {
  let world: PaidWorld;
  let node: PaidNode;
  let url: string;
  /** What happens while an answer is computed. */
  let hold: (() => Promise<void>) | undefined;

  before(async () => {
    world = await openPaidWorld();
    node = await world.startNode({ onCompute: async () => hold?.() });
    url = `${node.url}/v1/chat/completions`;
  });

  afterEach(() => (hold = undefined));

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

  /** A payment for a question, signed by the official client and not sent. */
  async function signedPayment(text: string, headers: Record<string, string> = {}) {
    let paid: Request | undefined;
    const account = privateKeyToAccount(world.payer.privateKey as `0x${string}`);
    const client = new x402Client()
      .setSpendControls(false)
      .register("eip155:31337", new ExactEvmScheme(account));
    const held: typeof fetch = (input, init) => {
      const request = new Request(input, init);
      if (!request.headers.has("PAYMENT-SIGNATURE")) return fetch(request);
      paid = request.clone();
      return Promise.resolve(new Response(null, { status: 200 }));
    };
    const asked = question(text);
    const all = { ...(asked.headers as object), ...headers };
    await wrapFetchWithPayment(held, client)(url, { ...asked, headers: all });
    if (paid === undefined) throw new Error("nothing was signed");
    return paid;
  }

  function authorizationOf(paid: Request) {
    const header = paid.headers.get("PAYMENT-SIGNATURE") ?? "";
    const { payload } = JSON.parse(Buffer.from(header, "base64").toString()) as {
      payload: { signature: string; authorization: Record<string, string> };
    };
    return payload;
  }

  it("takes a payment once, from any number of requests at the same time", async () => {
    const paid = await signedPayment("at once");
    const before = await balances();
    const answers = await Promise.all(Array.from({ length: 6 }, () => fetch(paid.clone())));
    expect(answers.map(({ status }) => status)).to.deep.equal(Array.from({ length: 6 }, () => 200));
    const texts = await Promise.all(answers.map((answer) => answer.text()));
    expect(new Set(texts).size).to.equal(1);
    const spent = before.payer - (await balances()).payer;
    expect(spent).to.equal(BigInt(authorizationOf(paid).authorization.value ?? ""));
  });

  it("lets a payment stand for one request only", async () => {
    const paid = await signedPayment("the first");
    const other = new Request(url, { ...question("the other"), headers: paid.headers });
    const answers = await Promise.all([fetch(paid.clone()), fetch(other.clone())]);
    expect(answers.map(({ status }) => status).sort()).to.deep.equal([200, 402]);
    const later = await Promise.all([fetch(paid.clone()), fetch(other.clone())]);
    expect(later.map(({ status }) => status)).to.deep.equal(answers.map(({ status }) => status));
  });

  it("takes what somebody else brought to the token for what it is: paid", async () => {
    const paid = await signedPayment("in front of it");
    const { authorization, signature } = authorizationOf(paid);
    const { from, to, value, validAfter, validBefore, nonce } = authorization;
    const { v, r, s } = Signature.from(signature);
    const token = world.protocol.opg.connect(world.stranger);
    hold = async () => {
      await (
        await token.transferWithAuthorization(
          ...([
            from ?? "",
            to ?? "",
            value ?? "",
            validAfter ?? "",
            validBefore ?? "",
            nonce ?? "",
          ] as const),
          ...([v, r, s] as const),
        )
      ).wait();
    };
    const before = await balances();
    const response = await fetch(paid);
    expect(response.status).to.equal(200);
    expect(before.payer - (await balances()).payer).to.equal(0n + BigInt(value ?? ""));
  });

  it("keeps the answer for another payment if one fails, and gives it once that is there", async () => {
    const requestNonce = { "OpenGradient-Nonce": hexlify(randomBytes(32)) };
    const paid = await signedPayment("half-way", requestNonce);
    const { from, nonce } = authorizationOf(paid).authorization;
    let computed = 0;
    // The payer uses the authorisation's nonce up while the answer is computed.
    hold = async () => {
      computed += 1;
      const domain = {
        ...{ name: "OpenGradient", version: "1", chainId: 31_337n },
        verifyingContract: world.deployment.addresses.opg,
      };
      const fields = ["authorizer", "nonce"].map((name, i) => ({
        name,
        type: ["address", "bytes32"][i] ?? "",
      }));
      const signed = await world.payer.signTypedData(
        domain,
        { CancelAuthorization: fields },
        { authorizer: from, nonce },
      );
      const { v, r, s } = Signature.from(signed);
      const token = world.protocol.opg.connect(world.stranger);
      await (await token.cancelAuthorization(from ?? "", nonce ?? "", v, r, s)).wait();
    };
    const before = await balances();
    const failed = await fetch(paid.clone());
    expect(failed.status).to.equal(402);
    expect(failed.headers.has("PAYMENT-REQUIRED")).to.equal(true);
    expect(await failed.text()).not.to.include("receipt");
    expect(await balances()).to.deep.equal(before);
    hold = undefined;
    expect((await fetch(paid.clone())).status, "the failed one again").to.equal(402);
    const good = await signedPayment("half-way", requestNonce);
    const answer = await fetch(good);
    expect(answer.status).to.equal(200);
    expect(computed, "computed once").to.equal(1);
    const spent = before.payer - (await balances()).payer;
    expect(spent).to.equal(BigInt(authorizationOf(good).authorization.value ?? ""));
  });

  it("charges nothing for an answer that failed", async () => {
    const paid = await signedPayment("fails");
    hold = () => Promise.reject(new Error("broken"));
    const before = await balances();
    expect((await fetch(paid.clone())).status).to.equal(500);
    expect(await balances()).to.deep.equal(before);
    hold = undefined;
    expect((await fetch(paid)).status).to.equal(200);
  });

  it("refuses payments that are malformed, forged, of another amount or to somebody else", async () => {
    const forged = async (change: (payload: ReturnType<typeof authorizationOf>) => void) => {
      const paid = await signedPayment("forged");
      const header = paid.headers.get("PAYMENT-SIGNATURE") ?? "";
      const decoded = JSON.parse(Buffer.from(header, "base64").toString()) as {
        payload: ReturnType<typeof authorizationOf>;
      };
      change(decoded.payload);
      const encoded = Buffer.from(JSON.stringify(decoded)).toString("base64");
      paid.headers.set("PAYMENT-SIGNATURE", encoded);
      return (await fetch(paid)).status;
    };
    const before = await balances();
    expect(await forged(({ authorization }) => (authorization.value = "1"))).to.equal(402);
    const stranger = world.stranger.address;
    expect(await forged(({ authorization }) => (authorization.to = stranger))).to.equal(402);
    expect(await forged(({ authorization }) => (authorization.from = stranger))).to.equal(402);
    expect(await forged(({ authorization }) => (authorization.validBefore = "1"))).to.equal(402);
    expect(await forged((payload) => (payload.signature = "0x12"))).to.equal(400);
    const headers = { "PAYMENT-SIGNATURE": "?" };
    expect((await fetch(url, { ...question("?"), headers })).status).to.equal(400);
    expect(await balances()).to.deep.equal(before);
  });

  it("pays by the SDK's own way, within limits, and nobody but the node", async () => {
    const { payer: wallet, deployment, operator } = world;
    const common = { wallet, deployment, payWith: "x402" } as const;
    const before = await balances();
    const payer = await createPayingFetch({ ...common, node: operator.address });
    expect((await payer.fetch(url, question("by the SDK"))).status).to.equal(200);
    expect(before.payer - (await balances()).payer).to.equal(payer.spent());
    const codeOf = async (node: string, perRequest: bigint) => {
      const strict = await createPayingFetch({ ...common, node, limits: { perRequest } });
      return strict.fetch(url, question("refused")).then(
        () => "paid",
        (error: unknown) => (error as OpenGradientError).code,
      );
    };
    expect(await codeOf(operator.address, 1n)).to.equal("SPENDING_LIMIT");
    expect(await codeOf(world.stranger.address, 10n ** 18n)).to.equal("PAYEE_UNTRUSTED");
  });
});
