import { dataSlice, MaxUint256, toBeHex, Wallet } from "ethers";
import {
  channelDigest,
  channelId,
  packClaims,
  signChannelAuthorization,
  signChannelMessage,
  signVoucher,
  type ChannelClaim,
} from "../../sdk/channel.ts";
import { signPermit } from "../../sdk/permit.ts";
import { AttestedKeyList__factory, HostileWallet__factory } from "../../typechain-types/index.js";
import { opg, type Fixture } from "../fixtures/protocol.ts";
import type { GasBook } from "./gas-book.ts";

const BATCH = 50;

/** Books what payment channels cost: of one payer, in every slot but the channel's own the steady state. */
export async function bookChannels(fixture: Fixture, book: GasBook): Promise<void> {
  const { feeEscrow, opg: token, payer, operator } = fixture;
  const escrow = feeEscrow.connect(payer);
  const node = operator.address;
  await token.connect(payer).approve(feeEscrow, MaxUint256);
  await book.book("open channel", escrow.openChannel(operator, 1_000, opg(10)));
  await book.book("fund channel", escrow.fundChannel(operator, 1_000, opg(10)));
  await openSigned(fixture, book);

  for (let salt = 0; salt < BATCH; salt++) await escrow.openChannel(operator, salt, opg(10));
  // So that the slot of the node's earnings was written before.
  await feeEscrow.claim(packClaims([await voucher(fixture, 1_000n, opg(1))]));
  const salts = Array.from({ length: BATCH }, (_, salt) => BigInt(salt));
  const claims = await Promise.all(salts.map((salt) => voucher(fixture, salt, opg(2))));
  await claim(fixture, book, "claim 1 channel", [await voucher(fixture, 1_000n, opg(2))]);
  await claim(fixture, book, "claim 50 channels", claims);
  book.share("claim 50 channels, per channel", "claim 50 channels", BATCH);
  // Again, the same claims: each is skipped.
  await claim(fixture, book, "claim 50 channels, all skipped", claims);
  await bookWallets(fixture, book);
  await bookMeter(fixture, book);

  const id = channelId({ payer: payer.address, node, salt: 1_000n });
  const cumulative = opg(3);
  const consent = await signChannelMessage(fixture.deployment, operator, "CooperativeClose", {
    channelId: id,
    cumulative,
  });
  const cooperative = escrow.closeCooperatively(operator, 1_000, cumulative, consent);
  await book.book("close channel cooperatively", cooperative, [consent]);
  const byNode = feeEscrow.connect(operator).closeByNode(payer, 0);
  await book.book("close channel by its node", byNode);
  await book.book("start to close channel", escrow.startClose(operator, 1));
  await fixture.provider.send("evm_increaseTime", [Number(await feeEscrow.CLAIM_WINDOW())]);
  await book.book("close channel", escrow.close(payer, operator, 1));
  await book.book(
    "set exposure limits, first",
    feeEscrow.connect(operator).setExposureLimits(opg(1_000), opg(10)),
  );
}

async function openSigned(fixture: Fixture, book: GasBook): Promise<void> {
  const { deployment, feeEscrow, opg: token, payer, operator, keeper } = fixture;
  const amount = opg(10);
  await token.connect(payer).approve(feeEscrow, 0);
  const permission = { spender: feeEscrow, value: amount, deadline: MaxUint256 };
  const { v, r, s } = await signPermit(deployment, payer, permission);
  const permit = { deadline: MaxUint256, v, r, s };
  await book.book(
    "open channel with permit",
    feeEscrow.connect(payer).openChannelWithPermit(operator, 2_000, amount, permit),
    [r, s],
  );
  await token.connect(payer).approve(feeEscrow, MaxUint256);
  const authorization = await signChannelAuthorization(deployment, payer, {
    channelId: channelId({ payer: payer.address, node: operator.address, salt: 3_000n }),
    amount,
    validAfter: 0n,
    validBefore: 2n ** 40n,
    nonceSalt: toBeHex(1, 32),
  });
  await book.book(
    "open channel with authorization",
    feeEscrow
      .connect(keeper)
      .openChannelWithAuthorization(payer, operator, 3_000, amount, authorization),
    [authorization.r, authorization.s],
  );
}

async function bookWallets(fixture: Fixture, book: GasBook): Promise<void> {
  const { deployment, feeEscrow, opg: token, payer, operator, provider } = fixture;
  // The owner signs bare digests, which takes a key at hand.
  const owner = new Wallet(toBeHex(7, 32), provider);
  await payer.sendTransaction({ to: owner, value: opg(1) });
  const wallet = await new HostileWallet__factory(owner).deploy(owner);
  await token.connect(payer).transfer(wallet, opg(10));
  const { interface: escrowAbi } = feeEscrow;
  const approve = token.interface.encodeFunctionData("approve", [
    await feeEscrow.getAddress(),
    MaxUint256,
  ]);
  await wallet.execute(token, approve);
  const open = escrowAbi.encodeFunctionData("openChannel", [operator.address, 0, opg(10)]);
  await wallet.execute(feeEscrow, open);
  const terms = { payer: await wallet.getAddress(), node: operator.address, salt: 0n };
  const cumulative = opg(1);
  const message = { channelId: channelId(terms), cumulative };
  const digest = channelDigest(deployment, "Voucher", message);
  await claim(fixture, book, "claim 1 channel of a contract", [
    {
      ...terms,
      kind: "voucher",
      cumulative,
      byContract: true,
      signature: owner.signingKey.sign(digest).serialized,
    },
  ]);
}

async function bookMeter(fixture: Fixture, book: GasBook): Promise<void> {
  const { deployment, feeEscrow, governor, payer, operator } = fixture;
  const keys = await new AttestedKeyList__factory(governor).deploy();
  await feeEscrow.connect(governor).setAttestedKeys(keys);
  const meter = new Wallet(toBeHex(9, 32));
  await keys.attest(meter, 0, 2n ** 63n);
  const terms = { payer: payer.address, node: operator.address, salt: 2_000n };
  const id = channelId(terms);
  const usage = { channelId: id, usage: opg(1), timestamp: 1n };
  const cap = { channelId: id, meter: meter.address, cap: opg(5) };
  await claim(fixture, book, "claim 1 channel, metered", [
    {
      ...terms,
      kind: "metered",
      cap: cap.cap,
      usage: usage.usage,
      timestamp: usage.timestamp,
      meterSignature: await signChannelMessage(deployment, meter, "Usage", usage),
      signature: await signChannelMessage(deployment, payer, "MeteringCap", cap),
    },
  ]);
}

async function voucher(
  { deployment, payer, operator }: Fixture,
  salt: bigint,
  cumulative: bigint,
): Promise<ChannelClaim> {
  const terms = { payer: payer.address, node: operator.address, salt };
  const message = { channelId: channelId(terms), cumulative };
  const signature = await signVoucher(deployment, payer, message);
  return { ...terms, kind: "voucher", cumulative, signature };
}

async function claim(
  { feeEscrow, keeper }: Fixture,
  book: GasBook,
  name: string,
  claims: ChannelClaim[],
): Promise<void> {
  const signatures = claims.flatMap((item) =>
    item.kind === "metered" ? [item.signature, item.meterSignature] : [item.signature],
  );
  const random = signatures.map((signature) => dataSlice(signature, 0, 64));
  await book.book(name, feeEscrow.connect(keeper).claim(packClaims(claims)), random);
}
