import { expect } from "chai";
import { concat, dataLength, dataSlice, getBytes, id, keccak256, Signature, toBeHex } from "ethers";
import {
  receiptDigest,
  receiptDomain,
  RECEIPT_TYPES,
  signAnswer,
  signedReceipt,
  signReceipt,
} from "../../sdk/receipt.ts";
import { roleSet } from "../../sdk/tiers.ts";
import { HostileWallet__factory } from "../../typechain-types/index.js";
import { BEHAVIOURS, REFUSING_BEHAVIOURS } from "../fixtures/channels.ts";
import { openMarket } from "../fixtures/market.ts";
import { ethers, loadFixture, time } from "../fixtures/network.ts";
import { fundedProtocol, opg } from "../fixtures/protocol.ts";

const MARKET = "0x1111111111111111111111111111111111111111";
const OTHER = "0x4444444444444444444444444444444444444444";
const OUTPUT = id("output");

/** Order of the curve's group, about which signatures can be mirrored. */
const KEY_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** Where the signature starts; see ISignedVerifier. */
const SIGNATURE = 68;

describe("SignedVerifier", () => {
  /** A node with its key, and an answer that it signed. */
  async function fixture() {
    const protocol = await fundedProtocol();
    await openMarket(protocol);
    const { signedVerifier: verifier, deployment, operator, nodeSigner, payer } = protocol;
    const claim = {
      market: MARKET,
      modelId: id("model"),
      requestId: id("request"),
      node: operator.address,
      inputHash: keccak256("0x010203"),
    };
    const now = BigInt(await time.latest());
    const statement = {
      payer: payer.address,
      inputUnits: 3n,
      outputUnits: 32n,
      fee: opg(9),
      startedAt: now - 1n,
      completedAt: now,
      seq: 7n,
    };
    const answer = { claim, output: OUTPUT, statement };
    const settlement = { chainId: deployment.chainId, settledBy: MARKET };
    /** What the node would bring for another answer, elsewhere, or with another key. */
    const evidenceFor = async ({
      settledAt = settlement,
      signer = nodeSigner,
      ...changes
    }: Partial<typeof answer> & {
      settledAt?: typeof settlement;
      signer?: typeof nodeSigner;
    } = {}) =>
      // Behind the four bytes of its kind.
      dataSlice(await signAnswer(settledAt, signer, { ...answer, ...changes }), 4);
    const evidence = await evidenceFor();
    return { ...protocol, verifier, settlement, answer, claim, statement, evidence, evidenceFor };
  }

  type Context = Awaited<ReturnType<typeof fixture>>;

  /** Expects that this is taken for somebody else's signature. */
  async function expectBadSignature(
    { verifier, claim, nodeSigner }: Context,
    {
      claimed = claim,
      output = OUTPUT,
      evidence,
      signer = nodeSigner.address,
    }: { claimed?: typeof claim; output?: string; evidence: string; signer?: string },
  ) {
    await expect(verifier.verify(claimed, output, evidence))
      .to.be.revertedWithCustomError(verifier, "SignedVerifierBadSignature")
      .withArgs(claimed.requestId, signer);
  }

  /** Puts a contract in the place of the node's key. */
  async function signingWallet(context: Context) {
    const { nodeRegistry, operator, stranger, governor } = context;
    const wallet = await new HostileWallet__factory(governor).deploy(stranger);
    const signer = await wallet.getAddress();
    const registration = { roles: roleSet("Inference"), signer, endpoint: "" };
    await nodeRegistry.connect(operator).update(registration);
    return { wallet, signer };
  }

  it("accepts what the node's key signed, whoever asks", async () => {
    const { verifier, stranger, claim, evidence } = await loadFixture(fixture);
    expect(dataLength(evidence)).to.equal(SIGNATURE + 64);
    await verifier.connect(stranger).verify(claim, OUTPUT, evidence);
  });

  describe("replayed", () => {
    for (const [part, value] of [
      ["market", OTHER],
      ["modelId", id("another model")],
      ["requestId", id("another request")],
      ["inputHash", id("another input")],
    ] as const) {
      it(`is void for another ${part}`, async () => {
        const context = await loadFixture(fixture);
        const { claim, evidence } = context;
        await expectBadSignature(context, { claimed: { ...claim, [part]: value }, evidence });
      });
    }

    it("is void for another node, even one with the same key", async () => {
      const context = await loadFixture(fixture);
      const { nodeRegistry, otherOperator, nodeSigner, claim, evidence } = context;
      const claimed = { ...claim, node: otherOperator.address };
      await expectBadSignature(context, { claimed, evidence, signer: otherOperator.address });
      const registration = { roles: roleSet("Inference"), signer: nodeSigner, endpoint: "" };
      await nodeRegistry.connect(otherOperator).update(registration);
      await expectBadSignature(context, { claimed, evidence });
    });

    it("is void on another chain, though both would be signed alike", async () => {
      const context = await loadFixture(fixture);
      const { settlement, evidenceFor } = context;
      const evidence = await evidenceFor({ settledAt: { ...settlement, chainId: 8453n } });
      await expectBadSignature(context, { evidence });
    });

    it("is void for any other output", async () => {
      const context = await loadFixture(fixture);
      const { evidence } = context;
      for (const output of ["0x", dataSlice(OUTPUT, 1), concat([OUTPUT, "0x00"]), id("another")])
        await expectBadSignature(context, { output, evidence });
    });

    it("is void if it was signed for another tier", async () => {
      const context = await loadFixture(fixture);
      const { settlement, answer, nodeSigner, evidence } = context;
      for (const tier of [1n, 2n, 3n]) {
        const receipt = { ...signedReceipt(answer), tier };
        const signature = await signReceipt(settlement, nodeSigner, receipt);
        const other = concat([dataSlice(evidence, 0, SIGNATURE), signature]);
        await expectBadSignature(context, { evidence: other });
      }
    });
  });

  describe("forged", () => {
    it("is refused in every byte", async () => {
      const { verifier, claim, evidence } = await loadFixture(fixture);
      for (let i = 0; i < dataLength(evidence); i++) {
        const changed = getBytes(evidence);
        changed[i] = (changed[i] ?? 0) ^ 1;
        await expect(verifier.verify(claim, OUTPUT, changed), `byte ${i}`).to.be.revert(ethers);
      }
    });

    it("is refused with the key of another node, of the operator, and of nobody", async () => {
      const context = await loadFixture(fixture);
      const { otherOperator, operator, evidence, evidenceFor } = context;
      for (const signer of [otherOperator, operator])
        await expectBadSignature(context, { evidence: await evidenceFor({ signer }) });
      const zeros = concat([dataSlice(evidence, 0, SIGNATURE), new Uint8Array(64)]);
      await expectBadSignature(context, { evidence: zeros });
    });

    it("is refused in any other form of the same signature", async () => {
      const context = await loadFixture(fixture);
      const { settlement, answer, nodeSigner, evidence } = context;
      const statement = dataSlice(evidence, 0, SIGNATURE);
      const domain = receiptDomain(settlement);
      const serialized = await nodeSigner.signTypedData(
        domain,
        RECEIPT_TYPES,
        signedReceipt(answer),
      );
      const { r, s, v } = Signature.from(serialized);
      const mirrored = toBeHex(KEY_ORDER - BigInt(s), 32);
      for (const form of [
        serialized,
        concat([r, mirrored]),
        concat([r, mirrored, toBeHex(v === 27 ? 28 : 27)]),
      ])
        await expectBadSignature(context, { evidence: concat([statement, form]) });
    });

    it("is refused if it is too short or too long", async () => {
      const context = await loadFixture(fixture);
      const { verifier, claim, evidence } = context;
      for (const length of [0, 1, SIGNATURE - 1])
        await expect(verifier.verify(claim, OUTPUT, dataSlice(evidence, 0, length)))
          .to.be.revertedWithCustomError(verifier, "SignedVerifierTruncated")
          .withArgs(length, SIGNATURE);
      for (const length of [SIGNATURE, SIGNATURE + 1, SIGNATURE + 63])
        await expectBadSignature(context, { evidence: dataSlice(evidence, 0, length) });
      for (const tail of ["0x00", evidence])
        await expectBadSignature(context, { evidence: concat([evidence, tail]) });
    });
  });

  describe("times", () => {
    it("may be the same, and this moment", async () => {
      const { verifier, claim, statement, evidenceFor } = await loadFixture(fixture);
      const now = statement.completedAt + 100n;
      await time.increaseTo(now);
      const evidence = await evidenceFor({
        statement: { ...statement, startedAt: now, completedAt: now },
      });
      await verifier.verify(claim, OUTPUT, evidence, { blockTag: "latest" });
    });

    it("are refused if the node had the output before it began", async () => {
      const { verifier, claim, statement, evidenceFor } = await loadFixture(fixture);
      const { completedAt } = statement;
      const startedAt = completedAt + 1n;
      const evidence = await evidenceFor({ statement: { ...statement, startedAt } });
      await expect(verifier.verify(claim, OUTPUT, evidence))
        .to.be.revertedWithCustomError(verifier, "SignedVerifierEndsBeforeItStarts")
        .withArgs(completedAt, startedAt);
    });

    it("are refused while they are to come", async () => {
      const { verifier, claim, statement, evidenceFor } = await loadFixture(fixture);
      const completedAt = BigInt(await time.latest()) + 1_000n;
      const evidence = await evidenceFor({ statement: { ...statement, completedAt } });
      const timestamp = completedAt - 1n;
      await time.increaseTo(timestamp);
      await expect(verifier.verify(claim, OUTPUT, evidence, { blockTag: "latest" }))
        .to.be.revertedWithCustomError(verifier, "SignedVerifierFromTheFuture")
        .withArgs(completedAt, timestamp);
      await time.increaseTo(completedAt);
      await verifier.verify(claim, OUTPUT, evidence, { blockTag: "latest" });
    });
  });

  describe("the node's key", () => {
    it("is the one of this moment: what an earlier one signed is void", async () => {
      const context = await loadFixture(fixture);
      const { verifier, nodeRegistry, operator, keeper, claim, evidence, evidenceFor } = context;
      const registration = { roles: roleSet("Inference"), signer: keeper, endpoint: "" };
      await nodeRegistry.connect(operator).update(registration);
      await expectBadSignature(context, { evidence, signer: keeper.address });
      await verifier.verify(claim, OUTPUT, await evidenceFor({ signer: keeper }));
    });

    it("is nobody's if the node left", async () => {
      const { verifier, nodeRegistry, operator, claim, evidence } = await loadFixture(fixture);
      await nodeRegistry.connect(operator).exit();
      await expect(verifier.verify(claim, OUTPUT, evidence))
        .to.be.revertedWithCustomError(nodeRegistry, "NodeRegistryNotRegistered")
        .withArgs(operator.address);
    });
  });

  describe("a wallet as the node's key", () => {
    it("signs as it likes, in any length", async () => {
      const context = await loadFixture(fixture);
      const { verifier, stranger, settlement, answer, claim, evidence } = context;
      const { wallet, signer } = await signingWallet(context);
      const statement = dataSlice(evidence, 0, SIGNATURE);
      const domain = receiptDomain(settlement);
      const owners = await stranger.signTypedData(domain, RECEIPT_TYPES, signedReceipt(answer));
      expect(
        await wallet.isValidSignature(receiptDigest(settlement, signedReceipt(answer)), owners),
      ).to.equal("0x1626ba7e");
      await verifier.verify(claim, OUTPUT, concat([statement, owners]));
      await expectBadSignature(context, { evidence, signer });
      await wallet.behave(BEHAVIOURS.AcceptAll, signer, "0x");
      for (const signature of ["0x", "0x01", new Uint8Array(1_000)])
        await verifier.verify(claim, OUTPUT, concat([statement, signature]));
    });

    for (const behaviour of REFUSING_BEHAVIOURS) {
      it(`is not believed, and costs little: ${behaviour}`, async () => {
        const context = await loadFixture(fixture);
        const { verifier, feeEscrow, provider, stranger, claim, evidence } = context;
        const { wallet, signer } = await signingWallet(context);
        // Where it re-enters, with a call that would succeed.
        const inner = feeEscrow.interface.encodeFunctionData("authorizeLocker", [MARKET]);
        await wallet.behave(BEHAVIOURS[behaviour], feeEscrow, inner);
        await expectBadSignature(context, { evidence, signer });
        const data = verifier.interface.encodeFunctionData("verify", [claim, OUTPUT, evidence]);
        // It fails, and is mined all the same.
        const call = { to: verifier, data, gasLimit: 1_000_000 };
        await expect(stranger.sendTransaction(call)).to.be.revert(ethers);
        const block = await provider.getBlock("latest");
        expect(block?.transactions).to.have.lengthOf(1);
        expect(block?.gasUsed).to.be.lessThan(200_000n);
      });
    }

    it("that says yes at length is taken at its word, and not copied", async () => {
      const context = await loadFixture(fixture);
      const { verifier, stranger, claim, evidence } = context;
      const { wallet, signer } = await signingWallet(context);
      await wallet.behave(BEHAVIOURS.ReturnBomb, signer, "0x");
      const data = verifier.interface.encodeFunctionData("verify", [claim, OUTPUT, evidence]);
      const receipt = await (await stranger.sendTransaction({ to: verifier, data })).wait();
      expect(receipt?.gasUsed).to.be.lessThan(200_000n);
    });

    it("is not disbelieved because the caller brought too little gas", async () => {
      const context = await loadFixture(fixture);
      const { verifier, claim, evidence } = context;
      await signingWallet(context);
      await expect(
        verifier.verify(claim, OUTPUT, evidence, { gasLimit: 180_000 }),
      ).to.be.revertedWithCustomError(verifier, "BoundedCallInsufficientGas");
    });
  });
});
