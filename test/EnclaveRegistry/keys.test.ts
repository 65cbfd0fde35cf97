import { expect } from "chai";
import { concat, id, Wallet, ZeroHash } from "ethers";
import { roleSet } from "../../sdk/tiers.ts";
import {
  approvalOf,
  attest,
  attestedMarket,
  documentOf,
  KEY_LIFETIME,
  PCRS,
  TLS_KEY_HASH,
  type DocumentChanges,
} from "../fixtures/attested.ts";
import { loadFixture, time } from "../fixtures/network.ts";

const HOUR = 3_600n;

describe("EnclaveRegistry: keys", () => {
  async function fixture() {
    const context = await attestedMarket();
    const { registry, enclave } = context;
    const { from, until } = await registry.enclave(enclave);
    /** Renews a key, in a block of this time if there is one. */
    const renew = async (changes: DocumentChanges = {}, key = enclave) => {
      const { kind, binding, document } = await documentOf(context, key, changes);
      if (changes.timestamp !== undefined) await time.setNextBlockTimestamp(changes.timestamp);
      return registry.connect(context.stranger).renewNitro(kind, binding, document, []);
    };
    const modelId = id("any model");
    /** Whether a receipt of this time counts. */
    const counts = async (timestamp: bigint, key = enclave) => {
      const isAttested = await registry.isAttestedAt(key, timestamp);
      try {
        await registry.requireAttested(key, context.operator, modelId, timestamp);
        expect(isAttested).to.equal(true);
      } catch {
        expect(isAttested).to.equal(false);
      }
      return isAttested;
    };
    return { ...context, from, until, renew, counts, modelId };
  }

  describe("a key's time", () => {
    it("begins with its attestation and ends to the second", async () => {
      const { registry, operator, enclave, modelId, from, until, counts } =
        await loadFixture(fixture);
      expect(until).to.equal(from + KEY_LIFETIME);
      expect([
        await counts(from - 1n),
        await counts(from),
        await counts(until - 1n),
        await counts(until),
      ]).to.deep.equal([false, true, true, false]);
      for (const timestamp of [0n, from - 1n, until, 2n ** 64n - 1n])
        await expect(registry.requireAttested(enclave, operator, modelId, timestamp))
          .to.be.revertedWithCustomError(registry, "EnclaveRegistryNotAttested")
          .withArgs(enclave, timestamp, from, until);
    });

    it("is over for a key that nobody attested", async () => {
      const { registry, operator, modelId, counts } = await loadFixture(fixture);
      const key = Wallet.createRandom();
      expect(await counts(BigInt(await time.latest()), key)).to.equal(false);
      await expect(registry.requireAttested(key, operator, modelId, 0))
        .to.be.revertedWithCustomError(registry, "EnclaveRegistryKeyUnknown")
        .withArgs(key);
      expect(await registry.enclave(key)).to.deep.equal([
        "0x0000000000000000000000000000000000000000",
        0n,
        0n,
        false,
        ZeroHash,
      ]);
    });

    it("counts for its operator and nobody else", async () => {
      const { registry, operator, otherOperator, enclave, modelId, from } =
        await loadFixture(fixture);
      await expect(registry.requireAttested(enclave, otherOperator, modelId, from))
        .to.be.revertedWithCustomError(registry, "EnclaveRegistryWrongOperator")
        .withArgs(enclave, operator, otherOperator);
    });
  });

  describe("renew", () => {
    it("moves the end, and leaves no gap", async () => {
      const { registry, enclave, until, from, counts, renew } = await loadFixture(fixture);
      const now = until - HOUR;
      const tlsKeyHash = id("another TLS key");
      await expect(renew({ timestamp: now, tlsKeyHash }))
        .to.emit(registry, "EnclaveRenewed")
        .withArgs(enclave, tlsKeyHash, now + KEY_LIFETIME);
      expect((await registry.enclave(enclave)).from).to.equal(from);
      for (const timestamp of [from, until, now + KEY_LIFETIME - 1n])
        expect(await counts(timestamp)).to.equal(true);
      expect(await counts(now + KEY_LIFETIME)).to.equal(false);
    });

    it("does so in the last second of its life, and never after", async () => {
      const { registry, enclave, until, renew } = await loadFixture(fixture);
      await expect(renew({ timestamp: until }))
        .to.be.revertedWithCustomError(registry, "EnclaveRegistryKeyOver")
        .withArgs(enclave, until);
      const again = await loadFixture(fixture);
      await again.renew({ timestamp: until - 1n });
      expect((await registry.enclave(enclave)).until).to.equal(until - 1n + KEY_LIFETIME);
    });

    it("never shortens a life, if keys live shorter by now", async () => {
      const { registry, enclave, until, renew } = await loadFixture(fixture);
      await expect(registry.setKeyLifetime(HOUR))
        .to.emit(registry, "KeyLifetimeChanged")
        .withArgs(HOUR);
      expect(await registry.keyLifetime()).to.equal(HOUR);
      await renew();
      expect((await registry.enclave(enclave)).until).to.equal(until);
    });

    it("is for the same operator", async () => {
      const { registry, operator, otherOperator, enclave, renew } = await loadFixture(fixture);
      await expect(renew({ operator: otherOperator.address }))
        .to.be.revertedWithCustomError(registry, "EnclaveRegistryWrongOperator")
        .withArgs(enclave, operator, otherOperator);
    });

    it("is for the same code, though other code is trusted too", async () => {
      const { registry, enclave, measurementId, renew } = await loadFixture(fixture);
      const pcrs = concat([new Uint8Array(144).fill(5)]);
      await registry.approveMeasurement(approvalOf({ registers: pcrs }));
      await expect(renew({ pcrs }))
        .to.be.revertedWithCustomError(registry, "EnclaveRegistryWrongMeasurement")
        .withArgs(enclave, measurementId, await registry.measurementIdOf(2, pcrs));
    });

    it("is for code that is still trusted", async () => {
      const { registry, measurementId, renew } = await loadFixture(fixture);
      await registry.sunsetMeasurement(measurementId, (await time.latest()) + 1);
      await expect(renew()).to.be.revertedWithCustomError(registry, "MeasurementPolicyNotTrusted");
    });

    it("is for keys that are known", async () => {
      const { registry, renew } = await loadFixture(fixture);
      const key = Wallet.createRandom();
      await expect(renew({}, key))
        .to.be.revertedWithCustomError(registry, "EnclaveRegistryKeyUnknown")
        .withArgs(key);
    });

    it("takes a document once", async () => {
      const context = await loadFixture(fixture);
      const { registry, enclave } = context;
      const { kind, binding, document, payloadHash } = await documentOf(context, enclave);
      await registry.renewNitro(kind, binding, document, []);
      await expect(registry.renewNitro(kind, binding, document, []))
        .to.be.revertedWithCustomError(registry, "EnclaveRegistryDocumentUsed")
        .withArgs(payloadHash);
    });
  });

  describe("retire", () => {
    it("ends a key now: what it signed counts, later receipts do not", async () => {
      const { registry, operator, enclave, from, counts } = await loadFixture(fixture);
      const now = from + HOUR;
      await time.setNextBlockTimestamp(now);
      await expect(registry.connect(operator).retire(enclave))
        .to.emit(registry, "EnclaveRetired")
        .withArgs(enclave, now);
      expect([await counts(from), await counts(now - 1n), await counts(now)]).to.deep.equal([
        true,
        true,
        false,
      ]);
    });

    it("is for the operator and its signer", async () => {
      const { registry, nodeSigner, stranger, governor, enclave } = await loadFixture(fixture);
      for (const caller of [stranger, governor])
        await expect(registry.connect(caller).retire(enclave))
          .to.be.revertedWithCustomError(registry, "EnclaveRegistryNotOperator")
          .withArgs(enclave, caller);
      await registry.connect(nodeSigner).retire(enclave);
    });

    it("is for an operator that left the registry, too", async () => {
      const { registry, nodeRegistry, operator, nodeSigner, enclave } = await loadFixture(fixture);
      await nodeRegistry.connect(operator).exit();
      await expect(registry.connect(nodeSigner).retire(enclave))
        .to.be.revertedWithCustomError(nodeRegistry, "NodeRegistryNotRegistered")
        .withArgs(operator);
      await registry.connect(operator).retire(enclave);
    });

    it("is for good: no document brings the key back", async () => {
      const context = await loadFixture(fixture);
      const { registry, operator, enclave, renew } = context;
      await registry.connect(operator).retire(enclave);
      const { until } = await registry.enclave(enclave);
      await expect(renew())
        .to.be.revertedWithCustomError(registry, "EnclaveRegistryKeyOver")
        .withArgs(enclave, until);
      await expect(attest(context, enclave))
        .to.be.revertedWithCustomError(registry, "EnclaveRegistryKeyKnown")
        .withArgs(enclave);
      await expect(registry.connect(operator).retire(enclave))
        .to.be.revertedWithCustomError(registry, "EnclaveRegistryKeyOver")
        .withArgs(enclave, until);
    });

    it("does not move the end of a key that expired", async () => {
      const { registry, operator, enclave, until } = await loadFixture(fixture);
      await time.setNextBlockTimestamp(until);
      await expect(registry.connect(operator).retire(enclave))
        .to.be.revertedWithCustomError(registry, "EnclaveRegistryKeyOver")
        .withArgs(enclave, until);
    });
  });

  describe("revoke", () => {
    it("voids all that a key ever signed, also after its end", async () => {
      const { registry, operator, enclave, modelId, from, until, counts } =
        await loadFixture(fixture);
      await time.setNextBlockTimestamp(until + HOUR);
      await expect(registry.connect(operator).revoke(enclave))
        .to.emit(registry, "EnclaveRevoked")
        .withArgs(enclave);
      for (const timestamp of [from, from + HOUR, until - 1n, 0n]) {
        expect(await counts(timestamp)).to.equal(false);
        await expect(registry.requireAttested(enclave, operator, modelId, timestamp))
          .to.be.revertedWithCustomError(registry, "EnclaveRegistryKeyRevoked")
          .withArgs(enclave);
      }
      expect((await registry.enclave(enclave)).revoked).to.equal(true);
    });

    it("is for the operator and the guardian; not for the operator's signer", async () => {
      const { registry, manager, nodeSigner, stranger, keeper, enclave } =
        await loadFixture(fixture);
      for (const caller of [stranger, nodeSigner])
        await expect(registry.connect(caller).revoke(enclave))
          .to.be.revertedWithCustomError(registry, "AccessManagedUnauthorized")
          .withArgs(caller);
      await manager.grantRole(3, keeper, 0);
      await registry.connect(keeper).revoke(enclave);
    });

    it("is for good", async () => {
      const context = await loadFixture(fixture);
      const { registry, operator, enclave, renew } = context;
      await registry.connect(operator).revoke(enclave);
      await expect(attest(context, enclave)).to.be.revertedWithCustomError(
        registry,
        "EnclaveRegistryKeyKnown",
      );
      for (const call of [
        () => renew(),
        () => registry.connect(operator).retire(enclave),
        () => registry.connect(operator).revoke(enclave),
      ])
        await expect(call())
          .to.be.revertedWithCustomError(registry, "EnclaveRegistryKeyRevoked")
          .withArgs(enclave);
    });

    it("is not for keys that nobody attested, not even for their operator-to-be", async () => {
      const { registry, governor } = await loadFixture(fixture);
      const key = Wallet.createRandom();
      await expect(registry.connect(governor).revoke(key))
        .to.be.revertedWithCustomError(registry, "EnclaveRegistryKeyUnknown")
        .withArgs(key);
    });
  });

  describe("lifetime", () => {
    it("is governance's, within bounds", async () => {
      const { registry, stranger, governor } = await loadFixture(fixture);
      const [shortest, longest] = [HOUR, 30n * 86_400n];
      for (const lifetime of [0n, shortest - 1n, longest + 1n])
        await expect(registry.connect(governor).setKeyLifetime(lifetime))
          .to.be.revertedWithCustomError(registry, "EnclaveRegistryBadLifetime")
          .withArgs(lifetime, shortest, longest);
      for (const lifetime of [shortest, longest]) await registry.setKeyLifetime(lifetime);
      await expect(registry.connect(stranger).setKeyLifetime(HOUR))
        .to.be.revertedWithCustomError(registry, "AccessManagedUnauthorized")
        .withArgs(stranger);
    });

    it("changes nothing for keys that live", async () => {
      const context = await loadFixture(fixture);
      const { registry, enclave, until } = context;
      await registry.setKeyLifetime(HOUR);
      expect((await registry.enclave(enclave)).until).to.equal(until);
      const next = Wallet.createRandom();
      await attest(context, next);
      const found = await registry.enclave(next);
      expect(found.until - found.from).to.equal(HOUR);
    });
  });

  it("belongs to the operator that the document names, whatever it registers later", async () => {
    const { registry, nodeRegistry, operator, nodeSigner, enclave, from, modelId } =
      await loadFixture(fixture);
    const registration = { roles: roleSet("Inference"), signer: nodeSigner, endpoint: "x" };
    await nodeRegistry.connect(operator).update(registration);
    await registry.requireAttested(enclave, operator, modelId, from);
    expect(await registry.measurementIdOf(2, PCRS)).not.to.equal(TLS_KEY_HASH);
  });
});
