import { expect } from "chai";
import {
  concat,
  dataLength,
  dataSlice,
  getBytes,
  hexlify,
  id,
  keccak256,
  toBeHex,
  zeroPadValue,
} from "ethers";
import { FIELD_ORDER } from "../../zkml/circuit/field.ts";
import { proveInference } from "../../zkml/prove/prover.ts";
import { patched } from "../fixtures/bytes.ts";
import { INPUT, publish, tinyModel, twinModel, type PublishedModel } from "../fixtures/models.ts";
import { loadFixture } from "../fixtures/network.ts";
import { fundedProtocol, type Fixture } from "../fixtures/protocol.ts";

const MARKET = "0x1111111111111111111111111111111111111111";
const NODE = "0x4444444444444444444444444444444444444444";
const REQUEST = id("request");

/** Where the parts of the evidence start; see IProvenVerifier. */
const KEY = 32;
const COMMITMENT = 52;
const PROOF = 84;
const INPUT_START = 340;

describe("ProvenVerifier", () => {
  async function fixture() {
    const protocol = await fundedProtocol();
    const published = await publish(protocol, await tinyModel());
    return {
      ...protocol,
      verifier: protocol.provenVerifier,
      published,
      ...(await proved(protocol, published)),
    };
  }

  async function proved({ deployment }: Fixture, { model, modelId, origin, key }: PublishedModel) {
    const claim = {
      market: MARKET,
      modelId,
      requestId: REQUEST,
      node: NODE,
      inputHash: keccak256(INPUT),
    };
    const context = { ...claim, chainId: deployment.chainId };
    const { output, evidence } = await proveInference(model, {
      input: INPUT,
      context,
      parts: { origin, key },
    });
    return { claim, output: hexlify(output), evidence: hexlify(evidence) };
  }

  it("accepts an honest answer, whoever asks", async () => {
    const { verifier, stranger, claim, output, evidence } = await loadFixture(fixture);
    await verifier.connect(stranger).verify(claim, output, evidence);
  });

  for (const [part, value] of [
    ["market", NODE],
    ["requestId", id("another request")],
    ["node", MARKET],
  ] as const) {
    it(`rejects the proof for another ${part}`, async () => {
      const { verifier, claim, output, evidence } = await loadFixture(fixture);
      const other = { ...claim, [part]: value };
      await expect(verifier.verify(other, output, evidence))
        .to.be.revertedWithCustomError(verifier, "ProvenVerifierInvalidProof")
        .withArgs(other.requestId);
    });
  }

  it("rejects the proof on another chain", async () => {
    const { verifier, published, deployment, output, claim } = await loadFixture(fixture);
    const elsewhere = { ...deployment, chainId: 1n };
    const { evidence } = await proved({ deployment: elsewhere } as Fixture, published);
    await expect(verifier.verify(claim, output, evidence)).to.be.revertedWithCustomError(
      verifier,
      "ProvenVerifierInvalidProof",
    );
  });

  it("rejects any other output", async () => {
    const { verifier, claim, output, evidence } = await loadFixture(fixture);
    for (let i = 0; i < dataLength(output); i++) {
      const changed = getBytes(output);
      changed[i] = (changed[i] ?? 0) ^ 1;
      await expect(verifier.verify(claim, changed, evidence)).to.be.revertedWithCustomError(
        verifier,
        "ProvenVerifierInvalidProof",
      );
    }
  });

  it("rejects any other input", async () => {
    const { verifier, claim, output, evidence } = await loadFixture(fixture);
    const input = Uint8Array.from(INPUT);
    input[5] = 1;
    const other = patched(evidence, INPUT_START, hexlify(input));
    await expect(verifier.verify(claim, output, other))
      .to.be.revertedWithCustomError(verifier, "ProvenVerifierWrongInput")
      .withArgs(keccak256(input), claim.inputHash);
    await expect(
      verifier.verify({ ...claim, inputHash: keccak256(input) }, output, other),
    ).to.be.revertedWithCustomError(verifier, "ProvenVerifierInvalidProof");
  });

  it("rejects a border between input and output that was moved", async () => {
    const { verifier, claim, output, evidence } = await loadFixture(fixture);
    // The same bytes in the same order, cut elsewhere.
    const moved = concat([evidence, dataSlice(output, 0, 1)]);
    const rest = dataSlice(output, 1);
    const inputHash = keccak256(dataSlice(moved, INPUT_START));
    await expect(
      verifier.verify({ ...claim, inputHash }, rest, moved),
    ).to.be.revertedWithCustomError(verifier, "ProvenVerifierWrongModel");
  });

  it("rejects zeros appended to the output, though they do not change the packed words", async () => {
    const { verifier, claim, output, evidence } = await loadFixture(fixture);
    await expect(
      verifier.verify(claim, concat([output, "0x00"]), evidence),
    ).to.be.revertedWithCustomError(verifier, "ProvenVerifierWrongModel");
  });

  it("rejects another model's key, even under that model's own proof", async () => {
    const context = await loadFixture(fixture);
    const { verifier, claim, output, evidence } = context;
    const twin = await publish(context, await twinModel(), { content: "0x02" });
    const foreignKey = patched(evidence, KEY, twin.key);
    await expect(verifier.verify(claim, output, foreignKey)).to.be.revertedWithCustomError(
      verifier,
      "ProvenVerifierWrongModel",
    );
    // The twin's honest answer does not count for this model.
    const foreign = await proved(context, twin);
    await expect(verifier.verify(claim, foreign.output, foreign.evidence))
      .to.be.revertedWithCustomError(verifier, "ProvenVerifierWrongModel")
      .withArgs(twin.modelId, claim.modelId);
  });

  it("rejects another origin", async () => {
    const { verifier, claim, output, evidence } = await loadFixture(fixture);
    await expect(
      verifier.verify(claim, output, patched(evidence, 0, id("origin"))),
    ).to.be.revertedWithCustomError(verifier, "ProvenVerifierWrongModel");
  });

  it("rejects another commitment, and one beyond the field", async () => {
    const { verifier, claim, output, evidence } = await loadFixture(fixture);
    const commitment = BigInt(dataSlice(evidence, COMMITMENT, PROOF));
    for (const bent of [commitment + 1n, commitment + FIELD_ORDER, 0n]) {
      await expect(
        verifier.verify(claim, output, patched(evidence, COMMITMENT, toBeHex(bent, 32))),
      ).to.be.revertedWithCustomError(verifier, "ProvenVerifierInvalidProof");
    }
  });

  it("rejects a changed curve point, and one off the curve", async () => {
    const { verifier, claim, output, evidence } = await loadFixture(fixture);
    // (1, 2) generates G1; (1, 1) is no point at all.
    for (const point of [
      [1, 2],
      [1, 1],
    ] as const) {
      const bytes = concat(point.map((coordinate) => zeroPadValue(toBeHex(coordinate), 32)));
      for (const start of [PROOF, PROOF + 192]) {
        await expect(
          verifier.verify(claim, output, patched(evidence, start, bytes)),
        ).to.be.revertedWithCustomError(verifier, "ProvenVerifierInvalidProof");
      }
    }
  });

  it("rejects evidence that is too short for an input", async () => {
    const { verifier, claim, output, evidence } = await loadFixture(fixture);
    for (const length of [0, 31, 32, 339, 340]) {
      await expect(verifier.verify(claim, output, dataSlice(evidence, 0, length)))
        .to.be.revertedWithCustomError(verifier, "ProvenVerifierTruncated")
        .withArgs(length, 341);
    }
  });
});
