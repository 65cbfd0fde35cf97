import { readFileSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { expect } from "chai";
import {
  concat,
  dataLength,
  dataSlice,
  getBytes,
  hexlify,
  id,
  keccak256,
  toUtf8Bytes,
  Wallet,
  ZeroAddress,
  type AddressLike,
} from "ethers";
import { bindingHash, MEASUREMENT_KINDS, nonceOf, tdxReportData } from "../../sdk/enclave.ts";
import { ScriptedDcapAttestation__factory } from "../../typechain-types/index.js";
import { approvalOf, KEY_LIFETIME, TLS_KEY_HASH } from "../fixtures/attested.ts";
import { ethers, loadFixture, time, type Signer } from "../fixtures/network.ts";
import { fundedProtocol, opg } from "../fixtures/protocol.ts";
import {
  ATTRIBUTES,
  MRTD,
  outputOf,
  quoteOf,
  reportOf,
  RTMRS,
  type ReportParts,
} from "../fixtures/tdx-quotes.ts";

const { Tdx, TdxSim } = MEASUREMENT_KINDS;

/** Of a quote: its header, and the whole of what is signed. */
const HEADER = 48;
const SIGNED = HEADER + 584;

/** Of the build that is tested: the generated factory has the bytecode of another. */
function deployed(deployer: Signer, dcap: AddressLike) {
  return ethers.deployContract("TdxVerifier", [dcap], deployer);
}

describe("TdxVerifier", () => {
  async function fixture() {
    const context = await fundedProtocol();
    const { governor, stranger } = context;
    const dcap = await new ScriptedDcapAttestation__factory(governor).deploy();
    const verifier = await deployed(stranger, dcap);
    const report = reportOf();
    await dcap.script(true, outputOf(report), 0);
    const quote = quoteOf(report);
    const verify = (bytes: string) => verifier.verify.staticCall(bytes, stranger);
    return { ...context, dcap, verifier, report, quote, verify };
  }

  it("tells what an accepted quote says", async () => {
    const { verify, quote } = await loadFixture(fixture);
    expect(await verify(quote)).to.deep.equal([
      keccak256(dataSlice(quote, 0, SIGNED)),
      concat([MRTD, RTMRS]),
      concat([new Uint8Array(64).fill(0x53)]),
    ]);
  });

  it("reads the answers of both of Automata's versions, with and without advisories", async () => {
    const { dcap, verify, quote, report } = await loadFixture(fixture);
    const tail = ethers.AbiCoder.defaultAbiCoder().encode(["string[]"], [["INTEL-SA-00837"]]);
    for (const head of ["0x00040002", "0x000481000000"])
      for (const advisories of ["0x", tail]) {
        await dcap.script(true, outputOf(report, { head, tail: advisories }), 0);
        expect((await verify(quote)).registers).to.equal(concat([MRTD, RTMRS]));
      }
  });

  it("tells quotes apart by what is signed, not by what comes behind", async () => {
    const { verify, quote } = await loadFixture(fixture);
    for (const other of [concat([quote, "0xff"]), dataSlice(quote, 0, SIGNED)])
      expect((await verify(other)).quoteHash).to.equal((await verify(quote)).quoteHash);
  });

  it("gives what others left behind to nobody who sent nothing, and to who sent something", async () => {
    const { verifier, quote, stranger, governor, feeEscrow } = await loadFixture(fixture);
    await governor.sendTransaction({ to: verifier, value: 5n });
    // A contract that takes no ether, as a caller may be.
    await verifier.verify(quote, feeEscrow);
    await expect(verifier.verify(quote, governor, { value: 1n })).to.changeEtherBalances(
      ethers,
      [stranger, governor, verifier],
      [-1n, 6n, -5n],
    );
  });

  it("pays no fee with what others left behind, and asks nobody to take back nothing", async () => {
    const { dcap, verifier, quote, report, governor, feeEscrow } = await loadFixture(fixture);
    await dcap.script(true, outputOf(report), 3n);
    // All of it is the fee: a contract that takes no ether is not bothered.
    await verifier.verify(quote, feeEscrow, { value: 3n });
    await governor.sendTransaction({ to: verifier, value: 5n });
    await expect(verifier.verify(quote, governor, { value: 1n }))
      .to.be.revertedWithCustomError(dcap, "ScriptedDcapAttestationUnpaid")
      .withArgs(1n, 3n);
  });

  it("reads what the contract on chain answered to a recorded quote", async function () {
    const { VECTORS_DIR } = process.env;
    // Set VECTORS_DIR to a folder with attestation/tdx to test this.
    if (VECTORS_DIR === undefined) return this.skip();
    const { dcap, verify } = await loadFixture(fixture);
    const recorded = (name: string) =>
      hexlify(readFileSync(path.join(VECTORS_DIR, "attestation/tdx", name)));
    const quote = recorded("flashtestations_tdx_v4.quote");
    const output = recorded("flashtestations_automata_output.bin");
    await dcap.script(true, output, 0);
    const body = dataSlice(quote, HEADER, SIGNED);
    expect(await verify(quote)).to.deep.equal([
      keccak256(dataSlice(quote, 0, SIGNED)),
      concat([dataSlice(body, 136, 184), dataSlice(body, 328, 520)]),
      dataSlice(body, 520),
    ]);
    expect(dataSlice(body, 520, 540)).to.equal("0xc200f222043c5bc6c70aa6e35f5c5fde079f3a04");
  });

  describe("refuses", () => {
    it("what the DCAP contract refuses, with its reason", async () => {
      const { dcap, verifier, verify, quote } = await loadFixture(fixture);
      const reason = hexlify(toUtf8Bytes("Failed to verify X509 Chain"));
      await dcap.script(false, reason, 0);
      await expect(verify(quote))
        .to.be.revertedWithCustomError(verifier, "TdxVerifierRefused")
        .withArgs(reason);
      // Nor what it refuses with an answer that looks like one.
      await dcap.script(false, outputOf(reportOf()), 0);
      await expect(verify(quote)).to.be.revertedWithCustomError(verifier, "TdxVerifierRefused");
    });

    for (let status = 1; status <= 10; status++) {
      it(`a platform that is not up to date: status ${status}`, async () => {
        const { dcap, verifier, verify, quote, report } = await loadFixture(fixture);
        await dcap.script(true, outputOf(report, { status }), 0);
        await expect(verify(quote))
          .to.be.revertedWithCustomError(verifier, "TdxVerifierNotUpToDate")
          .withArgs(status);
      });
    }

    for (const [what, attributes] of [
      ["is debugged", "0x0100001000000000"],
      ["may be debugged in a way not known", "0x8000001000000000"],
      ["does not hold on to its pages", "0x0000000000000000"],
      ["has a reserved bit set", "0x0000001100000000"],
      ["counts its own performance", "0x0000001000000080"],
    ] as const) {
      it(`a TD that ${what}`, async () => {
        const { dcap, verifier, verify } = await loadFixture(fixture);
        const report = reportOf({ attributes });
        await dcap.script(true, outputOf(report), 0);
        await expect(verify(quoteOf(report)))
          .to.be.revertedWithCustomError(verifier, "TdxVerifierBadAttributes")
          .withArgs(attributes, ATTRIBUTES);
      });
    }

    for (const head of [
      "0x00040001", // a report of SGX
      "0x00040003", // a report of TDX 1.5
      "0x00030002",
      "0x00050002",
      "0x000400000000",
      "0x000481000001",
      "0x",
    ]) {
      it(`an answer about something else: ${head}`, async () => {
        const { dcap, verifier, verify, quote, report } = await loadFixture(fixture);
        const output = head === "0x" ? "0x" : outputOf(report, { head });
        await dcap.script(true, output, 0);
        await expect(verify(quote))
          .to.be.revertedWithCustomError(verifier, "TdxVerifierNotTdx")
          .withArgs(dataSlice(output, 0, Math.min(6, dataLength(output))));
      });
    }

    it("an answer of a length that it never has", async () => {
      const { dcap, verifier, verify, quote, report } = await loadFixture(fixture);
      const whole = outputOf(report);
      const longer = concat([whole, new Uint8Array(31)]);
      for (const output of [dataSlice(whole, 0, 6), dataSlice(whole, 0, 594), longer]) {
        await dcap.script(true, output, 0);
        await expect(verify(quote))
          .to.be.revertedWithCustomError(verifier, "TdxVerifierBadOutput")
          .withArgs(dataLength(output));
      }
    });

    it("an answer about another quote", async () => {
      const { dcap, verifier, verify, quote, report } = await loadFixture(fixture);
      const other = reportOf({ mrtd: concat([new Uint8Array(48).fill(1)]) });
      await dcap.script(true, outputOf(other), 0);
      await expect(verify(quote))
        .to.be.revertedWithCustomError(verifier, "TdxVerifierOtherReport")
        .withArgs(keccak256(other), keccak256(report));
    });

    it("a quote that is too short to be one", async () => {
      const { verifier, verify, quote } = await loadFixture(fixture);
      for (const length of [0, HEADER, SIGNED - 1])
        await expect(verify(dataSlice(quote, 0, length)))
          .to.be.revertedWithCustomError(verifier, "TdxVerifierTruncated")
          .withArgs(length, SIGNED);
    });

    it("everything where there is no DCAP contract", async () => {
      const { stranger, quote } = await loadFixture(fixture);
      const off = await deployed(stranger, ZeroAddress);
      await expect(off.verify(quote, stranger)).to.be.revertedWithCustomError(
        off,
        "TdxVerifierOff",
      );
    });
  });

  describe("in the registry", () => {
    /** A registry that takes quotes, and approved code. */
    async function registered() {
      const context = await fixture();
      const { governor, nodeRegistry, enclaveRegistry: registry, verifier, deployment } = context;
      const { operator, dcap, provider } = context;
      const factory = await ethers.getContractFactory("EnclaveRegistry", governor);
      const verifiers = {
        nitro: ZeroAddress,
        tdx: verifier,
        nitroSim: ZeroAddress,
        tdxSim: ZeroAddress,
      };
      const implementation = await factory.deploy(nodeRegistry, verifiers);
      await registry.upgradeToAndCall(implementation, "0x");
      const registers = concat([MRTD, RTMRS]);
      await registry.approveMeasurement(approvalOf({ kind: Tdx, registers }));
      const enclave = Wallet.createRandom();
      /** A quote of the enclave's that names the latest block, and is accepted for a fee. */
      const quoted = async ({ fee = 0n, parts }: { fee?: bigint; parts?: ReportParts } = {}) => {
        const block = await provider.getBlock("latest");
        const blockHash = block?.hash ?? "";
        const { chainId, addresses } = deployment;
        const terms = { chainId, registry: addresses.enclaveRegistry, tlsKeyHash: TLS_KEY_HASH };
        const userData = bindingHash({ ...terms, operator: operator.address });
        const reportData = tdxReportData(enclave.address, nonceOf(blockHash, userData));
        const report = reportOf({ reportData, ...parts });
        await dcap.script(true, outputOf(report), fee);
        const blockNumber = block?.number ?? 0;
        const binding = { operator: operator.address, tlsKeyHash: TLS_KEY_HASH, blockNumber };
        return { binding, quote: quoteOf(report), reportData };
      };
      return { ...context, registry, enclave, quoted, registers };
    }

    it("registers a key, and renews it", async () => {
      const { registry, stranger, operator, enclave, quoted, registers } =
        await loadFixture(registered);
      const { binding, quote } = await quoted();
      const measurementId = await registry.measurementIdOf(Tdx, registers);
      const until = BigInt(await time.latest()) + 1n + KEY_LIFETIME;
      await expect(registry.connect(stranger).attestTdx(Tdx, binding, enclave, quote))
        .to.emit(registry, "EnclaveAttested")
        .withArgs(enclave, operator, measurementId, Tdx, TLS_KEY_HASH, until);
      await time.increase(86_400);
      const next = await quoted();
      await registry.renewTdx(Tdx, next.binding, enclave, next.quote);
      expect((await registry.enclave(enclave)).until).to.equal(
        BigInt(await time.latest()) + KEY_LIFETIME,
      );
    });

    it("takes a quote once, whatever is behind what is signed", async () => {
      const { registry, enclave, quoted } = await loadFixture(registered);
      const { binding, quote } = await quoted();
      await registry.attestTdx(Tdx, binding, enclave, quote);
      await expect(registry.renewTdx(Tdx, binding, enclave, concat([quote, "0x00"])))
        .to.be.revertedWithCustomError(registry, "EnclaveRegistryDocumentUsed")
        .withArgs(keccak256(dataSlice(quote, 0, SIGNED)));
    });

    it("refuses a quote for another key, operator or block", async () => {
      const { registry, enclave, otherOperator, quoted } = await loadFixture(registered);
      const { binding, quote, reportData } = await quoted();
      const other = Wallet.createRandom();
      await expect(registry.attestTdx(Tdx, binding, other, quote))
        .to.be.revertedWithCustomError(registry, "EnclaveRegistryWrongReportData")
        .withArgs(reportData, concat([other.address, dataSlice(reportData, 20)]));
      for (const changed of [
        { ...binding, operator: otherOperator.address },
        { ...binding, tlsKeyHash: id("another") },
        { ...binding, blockNumber: binding.blockNumber - 1 },
      ])
        await expect(
          registry.attestTdx(Tdx, changed, enclave, quote),
        ).to.be.revertedWithCustomError(registry, "EnclaveRegistryWrongReportData");
    });

    it("refuses a quote with anything between key and nonce", async () => {
      const { registry, enclave, quoted } = await loadFixture(registered);
      const { reportData: right } = await quoted();
      const bytes = getBytes(right);
      bytes[31] = 1;
      const { binding, quote } = await quoted({ parts: { reportData: hexlify(bytes) } });
      await expect(registry.attestTdx(Tdx, binding, enclave, quote)).to.be.revertedWithCustomError(
        registry,
        "EnclaveRegistryWrongReportData",
      );
    });

    it("refuses other code, and simulated quotes where there is no verifier for them", async () => {
      const { registry, enclave, quoted } = await loadFixture(registered);
      const { binding, quote } = await quoted({
        parts: { rtmrs: concat([new Uint8Array(192).fill(1)]) },
      });
      const other = concat([MRTD, new Uint8Array(192).fill(1)]);
      await expect(registry.attestTdx(Tdx, binding, enclave, quote))
        .to.be.revertedWithCustomError(registry, "MeasurementPolicyUnknown")
        .withArgs(await registry.measurementIdOf(Tdx, other));
      await expect(registry.attestTdx(TdxSim, binding, enclave, quote))
        .to.be.revertedWithCustomError(registry, "EnclaveRegistryNoVerifier")
        .withArgs(TdxSim);
    });

    it("pays the fee out of what is sent, and gives the rest back", async () => {
      const { registry, verifier, dcap, stranger, enclave, quoted } = await loadFixture(registered);
      const { binding, quote } = await quoted({ fee: 1_000n });
      const attested = registry
        .connect(stranger)
        .attestTdx(Tdx, binding, enclave, quote, { value: opg(1) });
      await expect(attested).to.changeEtherBalances(
        ethers,
        [stranger, dcap, verifier, registry],
        [-1_000n, 1_000n, 0n, 0n],
      );
    });

    it("is refused by the DCAP contract where the fee is not paid", async () => {
      const { registry, dcap, enclave, quoted } = await loadFixture(registered);
      const { binding, quote } = await quoted({ fee: 1_000n });
      await expect(registry.attestTdx(Tdx, binding, enclave, quote, { value: 999n }))
        .to.be.revertedWithCustomError(dcap, "ScriptedDcapAttestationUnpaid")
        .withArgs(999n, 1_000n);
    });
  });
});
