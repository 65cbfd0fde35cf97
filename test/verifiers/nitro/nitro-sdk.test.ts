import { encode } from "cborg";
import { expect } from "chai";
import { hexlify, keccak256 } from "ethers";
import fc from "fast-check";
import { OpenGradientError } from "../../../sdk/errors.ts";
import { measurementId } from "../../../sdk/measurement-id.ts";
import { nitroDocument } from "../../../sdk/nitro/describe.ts";
import { nitroChain, nitroHints } from "../../../sdk/nitro/hints.ts";
import { parseDocument } from "../../../sdk/nitro/parse.ts";
import { describeRevert } from "../../../sdk/reverts.ts";
import { at } from "../../../zkml/arrays.ts";
import { expectCode } from "../../fixtures/errors.ts";
import { hex } from "../../fixtures/der.ts";
import {
  indefiniteMap,
  makeDocument,
  withMember,
  type DocumentPlan,
} from "../../fixtures/nitro-documents.ts";
import { nameOf } from "../../fixtures/nitro-certificates.ts";
import { resigned, zone } from "./certificate-edits.ts";
import { CHAIN, nitroTestbed, NOW } from "./nitro-fixture.ts";

const { warm } = await nitroTestbed();

const DOCUMENT = makeDocument({ now: NOW });

describe("nitroDocument, nitroHints", () => {
  const attempt = (action: () => unknown) => async () => Promise.resolve().then(action);

  it("describes a document", () => {
    const found = nitroDocument(DOCUMENT);
    expect(found.moduleId).to.equal("i-0000000000000000-enc0000000000000000");
    expect(found.time.getTime()).to.equal(1000 * NOW + 123);
    expect(found.pcrs.size).to.equal(16);
    expect(found.registers).to.equal(`0x${"40".repeat(48)}${"41".repeat(48)}${"42".repeat(48)}`);
    expect(found.measurementId).to.equal(measurementId("Nitro", found.registers));
    expect(found.isDebug).to.equal(false);
    expect([found.publicKey, found.userData, found.nonce]).to.deep.equal(["0x", "0x", "0x"]);
    expect(found.pcrs.get(1)).to.equal(`0x${"41".repeat(48)}`);
    expect(found.certificates.map(({ subject }) => subject.length > 10)).to.not.include(false);
    expect(at(found.certificates, 1).issuer).to.equal(at(found.certificates, 0).subject);
    expect(at(found.certificates, 1)).to.include({
      subject: "CN=US, CN=Test, CN=Test, CN=fa81a085809d0853.region-1.test.nitro-enclaves",
      issuerHash: keccak256(nameOf("root")),
      serial: BigInt(`0xf9${Buffer.from("region".padEnd(14)).toString("hex")}`),
    });
    expect(at(found.certificates, 1).notBefore.getTime()).to.equal(1000 * (NOW - 86_400));
    expect(at(found.certificates, 4).notAfter.getTime()).to.equal(1000 * (NOW + 10_800));
    expect(nitroDocument(makeDocument({ now: NOW, fill: 0 })).isDebug).to.equal(true);
  });

  it("tells public key, user data and nonce apart", () => {
    const [publicKey, userData, nonce] = [hex("01"), hex("02"), hex("03")];
    expect(nitroDocument(makeDocument({ now: NOW, publicKey, userData, nonce }))).to.include({
      publicKey: "0x01",
      userData: "0x02",
      nonce: "0x03",
    });
  });

  it("leaves the enclave's own certificate out of what is brought ahead", () => {
    const { chain, hints } = nitroChain(DOCUMENT, { authoritiesOnly: true });
    expect(chain).to.deep.equal(CHAIN.slice(0, -1).map(({ der }) => hexlify(der)));
    expect(hints).to.have.lengthOf(3);
    expect(nitroChain(DOCUMENT).chain).to.have.lengthOf(5);
  });

  it("reads bundles of up to six certificates", () => {
    const bundle = (length: number) =>
      parseDocument(
        makeDocument({
          now: NOW,
          members: withMember("cabundle", encode(Array.from({ length }, () => hex("00")))),
        }),
      );
    expect(bundle(6).chain).to.have.lengthOf(7);
    expect(() => bundle(7)).to.throw(OpenGradientError);
  });

  it("leaves out hints of what is stored", () => {
    const ids = nitroDocument(DOCUMENT).certificates.map(({ certificateId }) => certificateId);
    const cached = new Set([at(ids, 1), at(ids, 3)]);
    expect(nitroHints(DOCUMENT, { cached }).map((hint) => hint === "0x")).to.deep.equal([
      true,
      false,
      true,
      false,
      false,
    ]);
    expect(nitroChain(DOCUMENT, { cached }).hints.map((hint) => hint === "0x")).to.deep.equal([
      true,
      false,
      true,
      false,
    ]);
  });

  const malformed: readonly (readonly [string, Partial<DocumentPlan>])[] = [
    ["nothing", { document: () => hex("") }],
    ["no CBOR", { document: () => hex("ff") }],
    ["no COSE", { document: () => encode({ a: 1 }) }],
    ["too long", { document: () => new Uint8Array(16_385) }],
    ["arrays in arrays", { document: () => new Uint8Array(16_384).fill(0x81) }],
    ["cut off", { document: (own) => own.slice(0, -1) }],
    ["something behind", { document: (own) => Buffer.concat([own, hex("00")]) }],
    ["ES256", { document: (own) => Buffer.from(own).with(5, 0x26) }],
    [
      "an unprotected header",
      {
        document: (own) =>
          Buffer.concat([own.slice(0, 6), encode(new Map([[1, 1]])), own.slice(7)]),
      },
    ],
    ["a member twice", { members: (own) => [...own, at(own, 0)] }],
    ["an unknown member", { members: (own) => [...own, ["extra", hex("f6")]] }],
    ["a member that is missing", { members: (own) => own.slice(1) }],
    ["SHA-256", { members: withMember("digest", encode("SHA256")) }],
    ["a fractional time", { members: withMember("timestamp", encode(1.5)) }],
    ["no registers", { members: withMember("pcrs", hex("a0")) }],
    ["register 32", { members: withMember("pcrs", encode(new Map([[32, new Uint8Array(48)]]))) }],
    [
      "registers of 32 bytes",
      {
        members: withMember("pcrs", encode(new Map([0, 1, 2].map((i) => [i, new Uint8Array(32)])))),
      },
    ],
    ["an empty bundle", { members: withMember("cabundle", encode([])) }],
    ["a certificate that is none", { members: withMember("certificate", encode(hex("3000"))) }],
    ["a long nonce", { nonce: new Uint8Array(513) }],
    ["no map", { payload: () => encode([]) }],
    ["a map of numbers", { payload: () => encode(new Map([[1, 2]])) }],
  ];
  for (const [name, plan] of malformed) {
    it(`has a code for what is malformed: ${name}`, async () => {
      const document = makeDocument({ now: NOW, ...plan });
      await expectCode(
        attempt(() => nitroDocument(document)),
        "ATTESTATION_INVALID",
      );
      await expectCode(
        attempt(() => nitroHints(document)),
        "ATTESTATION_INVALID",
      );
    });
  }

  it("has a code for what is no bytes, and for registers of another length", async () => {
    await expectCode(
      attempt(() => nitroDocument("document")),
      "ATTESTATION_INVALID",
    );
    for (const [kind, size] of [
      ["Tdx", 144],
      ["Tdx", 241],
      ["Nitro", 143],
      ["Nitro", 145],
      ["NitroSim", 240],
    ] as const)
      await expectCode(
        attempt(() => measurementId(kind, `0x${"00".repeat(size)}`)),
        "ATTESTATION_INVALID",
      );
  });

  it("has a code for signatures that are not valid", async () => {
    const forged = makeDocument({ now: NOW, edits: zone(resigned("somebody")) });
    await expectCode(
      attempt(() => nitroHints(forged)),
      "SIGNATURE_INVALID",
    );
    const bent = Buffer.from(DOCUMENT).with(-1, at(DOCUMENT, DOCUMENT.length - 1) ^ 1);
    await expectCode(
      attempt(() => nitroHints(bent)),
      "SIGNATURE_INVALID",
    );
    // It can still be looked at.
    expect(nitroDocument(bent).payloadHash).to.equal(nitroDocument(DOCUMENT).payloadHash);
  });

  it("never fails without a code", () => {
    fc.assert(
      fc.property(
        fc.nat(DOCUMENT.length - 1),
        fc.uint8Array({ minLength: 1, maxLength: 8 }),
        (offset, part) => {
          const bent = Buffer.concat([
            DOCUMENT.slice(0, offset),
            part,
            DOCUMENT.slice(offset + part.length),
          ]);
          for (const own of [bent, DOCUMENT.slice(0, offset)]) {
            try {
              nitroDocument(own);
            } catch (error) {
              if (!(error instanceof OpenGradientError)) throw error;
            }
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it("agrees with the contract on identifiers of code, and of certificates", async () => {
    const { verifier, cached } = await warm();
    const ids = nitroDocument(DOCUMENT)
      .certificates.slice(1)
      .map((own) => own.certificateId);
    expect([...cached]).to.deep.equal(ids);
    expect(await verifier.isStored(at(ids, 0))).to.equal(true);
  });

  it("puts the contract's reasons into words", async () => {
    const { verifier } = await warm();
    const call = verifier.verify.staticCall(indefiniteMap([]), []);
    await call.then(
      () => expect.fail("nothing failed"),
      (error: unknown) =>
        expect(describeRevert(error)).to.match(/^AttestationDocumentWrongHeader\(/),
    );
    expect(parseDocument(DOCUMENT).chain).to.have.lengthOf(CHAIN.length);
  });
});
