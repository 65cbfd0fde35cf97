import { expect } from "chai";
import { getBytes, id, Wallet } from "ethers";
import { MEASUREMENT_KINDS } from "../../sdk/enclave.ts";
import { approvalOf, KEY_LIFETIME, TLS_KEY_HASH } from "../fixtures/attested.ts";
import { ethers, loadFixture, time } from "../fixtures/network.ts";
import { nitroHints } from "../../sdk/nitro/hints.ts";
import { NITRO_REGISTERS, nitroAttestation } from "../fixtures/nitro-enclaves.ts";
import { fundedProtocol } from "../fixtures/protocol.ts";

const { Nitro, NitroSim } = MEASUREMENT_KINDS;

/** Whole documents in AWS's format, checked by what checks AWS's. */
describe("EnclaveRegistry with Nitro documents", () => {
  const enclave = Wallet.createRandom();
  const tlsKeyHash = TLS_KEY_HASH;

  async function fixture() {
    const context = await fundedProtocol();
    const { enclaveRegistry: registry, operator } = context;
    await registry.approveMeasurement(approvalOf({ registers: NITRO_REGISTERS }));
    const made = (changes: { operator?: string; fill?: number } = {}) =>
      nitroAttestation(context, { enclave, operator: operator.address, tlsKeyHash, ...changes });
    return { ...context, registry, made };
  }

  async function attested() {
    const context = await fixture();
    const { binding, document, hints } = await context.made();
    await context.registry.attestNitro(NitroSim, binding, document, hints);
    return { ...context, document };
  }

  it("registers the enclave's key", async () => {
    const { registry, operator, made } = await loadFixture(fixture);
    const { binding, document, hints } = await made();
    const transaction = await registry.attestNitro(NitroSim, binding, document, hints);
    const receipt = await transaction.wait();
    // What a transaction may take on Base.
    expect(receipt?.gasUsed).to.be.lessThan(16_777_216n);
    const { operator: found, until } = await registry.enclave(enclave);
    expect(found).to.equal(operator.address);
    expect(until).to.equal(BigInt(await time.latest()) + KEY_LIFETIME);
  });

  it("renews it, with the certificates that are known already", async () => {
    const { registry, made } = await loadFixture(attested);
    await time.increase(6n * 86_400n);
    const { binding, document, hints } = await made();
    // The regional, the zonal and the instance's are stored.
    expect(hints.filter((hint) => hint === "0x")).to.have.lengthOf(3);
    await registry.renewNitro(NitroSim, binding, document, hints);
    const { until } = await registry.enclave(enclave);
    expect(until).to.equal(BigInt(await time.latest()) + KEY_LIFETIME);
  });

  it("refuses a document that is for another operator", async () => {
    const { registry, otherOperator, made } = await loadFixture(fixture);
    const { binding, document, hints } = await made();
    const stolen = { ...binding, operator: otherOperator.address };
    await expect(
      registry.connect(otherOperator).attestNitro(NitroSim, stolen, document, hints),
    ).to.be.revertedWithCustomError(registry, "EnclaveRegistryWrongUserData");
  });

  it("refuses the same document twice, and its twin", async () => {
    const { registry, made } = await loadFixture(fixture);
    const { binding, document, hints } = await made();
    await registry.attestNitro(NitroSim, binding, document, hints);
    await expect(
      registry.renewNitro(NitroSim, binding, document, hints),
    ).to.be.revertedWithCustomError(registry, "EnclaveRegistryDocumentUsed");
    const twin = twinOf(getBytes(document));
    await expect(
      registry.renewNitro(NitroSim, binding, twin, nitroHints(twin)),
    ).to.be.revertedWithCustomError(registry, "EnclaveRegistryDocumentUsed");
  });

  it("refuses a document that is older than half an hour", async () => {
    const { registry, made } = await loadFixture(fixture);
    const { binding, document, hints } = await made();
    await time.increase(1_801);
    await expect(
      registry.attestNitro(NitroSim, binding, document, hints),
    ).to.be.revertedWithCustomError(registry, "EnclaveRegistryBadTime");
  });

  it("refuses an enclave in debug mode", async () => {
    const { registry, made } = await loadFixture(fixture);
    const { binding, document, hints } = await made({ fill: 0 });
    await expect(registry.attestNitro(NitroSim, binding, document, hints))
      .to.be.revertedWithCustomError(registry, "MeasurementPolicyNotMeasured")
      .withArgs(NitroSim, `0x${"00".repeat(144)}`);
  });

  it("refuses other code", async () => {
    const { registry, made } = await loadFixture(fixture);
    const { binding, document, hints } = await made({ fill: 0x50 });
    await expect(
      registry.attestNitro(NitroSim, binding, document, hints),
    ).to.be.revertedWithCustomError(registry, "MeasurementPolicyUnknown");
  });

  it("refuses a simulated document as one of AWS", async () => {
    const { registry, nitroVerifier, made } = await loadFixture(fixture);
    await registry.approveMeasurement(approvalOf({ kind: Nitro, registers: NITRO_REGISTERS }));
    const { binding, document, hints } = await made();
    await expect(
      registry.attestNitro(Nitro, binding, document, hints),
    ).to.be.revertedWithCustomError(nitroVerifier, "CertStoreUntrustedRoot");
  });

  it("refuses a document in which a bit is another, and loses nothing", async () => {
    const { registry, made } = await loadFixture(fixture);
    const { binding, document, hints } = await made();
    const changed = Uint8Array.from(getBytes(document));
    const last = changed.length - 1;
    changed[last] = (changed[last] ?? 0) ^ 1;
    await expect(registry.attestNitro(NitroSim, binding, changed, hints)).to.be.revert(ethers);
    await registry.attestNitro(NitroSim, binding, document, hints);
  });

  it("keeps what was attested apart from what is asked for", async () => {
    const { registry, made } = await loadFixture(fixture);
    const { binding, document, hints } = await made();
    const other = { ...binding, tlsKeyHash: id("another") };
    await expect(
      registry.attestNitro(NitroSim, other, document, hints),
    ).to.be.revertedWithCustomError(registry, "EnclaveRegistryWrongUserData");
  });

  /** The same document with the other valid form of its signature, r ‖ n − s, which is its end. */
  function twinOf(document: Uint8Array): Uint8Array {
    const order = BigInt(
      "0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
    );
    const twin = Uint8Array.from(document);
    const s = BigInt(`0x${Buffer.from(document.slice(-48)).toString("hex")}`);
    twin.set(Buffer.from((order - s).toString(16).padStart(96, "0"), "hex"), twin.length - 48);
    return twin;
  }
});
