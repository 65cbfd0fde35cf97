import { expect } from "chai";
import { dataSlice, getBytes, hexlify, ZeroAddress, zeroPadValue, concat, toBeHex } from "ethers";
import { groth16 } from "snarkjs";
import { proveRun } from "../../zkml/circuit/witness.ts";
import { encodeWitness } from "../../zkml/circuit/wtns-file.ts";
import { BASE_FIELD_ORDER, FIELD_ORDER } from "../../zkml/circuit/field.ts";
import { encodeKeyDelta, encodeKeySetup, encodeProof } from "../../zkml/prove/encoding.ts";
import { INPUT, tinyModel, twinModel } from "../fixtures/models.ts";
import { ethers, loadFixture, networkHelpers } from "../fixtures/network.ts";
import { deployProtocol } from "../fixtures/protocol.ts";

type Inputs = [bigint, bigint, bigint];

describe("Groth16Verifier", () => {
  async function fixture() {
    const { groth16Verifier: verifier } = await deployProtocol();
    const { keys } = await tinyModel();
    const points = hexlify(encodeKeySetup(keys.verificationKey));
    const delta = hexlify(encodeKeyDelta(keys.verificationKey));
    return { verifier, points, delta };
  }

  async function registered() {
    const context = await fixture();
    const { verifier, points, delta } = context;
    await verifier.registerSetup(points);
    const setup = await verifier.setupAddress(points);
    await verifier.registerKey(setup, delta);
    return {
      ...context,
      setup,
      key: await verifier.keyAddress(setup, delta),
      ...(await provedStatement()),
    };
  }

  /** A proof and its public inputs, as the contract takes them. */
  async function provedStatement(): Promise<{ proof: string; inputs: Inputs }> {
    const { graph, circuit, keys } = await tinyModel();
    const context = {
      chainId: 1n,
      market: ZeroAddress,
      modelId: toBeHex(2, 32),
      requestId: toBeHex(3, 32),
      node: ZeroAddress,
    };
    const { witness } = proveRun(graph, circuit, { input: INPUT, context });
    const { proof, publicSignals } = await groth16.prove(keys.provingKey, encodeWitness(witness));
    const [c = "", r = "", e = ""] = publicSignals;
    return { proof: hexlify(encodeProof(proof)), inputs: [BigInt(c), BigInt(r), BigInt(e)] };
  }

  /** The same bytes with one 32-byte word replaced. */
  function withWord(bytes: string, index: number, value: bigint): string {
    return concat([
      dataSlice(bytes, 0, index * 32),
      toBeHex(value, 32),
      dataSlice(bytes, (index + 1) * 32),
    ]);
  }

  function word(bytes: string, index: number): bigint {
    return BigInt(dataSlice(bytes, index * 32, (index + 1) * 32));
  }

  describe("registerSetup", () => {
    it("stores the points as code, at an address that follows from them", async () => {
      const { verifier, points } = await loadFixture(fixture);
      const setup = await verifier.setupAddress(points);
      await expect(verifier.registerSetup(points))
        .to.emit(verifier, "KeySetupRegistered")
        .withArgs(setup);
      expect(await ethers.provider.getCode(setup)).to.equal(concat(["0x00", points]));
    });

    it("stores it once", async () => {
      const { verifier, points, setup } = await loadFixture(registered);
      await expect(verifier.registerSetup(points))
        .to.be.revertedWithCustomError(verifier, "Groth16VerifierAlreadyRegistered")
        .withArgs(setup);
    });

    it("refuses the wrong number of bytes", async () => {
      const { verifier, points } = await loadFixture(fixture);
      for (const bytes of ["0x", dataSlice(points, 0, 575), concat([points, "0x00"])]) {
        await expect(verifier.registerSetup(bytes))
          .to.be.revertedWithCustomError(verifier, "Groth16VerifierBadSetupLength")
          .withArgs(getBytes(bytes).length, 576);
      }
    });

    // α, β, γ, IC[0], IC[3]: first word and offset of each.
    for (const [name, index, offset] of [
      ["α", 0, 0],
      ["β", 2, 64],
      ["γ", 6, 192],
      ["IC[0]", 10, 320],
      ["IC[3]", 16, 512],
    ] as const) {
      it(`refuses ${name} off its curve`, async () => {
        const { verifier, points } = await loadFixture(fixture);
        const bent = withWord(points, index, (word(points, index) + 1n) % BASE_FIELD_ORDER);
        await expect(verifier.registerSetup(bent))
          .to.be.revertedWithCustomError(verifier, "Groth16VerifierBadPoint")
          .withArgs(offset);
      });

      it(`refuses ${name} with a coordinate beyond the field`, async () => {
        const { verifier, points } = await loadFixture(fixture);
        const beyond = withWord(points, index, word(points, index) + BASE_FIELD_ORDER);
        await expect(verifier.registerSetup(beyond))
          .to.be.revertedWithCustomError(verifier, "Groth16VerifierBadPoint")
          .withArgs(offset);
      });
    }

    it("refuses the point at infinity", async () => {
      const { verifier, points } = await loadFixture(fixture);
      const infinity = withWord(withWord(points, 0, 0n), 1, 0n);
      await expect(verifier.registerSetup(infinity))
        .to.be.revertedWithCustomError(verifier, "Groth16VerifierBadPoint")
        .withArgs(0);
    });
  });

  describe("registerKey", () => {
    it("stores setup and delta as code, at an address that follows from them", async () => {
      const { verifier, points, delta } = await loadFixture(fixture);
      await verifier.registerSetup(points);
      const setup = await verifier.setupAddress(points);
      const key = await verifier.keyAddress(setup, delta);
      expect(await verifier.isRegistered(key)).to.equal(false);
      await expect(verifier.registerKey(setup, delta))
        .to.emit(verifier, "VerificationKeyRegistered")
        .withArgs(key, setup);
      expect(await ethers.provider.getCode(key)).to.equal(concat(["0x00", setup, delta]));
      expect(await verifier.isRegistered(key)).to.equal(true);
    });

    it("serves several models with one setup", async () => {
      const { verifier, setup, key } = await loadFixture(registered);
      const { keys } = await twinModel();
      await expect(
        verifier.registerSetup(hexlify(encodeKeySetup(keys.verificationKey))),
      ).to.be.revertedWithCustomError(verifier, "Groth16VerifierAlreadyRegistered");
      const delta = hexlify(encodeKeyDelta(keys.verificationKey));
      await verifier.registerKey(setup, delta);
      expect(await verifier.keyAddress(setup, delta)).to.not.equal(key);
    });

    it("refuses a setup that was not stored here", async () => {
      const { verifier, delta, key } = await loadFixture(registered);
      for (const setup of [ZeroAddress, await verifier.getAddress(), key]) {
        await expect(verifier.registerKey(setup, delta))
          .to.be.revertedWithCustomError(verifier, "Groth16VerifierUnknownSetup")
          .withArgs(setup);
      }
    });

    it("refuses a delta of the wrong length, off the curve, beyond the field, or at infinity", async () => {
      const { verifier, setup, delta } = await loadFixture(registered);
      await expect(verifier.registerKey(setup, dataSlice(delta, 1)))
        .to.be.revertedWithCustomError(verifier, "Groth16VerifierBadKeyLength")
        .withArgs(127, 128);
      for (const bad of [
        withWord(delta, 0, 5n),
        withWord(delta, 3, word(delta, 3) + BASE_FIELD_ORDER),
        `0x${"00".repeat(128)}`,
      ]) {
        await expect(verifier.registerKey(setup, bad))
          .to.be.revertedWithCustomError(verifier, "Groth16VerifierBadPoint")
          .withArgs(0);
      }
    });

    it("stores it once", async () => {
      const { verifier, setup, delta, key } = await loadFixture(registered);
      await expect(verifier.registerKey(setup, delta))
        .to.be.revertedWithCustomError(verifier, "Groth16VerifierAlreadyRegistered")
        .withArgs(key);
    });

    it("does not take foreign code for a key", async () => {
      const { verifier, setup } = await loadFixture(registered);
      for (const address of [setup, await verifier.getAddress(), ZeroAddress]) {
        expect(await verifier.isRegistered(address)).to.equal(false);
      }
      // The right length and form, but stored by nobody.
      const forged = "0x00000000000000000000000000000000000f0f0f";
      await networkHelpers.setCode(forged, concat(["0x00", setup, zeroPadValue("0x01", 128)]));
      expect(await verifier.isRegistered(forged)).to.equal(false);
    });
  });

  describe("verify", () => {
    it("accepts an honest proof", async () => {
      const { verifier, key, inputs, proof } = await loadFixture(registered);
      expect(await verifier.verify(key, inputs, proof)).to.equal(true);
    });

    it("rejects the proof under another model's key", async () => {
      const { verifier, setup, inputs, proof } = await loadFixture(registered);
      const delta = hexlify(encodeKeyDelta((await twinModel()).keys.verificationKey));
      await verifier.registerKey(setup, delta);
      expect(
        await verifier.verify(await verifier.keyAddress(setup, delta), inputs, proof),
      ).to.equal(false);
    });

    it("rejects any other public input", async () => {
      const { verifier, key, inputs, proof } = await loadFixture(registered);
      for (let i = 0; i < 3; i++) {
        for (const change of [1n, -1n]) {
          const bent: Inputs = [...inputs];
          bent[i] = ((bent[i] ?? 0n) + change + FIELD_ORDER) % FIELD_ORDER;
          expect(await verifier.verify(key, bent, proof)).to.equal(false);
        }
      }
    });

    it("rejects a public input at or beyond the field order, even if it stands for the right one", async () => {
      const { verifier, key, inputs, proof } = await loadFixture(registered);
      for (let i = 0; i < 3; i++) {
        const beyond: Inputs = [...inputs];
        beyond[i] = (beyond[i] ?? 0n) + FIELD_ORDER;
        expect(await verifier.verify(key, beyond, proof)).to.equal(false);
      }
      expect(await verifier.verify(key, [FIELD_ORDER, 0n, 0n], proof)).to.equal(false);
    });

    it("rejects a proof with any coordinate changed, on or off the curve", async () => {
      const { verifier, key, inputs, proof } = await loadFixture(registered);
      for (let index = 0; index < 8; index++) {
        for (const value of [
          (word(proof, index) + 1n) % BASE_FIELD_ORDER,
          0n,
          BASE_FIELD_ORDER - word(proof, index),
        ]) {
          expect(
            await verifier.verify(key, inputs, withWord(proof, index, value)),
            `word ${index}`,
          ).to.equal(false);
        }
      }
    });

    it("rejects coordinates that stand for the right ones beyond the field", async () => {
      const { verifier, key, inputs, proof } = await loadFixture(registered);
      for (let index = 0; index < 8; index++) {
        const beyond = withWord(proof, index, word(proof, index) + BASE_FIELD_ORDER);
        expect(await verifier.verify(key, inputs, beyond), `word ${index}`).to.equal(false);
      }
    });

    it("rejects proofs of points at infinity", async () => {
      const { verifier, key, inputs } = await loadFixture(registered);
      expect(await verifier.verify(key, inputs, `0x${"00".repeat(256)}`)).to.equal(false);
    });

    it("rejects proofs of the wrong length", async () => {
      const { verifier, key, inputs, proof } = await loadFixture(registered);
      for (const bytes of ["0x", dataSlice(proof, 0, 255), concat([proof, "0x00"])]) {
        expect(await verifier.verify(key, inputs, bytes)).to.equal(false);
      }
    });

    it("rejects everything under a key that is not there, the all-zero proof too", async () => {
      const { verifier, setup, inputs, proof } = await loadFixture(registered);
      for (const key of [ZeroAddress, setup, "0x00000000000000000000000000000000000f0f0f"]) {
        expect(await verifier.verify(key, inputs, proof)).to.equal(false);
        expect(await verifier.verify(key, [0n, 0n, 0n], `0x${"00".repeat(256)}`)).to.equal(false);
      }
    });

    it("spends a bounded amount of gas on a malformed proof", async () => {
      const { verifier, key, inputs, proof } = await loadFixture(registered);
      const honest = await verifier.verify.estimateGas(key, inputs, proof);
      const malformed = await verifier.verify.estimateGas(key, inputs, withWord(proof, 0, 1n));
      expect(malformed).to.be.below(honest + 200_000n);
    });
  });

  // Batches of statements about models are tested in batch.test.ts, arbitrary ones in Groth16Batch.t.sol.
  describe("verifyBatch", () => {
    it("accepts honest proofs, under one key given once or for each", async () => {
      const { verifier, key, inputs, proof } = await loadFixture(registered);
      const other = await provedStatement();
      const [allInputs, proofs] = [
        [inputs, other.inputs],
        [proof, other.proof],
      ];
      expect(await verifier.verifyBatch(key, allInputs, proofs)).to.equal(true);
      expect(await verifier.verifyMixedBatch([key, key], allInputs, proofs)).to.equal(true);
    });

    it("rejects what one check of it rejects", async () => {
      const { verifier, setup, key, inputs, proof } = await loadFixture(registered);
      const delta = hexlify(encodeKeyDelta((await twinModel()).keys.verificationKey));
      await verifier.registerKey(setup, delta);
      const twinKey = await verifier.keyAddress(setup, delta);
      const [c, r, e] = inputs;
      const bent: Inputs = [c, r, (e + 1n) % FIELD_ORDER];
      const both = [inputs, inputs];
      expect(await verifier.verifyBatch(twinKey, both, [proof, proof])).to.equal(false);
      expect(await verifier.verifyMixedBatch([key, twinKey], both, [proof, proof])).to.equal(false);
      expect(await verifier.verifyBatch(key, [inputs, bent], [proof, proof])).to.equal(false);
      for (const bytes of ["0x", dataSlice(proof, 1), withWord(proof, 0, 1n)]) {
        expect(await verifier.verifyBatch(key, both, [proof, bytes])).to.equal(false);
        expect(await verifier.verifyBatch(key, both, [bytes, proof])).to.equal(false);
      }
    });

    it("takes nothing for a proof: no items, lists of different lengths, no key", async () => {
      const { verifier, setup, key, inputs, proof } = await loadFixture(registered);
      expect(await verifier.verifyBatch(key, [], [])).to.equal(false);
      expect(await verifier.verifyMixedBatch([], [], [])).to.equal(false);
      expect(await verifier.verifyBatch(key, [inputs], [])).to.equal(false);
      expect(await verifier.verifyBatch(key, [], [proof])).to.equal(false);
      expect(await verifier.verifyMixedBatch([], [inputs], [proof])).to.equal(false);
      for (const missing of [ZeroAddress, setup]) {
        const zeros = `0x${"00".repeat(256)}`;
        expect(await verifier.verifyBatch(missing, [[0n, 0n, 0n]], [zeros])).to.equal(false);
        expect(
          await verifier.verifyMixedBatch([key, missing], [inputs, [0n, 0n, 0n]], [proof, zeros]),
        ).to.equal(false);
      }
    });
  });
});
