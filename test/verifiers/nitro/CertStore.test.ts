import hre from "hardhat";
import { expect } from "chai";
import { id, keccak256, ZeroAddress, ZeroHash } from "ethers";
import { ROLES } from "../../../deploy/roles.ts";
import { AWS_NITRO_ROOT_HASH } from "../../../sdk/nitro/aws-root.ts";
import { readChain } from "../../../sdk/nitro/certificate.ts";
import { nitroChain, nitroHints } from "../../../sdk/nitro/hints.ts";
import { parseDocument } from "../../../sdk/nitro/parse.ts";
import { at } from "../../../zkml/arrays.ts";
import { integer } from "../../fixtures/der.ts";
import {
  issueChain,
  keyInfoOf,
  keyUsage,
  LINKS,
  secretOf,
  validity,
} from "../../fixtures/nitro-certificates.ts";
import { makeDocument } from "../../fixtures/nitro-documents.ts";
import { withParts, zone } from "./certificate-edits.ts";
import { CHAIN, nitroTestbed, NOW } from "./nitro-fixture.ts";

const { chain, time, cold, warm } = await nitroTestbed();

const DAY = 86_400;
const BASE_CHAIN_ID = 8453;

const DOCUMENT = makeDocument({ now: NOW });
const CERTIFICATES = readChain(parseDocument(DOCUMENT).chain);
const idOf = (index: number) => at(CERTIFICATES, index).certificateId;
const nameOf = (index: number) => {
  const { issuerHash, serial } = at(CERTIFICATES, index);
  return [issuerHash, serial] as const;
};

describe("CertStore", () => {
  describe("root", () => {
    it("is fixed", async () => {
      const { verifier } = await cold();
      expect(await verifier.rootHash()).to.equal(keccak256(at(CHAIN, 0).der));
    });

    it("is AWS's on Base, and no other", async () => {
      const base = await hre.network.create({
        network: "default",
        override: { chainId: BASE_CHAIN_ID },
      });
      const [authority] = await base.ethers.getSigners();
      const deploy = (rootHash: string) =>
        base.ethers.deployContract("NitroVerifier", [
          authority,
          ZeroAddress,
          ZeroAddress,
          rootHash,
        ]);
      const verifier = await deploy(AWS_NITRO_ROOT_HASH);
      expect(await verifier.rootHash()).to.equal(AWS_NITRO_ROOT_HASH);
      for (const other of [keccak256(at(CHAIN, 0).der), ZeroHash]) {
        await expect(deploy(other))
          .to.be.revertedWithCustomError(verifier, "CertStoreWrongRoot")
          .withArgs(other, AWS_NITRO_ROOT_HASH);
      }
    });

    it("counts within its own dates only", async () => {
      const { verifier } = await warm();
      const root = at(CHAIN, 0).der;
      await time.increaseTo(NOW + DAY);
      await verifier.addCertificates.staticCall([root], []);
      await time.increaseTo(NOW + DAY + 1);
      await expect(verifier.addCertificates.staticCall([root], []))
        .to.be.revertedWithCustomError(verifier, "CertStoreNotValidNow")
        .withArgs(0, NOW - DAY, NOW + DAY, NOW + DAY + 1);
    });

    it("must be an authority itself", async () => {
      const { manager, p384Verifier, sha384Hasher } = await cold();
      const cases = [
        { extensions: [], error: "CertStoreWrongUsage", args: [0, 0, 0x80] },
        { extensions: [keyUsage(0x80)], error: "CertStoreNotAnAuthority", args: [0] },
      ];
      for (const { extensions, error, args } of cases) {
        const edits = { root: withParts(() => ({ extensions })) };
        const certificates = issueChain({ now: NOW, edits }).map(({ der }) => der);
        const root = at(certificates, 0);
        const parts = [manager, p384Verifier, sha384Hasher, keccak256(root)];
        const verifier = await chain.ethers.deployContract("NitroVerifier", parts);
        await expect(verifier.addCertificates(certificates.slice(0, 2), ["0x"]))
          .to.be.revertedWithCustomError(verifier, error)
          .withArgs(...args);
      }
    });
  });

  describe("what is kept", () => {
    it("is authorities, each once, by a document that is verified", async () => {
      const { verifier, stranger } = await cold();
      const hints = nitroHints(DOCUMENT);
      const first = verifier.connect(stranger).verify(DOCUMENT, hints);
      for (const index of [1, 2, 3]) {
        const { issuerHash, serial, notAfter } = at(CERTIFICATES, index);
        await expect(first)
          .to.emit(verifier, "CertificateStored")
          .withArgs(idOf(index), idOf(index - 1), issuerHash, serial, notAfter.getTime() / 1000);
      }
      const stored = await Promise.all(LINKS.map((_, index) => verifier.isStored(idOf(index))));
      expect(stored).to.deep.equal([false, true, true, true, false]);
      await expect(verifier.verify(DOCUMENT, hints)).not.to.emit(verifier, "CertificateStored");
    });

    it("is nothing of a document that is refused", async () => {
      const { verifier } = await cold();
      const hints = nitroHints(DOCUMENT).with(4, "0x");
      await expect(verifier.verify(DOCUMENT, hints)).to.be.revertedWithCustomError(
        verifier,
        "NitroVerifierBadSignature",
      );
      expect(await verifier.isStored(idOf(1))).to.equal(false);
    });

    it("can be brought ahead by anybody, in parts and twice, also the enclave's own", async () => {
      const { verifier, stranger } = await cold();
      const all = nitroChain(DOCUMENT);
      const authorities = nitroChain(DOCUMENT, { authoritiesOnly: true });
      expect(authorities.chain).to.deep.equal(all.chain.slice(0, 4));
      const store = verifier.connect(stranger);
      await store.addCertificates(all.chain.slice(0, 2), all.hints.slice(0, 1));
      expect(await verifier.isStored(idOf(1))).to.equal(true);
      expect(await verifier.isStored(idOf(2))).to.equal(false);
      await store.addCertificates(authorities.chain, ["0x", ...authorities.hints.slice(1)]);
      await store.addCertificates(all.chain, ["0x", "0x", "0x", at(all.hints, 3)]);
      expect(await verifier.isStored(idOf(4))).to.equal(true);
      await expect(store.addCertificates(all.chain, ["0x", "0x", "0x", "0x"])).not.to.emit(
        verifier,
        "CertificateStored",
      );
      await verifier.verify(DOCUMENT, ["0x", "0x", "0x", "0x", at(nitroHints(DOCUMENT), 4)]);
    });

    it("needs a hint for each signature, and a root", async () => {
      const { verifier } = await cold();
      const { chain: certificates, hints } = nitroChain(DOCUMENT);
      for (const wrong of [[], hints.slice(1), [...hints, "0x"]]) {
        await expect(verifier.addCertificates(certificates, wrong))
          .to.be.revertedWithCustomError(verifier, "CertStoreWrongHintCount")
          .withArgs(wrong.length, 4);
      }
      await expect(verifier.addCertificates([], []))
        .to.be.revertedWithCustomError(verifier, "CertStoreUntrustedRoot")
        .withArgs(ZeroHash, await verifier.rootHash());
    });
  });

  describe("what nobody can put there", () => {
    it("a chain under another root", async () => {
      const { verifier } = await cold();
      const edits = { root: withParts(() => ({ serial: integer(7n) })) };
      const document = makeDocument({ now: NOW, edits });
      const { chain: certificates, hints } = nitroChain(document);
      await expect(verifier.addCertificates(certificates, hints)).to.be.revertedWithCustomError(
        verifier,
        "CertStoreUntrustedRoot",
      );
    });

    it("a certificate with hints of another, or none", async () => {
      const { verifier } = await cold();
      const { chain: certificates, hints } = nitroChain(DOCUMENT);
      for (const wrong of ["0x", at(hints, 1)]) {
        await expect(verifier.addCertificates(certificates.slice(0, 2), [wrong]))
          .to.be.revertedWithCustomError(verifier, "CertStoreBadSignature")
          .withArgs(1);
      }
    });

    it("what an enclave's own certificate signs", async () => {
      const { verifier } = await warm();
      const links = [...LINKS, "enclave"] as const;
      const certificates = issueChain({ now: NOW, links }).map(({ der }) => der);
      await expect(verifier.addCertificates(certificates, ["0x", "0x", "0x", "0x", "0x"]))
        .to.be.revertedWithCustomError(verifier, "CertStoreNotAnAuthority")
        .withArgs(4);
    });
  });

  describe("what is stored", () => {
    it("does not count under another parent of the same name", async () => {
      const { verifier, cached } = await warm();
      // A genuine region of the usual one's name, but with a key of its own.
      const keyInfo = keyInfoOf(secretOf("another region"));
      const edits = { region: withParts(() => ({ keyInfo })) };
      const other = issueChain({ now: NOW, edits });
      const mixed = [at(CHAIN, 0), at(other, 1), ...CHAIN.slice(2)];
      const document = makeDocument({ now: NOW, chain: mixed });
      const [signature] = nitroChain(makeDocument({ now: NOW, chain: other.slice(0, 2) }), {
        cached,
      }).hints;
      const hints = [signature ?? "0x", "0x", "0x", "0x", "0x"];
      await expect(verifier.verify.staticCall(document, hints))
        .to.be.revertedWithCustomError(verifier, "CertStoreBadSignature")
        .withArgs(2);
    });

    it("does not count any more when its time is over", async () => {
      const edits = zone({ validity: validity(NOW - DAY, NOW + 600) });
      const document = makeDocument({ now: NOW, edits });
      const { verifier } = await cold();
      await time.setNextBlockTimestamp(NOW + 100);
      await verifier.verify(document, nitroHints(document));
      const last = at(nitroHints(document), 4);
      const again = () =>
        verifier.verify.staticCall(document, ["0x", "0x", "0x", at(nitroHints(document), 3), last]);
      await time.increaseTo(NOW + 600);
      await again();
      await time.increaseTo(NOW + 601);
      await expect(again())
        .to.be.revertedWithCustomError(verifier, "CertStoreNotValidNow")
        .withArgs(2, NOW - DAY, NOW + 600, NOW + 601);
    });

    it("does not count any more when it is revoked, nor does anything below it", async () => {
      for (const index of [1, 2, 3, 4]) {
        const { verifier, cached } = await warm();
        await verifier.revoke(...nameOf(index));
        const hints = nitroHints(DOCUMENT, { cached });
        await expect(verifier.verify.staticCall(DOCUMENT, hints))
          .to.be.revertedWithCustomError(verifier, "CertStoreRevoked")
          .withArgs(index, ...nameOf(index));
        const { chain: certificates } = nitroChain(DOCUMENT, { cached });
        await expect(
          verifier.addCertificates(certificates, ["0x", "0x", "0x", "0x"]),
        ).to.be.revertedWithCustomError(verifier, "CertStoreRevoked");
      }
    });

    it("leaves others of the same issuer and of the same number alone", async () => {
      const { verifier, cached } = await warm();
      const [issuerHash, serial] = nameOf(2);
      await verifier.revoke(issuerHash, serial + 1n);
      await verifier.revoke(id("another issuer"), serial);
      await verifier.verify.staticCall(DOCUMENT, nitroHints(DOCUMENT, { cached }));
    });

    it("is signed, whatever signature is brought with it", async () => {
      const { verifier } = await warm();
      const { chain: certificates } = nitroChain(DOCUMENT);
      const zeros = at(certificates, 1).replace(/.{64}$/, "11".repeat(32));
      await verifier.addCertificates([at(certificates, 0), zeros], ["0x"]);
    });
  });

  describe("revocation", () => {
    it("is governance's and the guardian's, and for good", async () => {
      const { verifier, manager, governor, stranger } = await cold();
      const [issuerHash, serial] = nameOf(2);
      const asStranger = verifier.connect(stranger);
      await expect(asStranger.revoke(issuerHash, serial))
        .to.be.revertedWithCustomError(verifier, "AccessManagedUnauthorized")
        .withArgs(stranger.address);
      const { selector } = verifier.interface.getFunction("revoke");
      await manager.setTargetFunctionRole(verifier, [selector], ROLES.guardian);
      await manager.grantRole(ROLES.guardian, stranger, 0);
      expect(await verifier.isRevoked(issuerHash, serial)).to.equal(false);
      await expect(asStranger.revoke(issuerHash, serial))
        .to.emit(verifier, "CertificateRevoked")
        .withArgs(issuerHash, serial);
      expect(await verifier.isRevoked(issuerHash, serial)).to.equal(true);
      await asStranger.revoke(issuerHash, serial);
      expect(await verifier.isRevoked(issuerHash, serial)).to.equal(true);
      expect(governor.address).not.to.equal(stranger.address);
    });

    it("can come before the certificate does", async () => {
      const { verifier } = await cold();
      await verifier.revoke(...nameOf(3));
      await expect(verifier.verify.staticCall(DOCUMENT, nitroHints(DOCUMENT)))
        .to.be.revertedWithCustomError(verifier, "CertStoreRevoked")
        .withArgs(3, ...nameOf(3));
    });
  });
});
