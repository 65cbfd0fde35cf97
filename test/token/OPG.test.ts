import { expect } from "chai";
import {
  MaxUint256,
  randomBytes,
  Signature,
  ZeroAddress,
  hexlify,
  type TypedDataField,
} from "ethers";
import { type Signer, ethers, loadFixture, time } from "../fixtures/network.ts";
import { deployProtocol, opg } from "../fixtures/protocol.ts";

const TRANSFER_FIELDS: TypedDataField[] = [
  { name: "from", type: "address" },
  { name: "to", type: "address" },
  { name: "value", type: "uint256" },
  { name: "validAfter", type: "uint256" },
  { name: "validBefore", type: "uint256" },
  { name: "nonce", type: "bytes32" },
];

describe("OPG", () => {
  async function fixture() {
    const protocol = await deployProtocol();
    const { opg: token, payer, deployment } = protocol;
    await token.transfer(payer, opg(1_000));
    const domain = {
      name: "OpenGradient",
      version: "1",
      chainId: deployment.chainId,
      verifyingContract: deployment.addresses.opg,
    };
    return { ...protocol, token, domain };
  }

  /** A signed ERC-3009 transfer of 10 OPG and its signature. */
  async function authorization(
    domain: object,
    {
      from,
      to,
      type = "TransferWithAuthorization",
      validBefore = MaxUint256,
    }: { from: Signer; to: string; type?: string; validBefore?: bigint },
  ) {
    const message = {
      from: from.address,
      to,
      value: opg(10),
      validAfter: 0n,
      validBefore,
      nonce: hexlify(randomBytes(32)),
    };
    const { v, r, s } = Signature.from(
      await from.signTypedData(domain, { [type]: TRANSFER_FIELDS }, message),
    );
    return { message, v, r, s };
  }

  it("mints the whole supply once", async () => {
    const { token, governor, payer } = await loadFixture(fixture);
    expect(await token.totalSupply()).to.equal(opg(1_000_000_000));
    expect((await token.balanceOf(governor)) + (await token.balanceOf(payer))).to.equal(
      opg(1_000_000_000),
    );
    expect([await token.name(), await token.symbol(), await token.decimals()]).to.deep.equal([
      "OpenGradient",
      "OPG",
      18n,
    ]);
  });

  it("cannot go to nobody", async () => {
    const { token } = await loadFixture(fixture);
    await expect(token.transfer(ZeroAddress, 1))
      .to.be.revertedWithCustomError(token, "ERC20InvalidReceiver")
      .withArgs(ZeroAddress);
  });

  it("moves exactly what is sent: a fee on transfer is impossible", async () => {
    const { token, payer, stranger } = await loadFixture(fixture);
    for (const amount of [1n, 999n, opg(3)]) {
      await expect(token.connect(payer).transfer(stranger, amount)).to.changeTokenBalances(
        ethers,
        token,
        [payer, stranger],
        [-amount, amount],
      );
    }
  });

  it("approves by signature, once", async () => {
    const { token, domain, payer, stranger } = await loadFixture(fixture);
    const types = {
      Permit: [
        { name: "owner", type: "address" },
        { name: "spender", type: "address" },
        { name: "value", type: "uint256" },
        { name: "nonce", type: "uint256" },
        { name: "deadline", type: "uint256" },
      ],
    };
    const message = {
      owner: payer.address,
      spender: stranger.address,
      value: 5n,
      nonce: 0n,
      deadline: MaxUint256,
    };
    const { v, r, s } = Signature.from(await payer.signTypedData(domain, types, message));
    await token.connect(stranger).permit(payer, stranger, 5n, MaxUint256, v, r, s);
    expect(await token.allowance(payer, stranger)).to.equal(5n);
    expect(await token.nonces(payer)).to.equal(1n);
    await expect(
      token.connect(stranger).permit(payer, stranger, 5n, MaxUint256, v, r, s),
    ).to.be.revertedWithCustomError(token, "ERC2612InvalidSigner");
  });

  it("moves by signature with a random nonce, once", async () => {
    const { token, domain, payer, stranger, keeper } = await loadFixture(fixture);
    const { message, v, r, s } = await authorization(domain, { from: payer, to: stranger.address });
    const { from, to, value, validAfter, validBefore, nonce } = message;
    const send = () =>
      token
        .connect(keeper)
        .transferWithAuthorization(from, to, value, validAfter, validBefore, nonce, v, r, s);
    await expect(send()).to.changeTokenBalances(ethers, token, [payer, stranger], [-value, value]);
    expect(await token.authorizationState(payer, nonce)).to.equal(true);
    await expect(send())
      .to.be.revertedWithCustomError(token, "ERC3009UsedAuthorization")
      .withArgs(payer, nonce);
  });

  it("lets only the receiver use a receive authorisation", async () => {
    const { token, domain, payer, stranger, keeper } = await loadFixture(fixture);
    const { message, v, r, s } = await authorization(domain, {
      from: payer,
      to: stranger.address,
      type: "ReceiveWithAuthorization",
    });
    const { from, to, value, validAfter, validBefore, nonce } = message;
    const send = (caller: Signer) =>
      token
        .connect(caller)
        .receiveWithAuthorization(from, to, value, validAfter, validBefore, nonce, v, r, s);
    await expect(send(keeper))
      .to.be.revertedWithCustomError(token, "ERC20InvalidReceiver")
      .withArgs(stranger);
    await expect(send(stranger)).to.changeTokenBalance(ethers, token, stranger, value);
  });

  it("refuses an authorisation that is over, or was changed", async () => {
    const { token, domain, payer, stranger } = await loadFixture(fixture);
    const over = await authorization(domain, {
      from: payer,
      to: stranger.address,
      validBefore: 1n,
    });
    const { from, to, value, validAfter, nonce } = over.message;
    await expect(
      token.transferWithAuthorization(
        from,
        to,
        value,
        validAfter,
        1n,
        nonce,
        over.v,
        over.r,
        over.s,
      ),
    )
      .to.be.revertedWithCustomError(token, "ERC3009InvalidAuthorizationTime")
      .withArgs(0n, 1n);
    await expect(
      token.transferWithAuthorization(
        from,
        to,
        value + 1n,
        validAfter,
        MaxUint256,
        nonce,
        over.v,
        over.r,
        over.s,
      ),
    ).to.be.revertedWithCustomError(token, "ERC3009InvalidSignature");
  });

  it("counts votes by time", async () => {
    const { token, payer, stranger } = await loadFixture(fixture);
    expect(await token.CLOCK_MODE()).to.equal("mode=timestamp");
    await token.connect(payer).delegate(stranger);
    const before = BigInt(await time.latest());
    await time.increase(10);
    await token.connect(payer).transfer(stranger, opg(1));
    expect(await token.getPastVotes(stranger, before)).to.equal(opg(1_000));
    expect(await token.getVotes(stranger)).to.equal(opg(999));
  });
});
