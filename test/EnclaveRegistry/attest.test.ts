import { expect } from "chai";
import { concat, hexlify, id, randomBytes, Wallet, ZeroAddress, ZeroHash } from "ethers";
import { bindingHash, MEASUREMENT_KINDS } from "../../sdk/enclave.ts";
import {
  approvalOf,
  approvedRegistry,
  documentOf,
  KEY_LIFETIME,
  PCRS,
  publicKeyOf,
  TLS_KEY_HASH,
  type DocumentChanges,
} from "../fixtures/attested.ts";
import { ethers, loadFixture, networkHelpers, time } from "../fixtures/network.ts";

const { Nitro, Tdx, NitroSim, TdxSim } = MEASUREMENT_KINDS;

/** One by one: many at once are not possible under the rules of Base's kind of chain. */
async function mineUntil(blockNumber: number): Promise<void> {
  while ((await ethers.provider.getBlockNumber()) < blockNumber) await networkHelpers.mine();
}

/** EIP-2935's contract, which Base has and the simulated chain has not: where it is, its code, and how much it remembers. */
const HISTORY = "0x0000F90827F1C53a10cb7A02335B175320002935";
const HISTORY_CODE =
  "0x3373fffffffffffffffffffffffffffffffffffffffe14604657602036036042575f35600143038111604257611fff81430311604257611fff9006545f5260205ff35b5f5ffd5b5f35611fff60014303065500";
const HISTORY_LENGTH = 8_191;

/** Lets that contract know the hash of a block, as the chain itself would. */
async function rememberHash(blockNumber: number): Promise<void> {
  const block = await ethers.provider.getBlock(blockNumber);
  await networkHelpers.setCode(HISTORY, HISTORY_CODE);
  await networkHelpers.setStorageAt(HISTORY, blockNumber % HISTORY_LENGTH, block?.hash ?? ZeroHash);
}

describe("EnclaveRegistry: attest", () => {
  const enclave = Wallet.createRandom();

  async function brought(changes: DocumentChanges = {}) {
    const context = await loadFixture(approvedRegistry);
    return { ...context, ...(await documentOf(context, enclave, changes)) };
  }

  type Context = Awaited<ReturnType<typeof brought>>;

  const attest = ({ registry, stranger, kind, binding, document }: Context) =>
    registry.connect(stranger).attestNitro(kind, binding, document, []);

  it("registers the key in a document, whoever brings it", async () => {
    const context = await brought();
    const { registry, operator, measurementId, payloadHash } = context;
    const now = BigInt(await time.latest()) + 1n;
    await expect(attest(context))
      .to.emit(registry, "EnclaveAttested")
      .withArgs(enclave, operator, measurementId, NitroSim, TLS_KEY_HASH, now + KEY_LIFETIME);
    expect(await registry.enclave(enclave)).to.deep.equal([
      operator.address,
      now,
      now + KEY_LIFETIME,
      false,
      measurementId,
    ]);
    expect(await registry.isDocumentUsed(payloadHash)).to.equal(true);
  });

  it("tells the key that it registers", async () => {
    const { registry, kind, binding, document } = await brought();
    expect(await registry.attestNitro.staticCall(kind, binding, document, [])).to.equal(
      enclave.address,
    );
  });

  it("takes a key with the tag of an uncompressed point", async () => {
    const context = await brought({ publicKey: enclave.signingKey.publicKey });
    await attest(context);
    expect((await context.registry.enclave(enclave)).operator).to.equal(context.operator.address);
  });

  for (const [what, publicKey] of [
    ["none", "0x"],
    ["a short one", concat([publicKeyOf(enclave).slice(0, 128)])],
    ["one of 65 bytes with another tag", concat(["0x03", publicKeyOf(enclave)])],
    ["one of 66 bytes", concat(["0x0404", publicKeyOf(enclave)])],
    ["a compressed one", enclave.signingKey.compressedPublicKey],
  ] as const) {
    it(`refuses a document with no key of secp256k1: ${what}`, async () => {
      const context = await brought({ publicKey });
      await expect(attest(context))
        .to.be.revertedWithCustomError(context.registry, "EnclaveRegistryBadPublicKey")
        .withArgs(publicKey);
    });
  }

  describe("a document for somebody else", () => {
    it("is refused for another operator: it names its own", async () => {
      const { registry, kind, binding, document, otherOperator } = await brought();
      const { operator, tlsKeyHash } = binding;
      const stolen = { ...binding, operator: otherOperator.address };
      await expect(registry.attestNitro(kind, stolen, document, []))
        .to.be.revertedWithCustomError(registry, "EnclaveRegistryWrongUserData")
        .withArgs(
          await registry.bindingHash(operator, tlsKeyHash),
          await registry.bindingHash(otherOperator, tlsKeyHash),
        );
    });

    it("is refused with another TLS key", async () => {
      const { registry, kind, binding, document } = await brought();
      const other = { ...binding, tlsKeyHash: id("another TLS key") };
      await expect(registry.attestNitro(kind, other, document, [])).to.be.revertedWithCustomError(
        registry,
        "EnclaveRegistryWrongUserData",
      );
    });

    it("is refused if it was made for another chain, or for another registry", async () => {
      const { registry, deployment, operator } = await loadFixture(approvedRegistry);
      const terms = {
        chainId: deployment.chainId,
        registry: deployment.addresses.enclaveRegistry,
        operator: operator.address,
        tlsKeyHash: TLS_KEY_HASH,
      };
      expect(bindingHash(terms)).to.equal(await registry.bindingHash(operator, TLS_KEY_HASH));
      for (const changed of [
        { ...terms, chainId: 8453n },
        { ...terms, registry: deployment.addresses.nodeRegistry },
      ]) {
        const context = await brought({ userData: bindingHash(changed) });
        await expect(attest(context))
          .to.be.revertedWithCustomError(registry, "EnclaveRegistryWrongUserData")
          .withArgs(bindingHash(changed), bindingHash(terms));
      }
    });

    it("is refused with user data of another length", async () => {
      const { registry, operator } = await loadFixture(approvedRegistry);
      const wanted = await registry.bindingHash(operator, TLS_KEY_HASH);
      for (const userData of ["0x", wanted.slice(0, 64), concat([wanted, "0x00"])]) {
        const context = await brought({ userData });
        await expect(attest(context))
          .to.be.revertedWithCustomError(registry, "EnclaveRegistryWrongUserData")
          .withArgs(userData, wanted);
      }
    });

    it("is refused for nobody", async () => {
      const context = await brought({ operator: ZeroAddress });
      await expect(attest(context)).to.be.revertedWithCustomError(
        context.registry,
        "EnclaveRegistryNoOperator",
      );
    });
  });

  describe("freshness", () => {
    it("ends with the document's thirtieth minute", async () => {
      for (const [age, isTaken] of [
        [1_800n, true],
        [1_801n, false],
      ] as const) {
        const context = await loadFixture(approvedRegistry);
        const now = BigInt(await time.latest()) + 100n;
        const timestamp = now - age;
        const found = await documentOf(context, enclave, { timestamp });
        await time.setNextBlockTimestamp(now);
        const attested = attest({ ...context, ...found });
        if (isTaken) await attested;
        else
          await expect(attested)
            .to.be.revertedWithCustomError(context.registry, "EnclaveRegistryBadTime")
            .withArgs(timestamp, now - 1_800n, now + 300n);
      }
    });

    it("allows the document's clock to be five minutes ahead", async () => {
      for (const [lead, isTaken] of [
        [300n, true],
        [301n, false],
      ] as const) {
        const context = await loadFixture(approvedRegistry);
        const now = BigInt(await time.latest()) + 100n;
        const found = await documentOf(context, enclave, { timestamp: now + lead });
        await time.setNextBlockTimestamp(now);
        const attested = attest({ ...context, ...found });
        if (isTaken) await attested;
        else
          await expect(attested)
            .to.be.revertedWithCustomError(context.registry, "EnclaveRegistryBadTime")
            .withArgs(now + lead, now - 1_800n, now + 300n);
      }
    });

    it("ends when the block that it names is 900 old", async () => {
      const context = await brought();
      const { registry, binding } = context;
      const { blockNumber } = binding;
      await rememberHash(blockNumber);
      await mineUntil(blockNumber + 899);
      const snapshot = await networkHelpers.takeSnapshot();
      await attest(context);
      await snapshot.restore();
      await mineUntil(blockNumber + 900);
      await expect(attest(context))
        .to.be.revertedWithCustomError(registry, "EnclaveRegistryBadBlock")
        .withArgs(blockNumber, blockNumber + 1, blockNumber + 900);
    });

    it("ends after 256 blocks where the chain remembers no more", async () => {
      const context = await brought();
      const { registry, binding } = context;
      const { blockNumber } = binding;
      await mineUntil(blockNumber + 255);
      const snapshot = await networkHelpers.takeSnapshot();
      await attest(context);
      await snapshot.restore();
      await mineUntil(blockNumber + 256);
      await expect(attest(context))
        .to.be.revertedWithCustomError(registry, "EnclaveRegistryBadBlock")
        .withArgs(blockNumber, 0, blockNumber + 256);
    });

    it("is not shown by a block that is yet to come, or by this one", async () => {
      const context = await brought();
      const { registry, binding } = context;
      const next = (await ethers.provider.getBlockNumber()) + 1;
      for (const blockNumber of [BigInt(next), BigInt(next + 1), 2n ** 256n - 1n]) {
        await expect(
          registry.attestNitro(context.kind, { ...binding, blockNumber }, context.document, []),
        )
          .to.be.revertedWithCustomError(registry, "EnclaveRegistryBadBlock")
          .withArgs(blockNumber, 0, next - 1);
      }
    });

    it("is not shown by another block than the one that is named", async () => {
      const context = await brought();
      const { registry, binding, operator } = context;
      await networkHelpers.mine();
      const latest = await ethers.provider.getBlock("latest");
      if (latest?.hash == null) throw new Error("no block");
      const expected = await registry.bindingHash(operator, TLS_KEY_HASH);
      const other = { ...binding, blockNumber: latest.number };
      const named = await ethers.provider.getBlock(binding.blockNumber);
      await expect(registry.attestNitro(context.kind, other, context.document, []))
        .to.be.revertedWithCustomError(registry, "EnclaveRegistryWrongNonce")
        .withArgs(
          await registry.nonceOf(named?.hash ?? ZeroHash, expected),
          await registry.nonceOf(latest.hash, expected),
        );
    });

    it("is not shown by a nonce of another length", async () => {
      for (const nonce of ["0x", hexlify(randomBytes(31)), hexlify(randomBytes(33))]) {
        const context = await brought({ nonce });
        await expect(attest(context)).to.be.revertedWithCustomError(
          context.registry,
          "EnclaveRegistryWrongNonce",
        );
      }
    });
  });

  describe("once", () => {
    it("takes a document once, also with the twin of its signature", async () => {
      const context = await brought();
      const { registry, payloadHash } = context;
      await attest(context);
      await expect(attest(context))
        .to.be.revertedWithCustomError(registry, "EnclaveRegistryKeyKnown")
        .withArgs(enclave);
      // The twin: other bytes, the same payload. It would do to renew.
      const twin = await documentOf(context, enclave, { payloadHash });
      await expect(registry.renewNitro(twin.kind, twin.binding, twin.document, []))
        .to.be.revertedWithCustomError(registry, "EnclaveRegistryDocumentUsed")
        .withArgs(payloadHash);
    });

    it("takes a key once, also for another operator", async () => {
      const context = await brought();
      const { registry, otherOperator } = context;
      await attest(context);
      const again = await documentOf(context, enclave, { operator: otherOperator.address });
      await expect(attest({ ...context, ...again }))
        .to.be.revertedWithCustomError(registry, "EnclaveRegistryKeyKnown")
        .withArgs(enclave);
    });

    it("does not use up a document that it refuses", async () => {
      const context = await brought();
      const { registry, binding, document, kind, otherOperator, payloadHash } = context;
      await expect(
        registry.attestNitro(kind, { ...binding, operator: otherOperator.address }, document, []),
      ).to.be.revert(ethers);
      expect(await registry.isDocumentUsed(payloadHash)).to.equal(false);
      await attest(context);
    });
  });

  describe("code", () => {
    it("must be approved", async () => {
      const pcrs = concat([PCRS.slice(0, -2), "0x00"]);
      const context = await brought({ pcrs });
      const { registry } = context;
      await expect(attest(context))
        .to.be.revertedWithCustomError(registry, "MeasurementPolicyUnknown")
        .withArgs(await registry.measurementIdOf(NitroSim, pcrs));
    });

    it("must be trusted already, and still", async () => {
      const context = await loadFixture(approvedRegistry);
      const { registry } = context;
      const registers = concat([new Uint8Array(144).fill(7)]);
      const from = BigInt(await time.latest()) + 100n;
      const until = from + 1_000n;
      await registry.approveMeasurement(approvalOf({ registers, from, until }));
      const measurementId = await registry.measurementIdOf(NitroSim, registers);
      for (const timestamp of [from - 1n, from + 1n, until - 2n, until]) {
        const key = Wallet.createRandom();
        const found = await documentOf(context, key, { pcrs: registers });
        await time.setNextBlockTimestamp(timestamp);
        const attested = attest({ ...context, ...found });
        if (timestamp >= from && timestamp < until) await attested;
        else
          await expect(attested)
            .to.be.revertedWithCustomError(registry, "MeasurementPolicyNotTrusted")
            .withArgs(measurementId, timestamp, from, until);
      }
    });

    it("is not trusted in debug mode: no register may be zero", async () => {
      for (const zero of [0, 1, 2]) {
        const registers = [0, 1, 2].map((i) => new Uint8Array(48).fill(i === zero ? 0 : 9));
        const pcrs = concat(registers);
        const context = await brought({ pcrs });
        await expect(attest(context))
          .to.be.revertedWithCustomError(context.registry, "MeasurementPolicyNotMeasured")
          .withArgs(NitroSim, pcrs);
      }
    });
  });

  describe("hardware", () => {
    it("is asked for where there is a verifier for it", async () => {
      const context = await brought();
      await expect(attest({ ...context, kind: Nitro }))
        .to.be.revertedWithCustomError(context.registry, "EnclaveRegistryNoVerifier")
        .withArgs(Nitro);
    });

    it("of one kind has no documents of another", async () => {
      const context = await brought();
      const { registry, binding } = context;
      for (const kind of [Tdx, TdxSim])
        await expect(attest({ ...context, kind }))
          .to.be.revertedWithCustomError(registry, "EnclaveRegistryWrongKind")
          .withArgs(kind);
      for (const kind of [Nitro, NitroSim])
        await expect(registry.attestTdx(kind, binding, enclave, "0x"))
          .to.be.revertedWithCustomError(registry, "EnclaveRegistryWrongKind")
          .withArgs(kind);
    });
  });
});
