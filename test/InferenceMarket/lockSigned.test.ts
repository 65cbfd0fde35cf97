import { expect } from "chai";
import { keccak256, Signature, ZeroAddress, zeroPadValue } from "ethers";
import { requestId, type RequestTerms } from "../../sdk/request.ts";
import { REQUEST_OUTCOME, REQUEST_STATUS } from "../../sdk/request-status.ts";
import { draftRequest, signRequest, type RequestDraft } from "../../sdk/signed-request.ts";
import { HostileWallet__factory } from "../../typechain-types/index.js";
import { BEHAVIOURS, REFUSING_BEHAVIOURS } from "../fixtures/channels.ts";
import { runningMarket } from "../fixtures/market.ts";
import { answer, INPUT } from "../fixtures/models.ts";
import { loadFixture, time } from "../fixtures/network.ts";
import { opg, PARAMETERS } from "../fixtures/protocol.ts";

const { None: OPEN, Locked: LOCKED, Fulfilled: FULFILLED, Expired: EXPIRED } = REQUEST_STATUS;
const DAY = 86_400;
const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

describe("InferenceMarket.lockSigned", () => {
  async function signed() {
    const context = await runningMarket();
    const { inferenceMarket: market, payer, operator, nodeSigner, published, deployment } = context;
    const domain = { chainId: deployment.chainId, market: await market.getAddress() };
    const draft = async (changes: Partial<RequestDraft> = {}) =>
      draftRequest(context, {
        payer: payer.address,
        modelId: published.modelId,
        tier: "Proven",
        input: INPUT,
        maxFee: opg(10),
        collateral: opg(50),
        rampSeconds: 0n,
        expiry: BigInt((await time.latest()) + 3_600),
        lockSeconds: 600n,
        salt: 0n,
        ...changes,
      });
    const terms = await draft();
    const signature = await signRequest(domain, payer, terms);
    const lockSigned = (of: RequestTerms, by = signature) =>
      market.connect(nodeSigner).lockSigned(of, INPUT, by, operator);
    /** Signs what may not be what the market would fill in. */
    const lockBent = async (changes: Partial<RequestTerms>) => {
      const bent = { ...terms, ...changes };
      return lockSigned(bent, await signRequest(domain, payer, bent));
    };
    const id = requestId(terms, domain);
    return { ...context, market, domain, draft, terms, signature, id, lockSigned, lockBent };
  }

  it("makes a request that its payer only signed, and locks it, in one transaction", async () => {
    const context = await loadFixture(signed);
    const { market, feeEscrow, payer, operator, terms, id, lockSigned } = context;
    const transaction = lockSigned(terms);
    await expect(transaction)
      .to.emit(market, "InferenceRequested")
      .withArgs(id, terms.modelId, payer, Object.values(terms), INPUT);
    const deadline = (await time.latest()) + 600;
    await expect(transaction)
      .to.emit(market, "RequestLocked")
      .withArgs(id, operator, opg(50), deadline);
    await expect(transaction).to.emit(feeEscrow, "FeeLocked").withArgs(market, id, payer, opg(10));
    expect((await market.stateOf(id)).status).to.equal(LOCKED);
    expect(await feeEscrow.balanceOf(payer)).to.equal(opg(990));
  });

  it("is served and paid like any other", async () => {
    const context = await loadFixture(signed);
    const { market, feeEscrow, published, operator, terms, id, lockSigned } = context;
    await lockSigned(terms);
    const node = operator.address;
    const given = await answer(context, published, { requestId: id, input: INPUT, node });
    await market.fulfil(terms, operator, given.output, given.evidence);
    expect((await market.stateOf(id)).outcome).to.equal(REQUEST_OUTCOME.Served);
    expect(await feeEscrow.earningsOf(operator)).to.equal(opg(9));
  });

  it("is refunded and slashed for like any other", async () => {
    const { market, feeEscrow, payer, terms, id, lockSigned } = await loadFixture(signed);
    await lockSigned(terms);
    await time.increase(601);
    await expect(market.expire(terms))
      .to.emit(market, "RequestExpired")
      .withArgs(id, (await market.stateOf(id)).node, opg(10), opg(50));
    expect(await feeEscrow.balanceOf(payer)).to.be.at.least(opg(1_000));
  });

  it("can be used once", async () => {
    const context = await loadFixture(signed);
    const { market, published, operator, terms, id, lockSigned } = context;
    await lockSigned(terms);
    const refused = async (status: bigint) =>
      expect(lockSigned(terms))
        .to.be.revertedWithCustomError(market, "InferenceMarketNotOpen")
        .withArgs(id, status);
    await refused(LOCKED);
    const node = operator.address;
    const given = await answer(context, published, { requestId: id, input: INPUT, node });
    await market.fulfil(terms, operator, given.output, given.evidence);
    await refused(FULFILLED);
  });

  it("cannot be used again after it expired", async () => {
    const { market, draft, domain, payer, lockSigned } = await loadFixture(signed);
    const terms = await draft({ lockSeconds: 60n });
    const signature = await signRequest(domain, payer, terms);
    await lockSigned(terms, signature);
    await time.increase(61);
    await market.expire(terms);
    await expect(lockSigned(terms, signature))
      .to.be.revertedWithCustomError(market, "InferenceMarketNotOpen")
      .withArgs(requestId(terms, domain), EXPIRED);
  });

  it("does not take the fee twice for a request that its payer made too", async () => {
    const { market, feeEscrow, payer, domain, terms, lockSigned } = await loadFixture(signed);
    const { modelId, tier, consumer, callbackGas, maxFee, collateral } = terms;
    const { rampSeconds, expiry, lockSeconds, salt } = terms;
    await market.connect(payer).request(
      {
        ...{ modelId, tier, consumer, callbackGas, maxFee, collateral },
        ...{ rampSeconds, expiry, lockSeconds, salt },
      },
      INPUT,
    );
    const same = { ...terms, rampStart: BigInt(await time.latest()) };
    const id = requestId(same, domain);
    expect(await market.isOpen(id)).to.equal(true);
    await expect(lockSigned(same, await signRequest(domain, payer, same)))
      .to.be.revertedWithCustomError(feeEscrow, "FeeEscrowAlreadyLocked")
      .withArgs(market, id);
    await expect(market.connect(payer).revoke(same))
      .to.be.revertedWithCustomError(market, "InferenceMarketNotOpen")
      .withArgs(id, OPEN);
  });

  describe("the signature", () => {
    it("must be the payer's", async () => {
      const { market, domain, stranger, operator, terms, id, lockSigned } =
        await loadFixture(signed);
      for (const forger of [stranger, operator]) {
        await expect(lockSigned(terms, await signRequest(domain, forger, terms)))
          .to.be.revertedWithCustomError(market, "SignedRequestsBadSignature")
          .withArgs(id, terms.payer);
      }
    });

    it("is over every term", async () => {
      const { market, stranger, terms, lockSigned } = await loadFixture(signed);
      const changes: Partial<RequestTerms>[] = [
        { payer: stranger.address },
        { consumer: stranger.address, callbackGas: 1n },
        { maxFee: terms.maxFee + 1n },
        { minFee: terms.minFee + 1n },
        { collateral: 0n },
        { rampStart: terms.rampStart - 1n },
        { rampSeconds: 1n },
        { expiry: terms.expiry + 1n },
        { lockSeconds: 599n },
        { salt: 1n },
      ];
      for (const change of changes) {
        await expect(lockSigned({ ...terms, ...change })).to.be.revertedWithCustomError(
          market,
          "SignedRequestsBadSignature",
        );
      }
    });

    it("counts for one market on one chain", async () => {
      const { market, domain, payer, feeEscrow, terms, lockSigned } = await loadFixture(signed);
      for (const other of [
        { ...domain, chainId: 8453n },
        { ...domain, market: await feeEscrow.getAddress() },
      ]) {
        await expect(
          lockSigned(terms, await signRequest(other, payer, terms)),
        ).to.be.revertedWithCustomError(market, "SignedRequestsBadSignature");
      }
    });

    it("has one form only", async () => {
      const { market, signature, terms, lockSigned } = await loadFixture(signed);
      const { r, s, yParity, serialized } = Signature.from(signature);
      const highS = CURVE_ORDER - BigInt(s);
      const flipped = highS | (BigInt(1 - yParity) << 255n);
      const malleable = r + flipped.toString(16).padStart(64, "0");
      for (const form of ["0x", serialized, malleable, `${signature}00`, signature.slice(0, -2)]) {
        await expect(lockSigned(terms, form)).to.be.revertedWithCustomError(
          market,
          "SignedRequestsBadSignature",
        );
      }
    });

    it("is nobody's if the payer is nobody", async () => {
      const { market, terms, lockSigned } = await loadFixture(signed);
      await expect(
        lockSigned({ ...terms, payer: ZeroAddress }, zeroPadValue("0x", 64)),
      ).to.be.revertedWithCustomError(market, "SignedRequestsBadSignature");
    });

    async function wallet() {
      const context = await signed();
      const { market, feeEscrow, payer, draft, domain } = context;
      const contract = await new HostileWallet__factory(payer).deploy(payer);
      await feeEscrow.connect(payer).deposit(contract, opg(100));
      const { interface: escrow } = feeEscrow;
      const authorize = escrow.encodeFunctionData("authorizeLocker", [await market.getAddress()]);
      await contract.execute(feeEscrow, authorize);
      const terms = await draft({ payer: await contract.getAddress() });
      // This wallet takes the long form only.
      const signature = Signature.from(await signRequest(domain, payer, terms)).serialized;
      return { ...context, contract, terms, signature };
    }

    it("may be a contract's", async () => {
      const { feeEscrow, contract, terms, signature, lockSigned } = await loadFixture(wallet);
      await lockSigned(terms, signature);
      expect(await feeEscrow.balanceOf(contract)).to.equal(opg(90));
    });

    it("cannot do harm if that contract misbehaves", async () => {
      const context = await loadFixture(wallet);
      const { market, contract, terms, signature, lockSigned, domain } = context;
      const reenter = market.interface.encodeFunctionData("revoke", [terms]);
      for (const name of REFUSING_BEHAVIOURS) {
        await contract.behave(BEHAVIOURS[name], market, reenter);
        await expect(lockSigned(terms, signature), name)
          .to.be.revertedWithCustomError(market, "SignedRequestsBadSignature")
          .withArgs(requestId(terms, domain), contract);
      }
    });
  });

  describe("the terms", () => {
    it("must be those of the input", async () => {
      const { market, nodeSigner, operator, signature, terms } = await loadFixture(signed);
      const other = Uint8Array.from(INPUT, (byte) => byte ^ 1);
      await expect(market.connect(nodeSigner).lockSigned(terms, other, signature, operator))
        .to.be.revertedWithCustomError(market, "SignedRequestsOtherInput")
        .withArgs(keccak256(other), terms.inputHash);
    });

    it("must be the publisher's of this moment", async () => {
      const context = await loadFixture(signed);
      const { market, modelRegistry, publisher, terms, lockSigned, lockBent } = context;
      await expect(lockBent({ royalty: 0n }))
        .to.be.revertedWithCustomError(market, "SignedRequestsOtherRoyalty")
        .withArgs(0, opg(1));
      await expect(lockBent({ work: 1n }))
        .to.be.revertedWithCustomError(market, "SignedRequestsOtherWork")
        .withArgs(1, 1_024);
      await modelRegistry.connect(publisher).setPricing(terms.modelId, 1, opg(2));
      await expect(lockSigned(terms))
        .to.be.revertedWithCustomError(market, "SignedRequestsOtherRoyalty")
        .withArgs(opg(1), opg(2));
      await modelRegistry.connect(publisher).retire(terms.modelId);
      await expect(lockSigned(terms)).to.be.revertedWithCustomError(
        modelRegistry,
        "ModelRegistryRetired",
      );
    });

    it("must offer by now what the work costs now", async () => {
      const { market, terms, lockBent } = await loadFixture(signed);
      const least = opg(1) + 1_024n * PARAMETERS.priceRules.floor;
      await expect(lockBent({ maxFee: least - 1n, minFee: 0n }))
        .to.be.revertedWithCustomError(market, "InferenceMarketFeeTooLow")
        .withArgs(least - 1n, least);
      // Half of the way up after 50 of 100 seconds.
      const now = BigInt(await time.latest()) + 100n;
      const ramp = { rampStart: now - 50n, rampSeconds: 100n, minFee: 0n, expiry: now + 60n };
      await time.setNextBlockTimestamp(now);
      await expect(lockBent({ ...ramp, maxFee: 2n * least - 2n }))
        .to.be.revertedWithCustomError(market, "InferenceMarketFeeTooLow")
        .withArgs(least - 1n, least);
      const later = now + 10n;
      await time.setNextBlockTimestamp(later);
      await lockBent({ ...ramp, rampStart: later - 50n, maxFee: 2n * least, salt: terms.salt });
    });

    it("must be sound, as those of any request", async () => {
      const { market, stranger, terms, lockBent } = await loadFixture(signed);
      const { maxFee } = terms;
      const refusals: [Partial<RequestTerms>, string][] = [
        [{ minFee: maxFee + 1n }, "SignedRequestsBadRamp"],
        [{ expiry: terms.rampStart }, "InferenceMarketBadExpiry"],
        [{ expiry: terms.rampStart + BigInt(8 * DAY) }, "InferenceMarketBadExpiry"],
        [{ lockSeconds: 0n }, "InferenceMarketBadLockPeriod"],
        [{ lockSeconds: BigInt(DAY + 1) }, "InferenceMarketBadLockPeriod"],
        [{ callbackGas: 1n }, "InferenceMarketBadCallback"],
        [{ consumer: stranger.address }, "InferenceMarketBadCallback"],
        [{ consumer: stranger.address, callbackGas: 5_000_001n }, "InferenceMarketBadCallback"],
      ];
      for (const [change, error] of refusals) {
        await expect(lockBent(change), error).to.be.revertedWithCustomError(market, error);
      }
    });

    it("cannot be used in the second from which on they count", async () => {
      const { market, terms, lockBent } = await loadFixture(signed);
      const rampStart = terms.rampStart + 100n;
      await time.setNextBlockTimestamp(rampStart);
      await expect(lockBent({ rampStart })).to.be.revertedWithCustomError(
        market,
        "InferenceMarketTooFresh",
      );
    });

    it("cannot make a request of a payer that has no money, or does not let the market have it", async () => {
      const { market, feeEscrow, payer, terms, lockSigned, lockBent } = await loadFixture(signed);
      await expect(lockBent({ maxFee: opg(1_001) }))
        .to.be.revertedWithCustomError(feeEscrow, "FeeEscrowInsufficientBalance")
        .withArgs(payer, opg(1_000), opg(1_001));
      await feeEscrow.connect(payer).authorizeLocker(ZeroAddress);
      await expect(lockSigned(terms))
        .to.be.revertedWithCustomError(feeEscrow, "FeeEscrowLockerNotAuthorized")
        .withArgs(payer, market, ZeroAddress);
    });
  });

  it("is for the node's operator and signer", async () => {
    const { market, nodeRegistry, stranger, operator, terms, signature } =
      await loadFixture(signed);
    await expect(market.connect(stranger).lockSigned(terms, INPUT, signature, operator))
      .to.be.revertedWithCustomError(nodeRegistry, "NodeRegistryNotSigner")
      .withArgs(operator, stranger);
  });

  it("is refused while new requests are paused", async () => {
    const { market, terms, lockSigned } = await loadFixture(signed);
    await market.pause();
    await expect(lockSigned(terms)).to.be.revertedWithCustomError(market, "EnforcedPause");
  });

  it("keeps to what the node lets itself be owed", async () => {
    const { market, feeEscrow, operator, terms, lockSigned } = await loadFixture(signed);
    await feeEscrow.connect(operator).setExposureLimits(0, opg(10) - 1n);
    await expect(lockSigned(terms))
      .to.be.revertedWithCustomError(market, "InferenceMarketOverExposure")
      .withArgs(operator, opg(10), opg(10) - 1n);
    await feeEscrow.connect(operator).setExposureLimits(0, opg(10));
    await lockSigned(terms);
  });

  describe("revoke", () => {
    it("makes the signature worthless", async () => {
      const { market, payer, terms, id, lockSigned } = await loadFixture(signed);
      await expect(market.connect(payer).revoke(terms))
        .to.emit(market, "RequestRevoked")
        .withArgs(id, payer);
      expect((await market.stateOf(id)).status).to.equal(EXPIRED);
      for (const call of [() => lockSigned(terms), () => market.connect(payer).revoke(terms)]) {
        await expect(call())
          .to.be.revertedWithCustomError(market, "InferenceMarketNotOpen")
          .withArgs(id, EXPIRED);
      }
      await expect(market.expire(terms)).to.be.revertedWithCustomError(
        market,
        "InferenceMarketSettled",
      );
    });

    it("is for the payer", async () => {
      const { market, operator, terms, id } = await loadFixture(signed);
      await expect(market.connect(operator).revoke(terms))
        .to.be.revertedWithCustomError(market, "SignedRequestsNotPayer")
        .withArgs(id, operator, terms.payer);
    });

    it("comes too late once the request is made", async () => {
      const { market, payer, terms, id, lockSigned } = await loadFixture(signed);
      await lockSigned(terms);
      await expect(market.connect(payer).revoke(terms))
        .to.be.revertedWithCustomError(market, "InferenceMarketNotOpen")
        .withArgs(id, LOCKED);
    });

    it("cannot end what `request` may still make with the same id", async () => {
      const { market, payer, draft, domain } = await loadFixture(signed);
      const terms = { ...(await draft()), rampStart: BigInt(await time.latest()) + 100n };
      await time.setNextBlockTimestamp(terms.rampStart);
      await expect(market.connect(payer).revoke(terms))
        .to.be.revertedWithCustomError(market, "InferenceMarketTooFresh")
        .withArgs(requestId(terms, domain), terms.rampStart);
    });
  });
});
