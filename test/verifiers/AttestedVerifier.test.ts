import { expect } from "chai";
import {
  concat,
  dataLength,
  dataSlice,
  getBytes,
  id,
  keccak256,
  Signature,
  toBeHex,
  Wallet,
  type BaseWallet,
} from "ethers";
import {
  attestedReceipt,
  RECEIPT_TYPES,
  receiptDomain,
  signAttestedAnswer,
  signReceipt,
} from "../../sdk/receipt.ts";
import { attest, attestedMarket } from "../fixtures/attested.ts";
import { ethers, loadFixture, time } from "../fixtures/network.ts";
import { opg } from "../fixtures/protocol.ts";

const MARKET = "0x1111111111111111111111111111111111111111";
const OTHER = "0x4444444444444444444444444444444444444444";
const OUTPUT = id("output");

/** Order of the curve's group, about which signatures can be mirrored. */
const KEY_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** Where the signature starts, and how long evidence is; see IAttestedVerifier. */
const SIGNATURE = 100;
const SIZE = 164;

describe("AttestedVerifier", () => {
  /** A registered enclave, and an answer that it signed. */
  async function fixture() {
    const protocol = await attestedMarket();
    const { attestedVerifier: verifier, deployment, operator, payer, enclave } = protocol;
    await time.increase(100);
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
      evidenceHash: id("evidence"),
    };
    const answer = { claim, output: OUTPUT, statement };
    const settlement = { chainId: deployment.chainId, settledBy: MARKET };
    const evidenceFor = async ({
      settledAt = settlement,
      signer = enclave,
      ...changes
    }: Partial<typeof answer> & { settledAt?: typeof settlement; signer?: BaseWallet } = {}) =>
      // Behind the four bytes of its kind.
      dataSlice(await signAttestedAnswer(settledAt, signer, { ...answer, ...changes }), 4);
    const evidence = await evidenceFor();
    return { ...protocol, verifier, settlement, answer, claim, statement, evidence, evidenceFor };
  }

  type Context = Awaited<ReturnType<typeof fixture>>;

  /** Expects that the key which this recovers to is nobody's. */
  async function expectUnknownKey(
    { verifier, registry, claim }: Context,
    changes: { claimed?: typeof claim; output?: string; evidence: string },
  ) {
    const { claimed = claim, output = OUTPUT, evidence } = changes;
    await expect(verifier.verify(claimed, output, evidence)).to.be.revertedWithCustomError(
      registry,
      "EnclaveRegistryKeyUnknown",
    );
  }

  it("accepts what the enclave's key signed, whoever asks", async () => {
    const { verifier, stranger, claim, evidence } = await loadFixture(fixture);
    expect(dataLength(evidence)).to.equal(SIZE);
    await verifier.connect(stranger).verify(claim, OUTPUT, evidence);
  });

  it("accepts an empty output that was signed as such", async () => {
    const { verifier, claim, evidenceFor } = await loadFixture(fixture);
    await verifier.verify(claim, "0x", await evidenceFor({ output: "0x" }));
  });

  describe("replayed", () => {
    for (const [part, value] of [
      ["market", OTHER],
      ["modelId", id("another model")],
      ["requestId", id("another request")],
      ["inputHash", id("another input")],
      ["node", OTHER],
    ] as const) {
      it(`is void for another ${part}`, async () => {
        const context = await loadFixture(fixture);
        const { claim, evidence } = context;
        await expectUnknownKey(context, { claimed: { ...claim, [part]: value }, evidence });
      });
    }

    it("is void on another chain, though both would be signed alike", async () => {
      const context = await loadFixture(fixture);
      const { settlement, evidenceFor } = context;
      const evidence = await evidenceFor({ settledAt: { ...settlement, chainId: 8453n } });
      await expectUnknownKey(context, { evidence });
    });

    it("is void for any other output", async () => {
      const context = await loadFixture(fixture);
      const { evidence } = context;
      for (const output of ["0x", dataSlice(OUTPUT, 1), concat([OUTPUT, "0x00"]), id("another")])
        await expectUnknownKey(context, { output, evidence });
    });

    it("is void if it was signed for another tier", async () => {
      const context = await loadFixture(fixture);
      const { settlement, answer, enclave, evidence } = context;
      for (const tier of [0n, 2n, 3n]) {
        const receipt = { ...attestedReceipt(answer), tier };
        const signature = await signReceipt(settlement, enclave, receipt);
        const other = concat([dataSlice(evidence, 0, SIGNATURE), signature]);
        await expectUnknownKey(context, { evidence: other });
      }
    });
  });

  describe("forged", () => {
    it("is refused in every byte", async () => {
      const { verifier, claim, evidence } = await loadFixture(fixture);
      for (let i = 0; i < SIZE; i++) {
        const changed = getBytes(evidence);
        changed[i] = (changed[i] ?? 0) ^ 1;
        await expect(verifier.verify(claim, OUTPUT, changed), `byte ${i}`).to.be.revert(ethers);
      }
    });

    it("is refused with the key of somebody who is no enclave", async () => {
      const context = await loadFixture(fixture);
      const { registry, verifier, claim, evidenceFor } = context;
      const signer = Wallet.createRandom();
      await expect(verifier.verify(claim, OUTPUT, await evidenceFor({ signer })))
        .to.be.revertedWithCustomError(registry, "EnclaveRegistryKeyUnknown")
        .withArgs(signer);
    });

    it("is refused with the key of another operator's enclave", async () => {
      const context = await loadFixture(fixture);
      const { registry, verifier, claim, operator, otherOperator, evidenceFor } = context;
      const signer = Wallet.createRandom();
      await attest(context, signer, { operator: otherOperator.address });
      const now = BigInt(await time.latest());
      const statement = { ...context.statement, completedAt: now };
      await expect(verifier.verify(claim, OUTPUT, await evidenceFor({ signer, statement })))
        .to.be.revertedWithCustomError(registry, "EnclaveRegistryWrongOperator")
        .withArgs(signer, otherOperator, operator);
    });

    it("is refused with no signature, and with the mirror image of one", async () => {
      const { verifier, settlement, answer, claim, enclave, evidence } = await loadFixture(fixture);
      const { r, s, v } = Signature.from(
        await enclave.signTypedData(
          receiptDomain(settlement),
          RECEIPT_TYPES,
          attestedReceipt(answer),
        ),
      );
      const signedWith = (signature: string) =>
        verifier.verify(claim, OUTPUT, concat([dataSlice(evidence, 0, SIGNATURE), signature]));
      for (const signature of [
        concat([new Uint8Array(64)]),
        concat([r, new Uint8Array(32)]),
        concat([new Uint8Array(32), s]),
        // Not below the group's order.
        concat([new Uint8Array(32).fill(0xff), s]),
      ])
        await expect(signedWith(signature))
          .to.be.revertedWithCustomError(verifier, "AttestedVerifierBadSignature")
          .withArgs(claim.requestId);
      const mirrored = KEY_ORDER - BigInt(s);
      const parity = v === 27 ? 1n << 255n : 0n;
      for (const vs of [mirrored, mirrored | parity])
        await expect(signedWith(concat([r, toBeHex(vs, 32)]))).to.be.revert(ethers);
    });

    it("is refused if it is too short or too long", async () => {
      const { verifier, claim, evidence } = await loadFixture(fixture);
      const parts = [0, 1, 68, SIGNATURE, SIZE - 1].map((end) => dataSlice(evidence, 0, end));
      for (const other of [...parts, concat([evidence, "0x00"]), concat([evidence, evidence])])
        await expect(verifier.verify(claim, OUTPUT, other))
          .to.be.revertedWithCustomError(verifier, "AttestedVerifierBadLength")
          .withArgs(dataLength(other), SIZE);
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

    it("are refused if the enclave had the output before it began", async () => {
      const { verifier, claim, statement, evidenceFor } = await loadFixture(fixture);
      const { completedAt } = statement;
      const startedAt = completedAt + 1n;
      const evidence = await evidenceFor({ statement: { ...statement, startedAt } });
      await expect(verifier.verify(claim, OUTPUT, evidence))
        .to.be.revertedWithCustomError(verifier, "AttestedVerifierEndsBeforeItStarts")
        .withArgs(completedAt, startedAt);
    });

    it("are refused while they are to come", async () => {
      const { verifier, claim, statement, evidenceFor } = await loadFixture(fixture);
      const completedAt = BigInt(await time.latest()) + 1_000n;
      const evidence = await evidenceFor({ statement: { ...statement, completedAt } });
      const timestamp = completedAt - 1n;
      await time.increaseTo(timestamp);
      await expect(verifier.verify(claim, OUTPUT, evidence, { blockTag: "latest" }))
        .to.be.revertedWithCustomError(verifier, "AttestedVerifierFromTheFuture")
        .withArgs(completedAt, timestamp);
      await time.increaseTo(completedAt);
      await verifier.verify(claim, OUTPUT, evidence, { blockTag: "latest" });
    });

    it("are refused once they are older than a lock can be", async () => {
      const { verifier, claim, statement, evidence } = await loadFixture(fixture);
      const { completedAt } = statement;
      const age = await verifier.MAX_RECEIPT_AGE();
      expect(age).to.equal(90_000n);
      await time.increaseTo(completedAt + age);
      await verifier.verify(claim, OUTPUT, evidence, { blockTag: "latest" });
      await time.increaseTo(completedAt + age + 1n);
      await expect(verifier.verify(claim, OUTPUT, evidence, { blockTag: "latest" }))
        .to.be.revertedWithCustomError(verifier, "AttestedVerifierTooOld")
        .withArgs(completedAt, completedAt + 1n);
    });

    it("must be those at which the key counted, to the second", async () => {
      const { verifier, registry, enclave, claim, statement, evidenceFor } =
        await loadFixture(fixture);
      const { from, until } = await registry.enclave(enclave);
      for (const completedAt of [from - 1n, from, until - 1n, until]) {
        await time.increaseTo(completedAt + 200n);
        const startedAt = from - 10n;
        const evidence = await evidenceFor({ statement: { ...statement, startedAt, completedAt } });
        const verified = verifier.verify(claim, OUTPUT, evidence, { blockTag: "latest" });
        if (completedAt >= from && completedAt < until) await verified;
        else
          await expect(verified)
            .to.be.revertedWithCustomError(registry, "EnclaveRegistryNotAttested")
            .withArgs(enclave, completedAt, from, until);
      }
    });
  });
});
