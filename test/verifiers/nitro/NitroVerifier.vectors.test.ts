import { expect } from "chai";
import { keccak256, sha256, type BytesLike } from "ethers";
import { nitroDocument } from "../../../sdk/nitro/describe.ts";
import { nitroHints, storedCertificates } from "../../../sdk/nitro/hints.ts";
import { parseDocument } from "../../../sdk/nitro/parse.ts";
import { at } from "../../../zkml/arrays.ts";
import { expectCode } from "../../fixtures/errors.ts";
import { chainAt, deployNitroVerifier } from "./nitro-fixture.ts";
import { awsRoot, negativeDocument, nitroVectors, type NitroVector } from "./nitro-vectors.ts";

const AWS_ROOT_SHA256 = "0x641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b";

/** What the issue allows; the figures of documents of the project's own are in the snapshot. */
const COLD_GAS = 10_200_000n;
const CACHED_GAS = 4_300_000n;

describe("NitroVerifier, recorded documents", function () {
  const vectors = nitroVectors();

  before(function () {
    // Set VECTORS_DIR to a folder that has attestation/nitro/index.json.
    if (vectors.length === 0) this.skip();
  });

  /** A verifier under AWS's root, on a chain whose next block is of the document's time. */
  async function verifierAt(timestampMs: number) {
    const seconds = Math.floor(timestampMs / 1000);
    const chain = await chainAt(seconds - 3_600);
    const deployed = await deployNitroVerifier(chain, awsRoot());
    await chain.networkHelpers.time.increaseTo(seconds);
    return { ...deployed, time: chain.networkHelpers.time, seconds };
  }

  function vectorNamed(name: string): NitroVector {
    const found = vectors.find((vector) => vector.name === name);
    if (found === undefined) throw new Error(`no vector ${name}`);
    return found;
  }

  it("knows AWS's root", () => {
    expect(sha256(awsRoot())).to.equal(AWS_ROOT_SHA256);
  });

  for (const vector of vectors) {
    it(`takes ${vector.name}, and says what is in it`, async () => {
      const { verifier, seconds } = await verifierAt(vector.timestampMs);
      const { document } = vector;
      const hints = nitroHints(document);
      const found = await verifier.verify.staticCall(document, hints);
      expect(found.timestamp).to.equal(seconds);
      expect(found.pcrs).to.equal(vector.pcrs);
      expect(found.publicKey).to.equal(vector.publicKey);
      expect(found.userData).to.equal(vector.userData);
      expect(found.nonce).to.equal(vector.nonce);
      expect(found.payloadHash).to.equal(parseDocument(document).payloadHash);

      const cold = await (await verifier.verify(document, hints)).wait();
      expect(cold?.gasUsed).to.be.at.most(COLD_GAS);
      const cached = await storedCertificates(verifier, document);
      // Neither the root nor the enclave's own.
      expect(cached.size).to.equal(3);
      const short = nitroHints(document, { cached });
      expect(short.map((hint) => hint.length > 2)).to.deep.equal([false, false, false, true, true]);
      const warm = await (await verifier.verify(document, short)).wait();
      expect(warm?.gasUsed).to.be.at.most(CACHED_GAS);
    });

    it(`describes ${vector.name}`, () => {
      const description = nitroDocument(vector.document);
      expect(description.moduleId).to.equal(vector.moduleId);
      expect(description.time.getTime()).to.equal(vector.timestampMs);
      expect(description.registers).to.equal(vector.pcrs);
      expect(description.isDebug).to.equal(vector.name.endsWith("debug"));
      expect(description.publicKey).to.equal(vector.publicKey);
      const names = description.certificates.map(({ subject }) => /CN=[^,]*/.exec(subject)?.[0]);
      expect(names).to.deep.equal(vector.subjects);
    });
  }

  it("refuses documents before their certificates hold, and after", async () => {
    const vector = vectorNamed("opengradient_2026-02-12");
    const { verifier, time } = await verifierAt(vector.timestampMs);
    const hints = nitroHints(vector.document);
    const { notAfter } = at(nitroDocument(vector.document).certificates, 4);
    const last = Math.floor(notAfter.getTime() / 1000);
    const early = await verifierAt(vector.timestampMs - 3 * 86_400_000);
    await expect(early.verifier.verify.staticCall(vector.document, hints))
      .to.be.revertedWithCustomError(verifier, "CertStoreNotValidNow")
      .withArgs(2, 1770884755, 1771403155, early.seconds);
    await time.increaseTo(last);
    await verifier.verify.staticCall(vector.document, hints);
    await time.increaseTo(last + 1);
    await expect(verifier.verify.staticCall(vector.document, hints))
      .to.be.revertedWithCustomError(verifier, "CertStoreNotValidNow")
      .withArgs(4, 1770918959, last, last + 1);
  });

  it("takes the second of two documents of one zone for less", async () => {
    const first = vectorNamed("dstack_2025-12-25_1315");
    const second = vectorNamed("dstack_2025-12-25_1604");
    const { verifier, time } = await verifierAt(first.timestampMs);
    await verifier.verify(first.document, nitroHints(first.document));
    await time.increaseTo(Math.floor(second.timestampMs / 1000));
    const cached = await storedCertificates(verifier, second.document);
    expect(cached.size).to.equal(2);
    const hints = nitroHints(second.document, { cached });
    const receipt = await (await verifier.verify(second.document, hints)).wait();
    expect(receipt?.gasUsed).to.be.at.most(6_000_000n);
  });

  it("takes the twin of a document, which has the same hash", async () => {
    const { document, timestampMs } = vectorNamed("opengradient_2026-02-12");
    const twin = negativeDocument("cose_sig_malleated_twin");
    const { verifier } = await verifierAt(timestampMs);
    const found = await verifier.verify.staticCall(document, nitroHints(document));
    const same = await verifier.verify.staticCall(twin, nitroHints(twin));
    expect(same.payloadHash).to.equal(found.payloadHash);
    expect(keccak256(twin)).not.to.equal(keccak256(document));
  });

  it("refuses documents that were tampered with", async () => {
    const genuine = vectorNamed("opengradient_2026-02-12");
    const { verifier } = await verifierAt(genuine.timestampMs);
    const hints = nitroHints(genuine.document);
    const attempt = (document: BytesLike) => verifier.verify.staticCall(document, hints);
    for (const name of ["pcr0_bitflip", "cose_sig_bitflip"]) {
      const document = negativeDocument(name);
      await expect(attempt(document), name).to.be.revertedWithCustomError(
        verifier,
        "NitroVerifierBadSignature",
      );
      await expectCode(
        () => Promise.resolve().then(() => nitroHints(document)),
        "SIGNATURE_INVALID",
      );
    }
    const truncated = negativeDocument("truncated");
    await expect(attempt(truncated)).to.be.revertedWithCustomError(verifier, "CborTruncated");
    await expectCode(
      () => Promise.resolve().then(() => nitroHints(truncated)),
      "ATTESTATION_INVALID",
    );
  });

  it("refuses a chain under another root", async () => {
    const document = negativeDocument("oyster_mock_root");
    const { verifier } = await verifierAt(vectorNamed("oyster_2024-12-13_secp256k1").timestampMs);
    const { chain } = parseDocument(document);
    const hints = Array.from({ length: chain.length }, () => "0x");
    await expect(verifier.verify.staticCall(document, hints))
      .to.be.revertedWithCustomError(verifier, "CertStoreUntrustedRoot")
      .withArgs(keccak256(at(chain, 0)), keccak256(awsRoot()));
  });
});
