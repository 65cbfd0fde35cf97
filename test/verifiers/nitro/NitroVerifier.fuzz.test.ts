import process from "node:process";
import { encode } from "cborg";
import { expect } from "chai";
import fc from "fast-check";
import { nitroHints } from "../../../sdk/nitro/hints.ts";
import { describeRevert } from "../../../sdk/reverts.ts";
import { at } from "../../../zkml/arrays.ts";
import {
  basicConstraints,
  extension,
  issueChain,
  keyUsage,
} from "../../fixtures/nitro-certificates.ts";
import { makeDocument, withMember } from "../../fixtures/nitro-documents.ts";
import { withParts } from "./certificate-edits.ts";
import { CHAIN, nitroTestbed, NOW } from "./nitro-fixture.ts";

const { warm, cold } = await nitroTestbed();

/** Changes that are tried; `npm run test:nitro` tries many. */
const RUNS = Number(process.env.NITRO_RUNS ?? 60);

/** What INitroVerifier promises: no call takes more, whatever its bytes are. */
const GAS_BOUND = 15_500_000n;

/** What is refused before any signature is looked at takes no more: one that is takes 1.5 million. */
const PARSING_GAS = 1_000_000n;

const DOCUMENT = makeDocument({
  now: NOW,
  nonce: new Uint8Array(32),
  userData: new Uint8Array(32),
});

type Change = (bytes: Uint8Array) => Uint8Array;

/** One place changed: cut off, a bit, a byte, some bytes more or fewer. */
function changes(length: number): fc.Arbitrary<Change> {
  const place = fc.nat(length - 1);
  const some = fc.uint8Array({ minLength: 1, maxLength: 4 });
  return fc.oneof(
    place.map(
      (offset): Change =>
        (own) =>
          own.slice(0, offset),
    ),
    fc.tuple(place, fc.nat(7)).map(([offset, bit]): Change => (own) => {
      const bent = Buffer.from(own);
      bent[offset] = at(bent, offset) ^ (1 << bit);
      return bent;
    }),
    fc.tuple(place, some).map(
      ([offset, part]): Change =>
        (own) =>
          Buffer.concat([own.slice(0, offset), part, own.slice(offset + part.length)]),
    ),
    fc.tuple(place, some).map(
      ([offset, part]): Change =>
        (own) =>
          Buffer.concat([own.slice(0, offset), part, own.slice(offset)]),
    ),
    fc.tuple(place, fc.integer({ min: 1, max: 40 })).map(
      ([offset, count]): Change =>
        (own) =>
          Buffer.concat([own.slice(0, offset), own.slice(offset + count)]),
    ),
  );
}

/** Bytes of DER and CBOR that say how long something is: 1 to 3 behind every head that is there. */
function lies(bytes: Uint8Array): fc.Arbitrary<Change> {
  const heads = Array.from(bytes.keys()).filter((offset) =>
    [0x30, 0x31, 0x02, 0x03, 0x04, 0xa3, 0x58, 0x59].includes(at(bytes, offset)),
  );
  return fc
    .tuple(
      fc.constantFrom(...heads),
      fc.integer({ min: 1, max: 3 }),
      fc.constantFrom(0, 0x7f, 0x80, 0x81, 0x82, 0xff),
    )
    .map(
      ([offset, behind, value]): Change =>
        (own) =>
          Buffer.from(own).with(offset + behind, value),
    );
}

/** The error that a call ends with; a panic is another one, and running out of gas has none. */
async function errorOf(call: Promise<unknown>): Promise<string | undefined> {
  return call.then(() => "accepted", describeRevert);
}

describe("NitroVerifier, hostile bytes", () => {
  it("refuses every change of a document, with a reason, and before it is dear", async () => {
    const { verifier, cached } = await warm();
    const hints = nitroHints(DOCUMENT, { cached });
    await verifier.verify.staticCall(DOCUMENT, hints);
    await fc.assert(
      fc.asyncProperty(fc.oneof(changes(DOCUMENT.length), lies(DOCUMENT)), async (change) => {
        const bent = change(DOCUMENT);
        fc.pre(!Buffer.from(bent).equals(DOCUMENT));
        const error = await errorOf(
          verifier.verify.staticCall(bent, hints, { gasLimit: 4_000_000n }),
        );
        expect(error).to.match(/^(AttestationDocument|Cbor|CertStore|Der|NitroVerifier|X509)/);
      }),
      { numRuns: RUNS },
    );
  });

  it("refuses every change of a certificate, with a reason, and before it is dear", async () => {
    const { verifier, cached } = await warm();
    expect(cached.size).to.equal(4);
    const chain = CHAIN.map(({ der }) => der);
    const zone = at(chain, 2);
    // The signature of what is stored is not looked at; all else is.
    const signed = zone.length - 110;
    await fc.assert(
      fc.asyncProperty(fc.oneof(changes(signed), lies(zone.slice(0, signed))), async (change) => {
        const bent = change(zone);
        fc.pre(!Buffer.from(bent).equals(zone));
        const call = verifier.addCertificates.staticCall(
          chain.slice(0, 3).with(2, bent),
          ["0x", "0x"],
          {
            gasLimit: PARSING_GAS,
          },
        );
        expect(await errorOf(call)).to.match(/^(CertStore|Der|X509)/);
      }),
      { numRuns: RUNS },
    );
  });

  it("takes no more gas than it promises for the longest document there can be", async () => {
    const { verifier } = await cold();
    const document = longestDocument();
    const receipt = await (await verifier.verify(document, nitroHints(document))).wait();
    expect(receipt?.gasUsed).to.be.at.most(GAS_BOUND);
    // Six signatures of certificates and one of the document: it did not end early.
    expect(receipt?.gasUsed).to.be.at.least(13_000_000n);
  });
});

/** As many certificates as a bundle may have, and every part as long as it may be. */
function longestDocument(): Uint8Array {
  const authority = padded([basicConstraints(true), keyUsage(0x86)]);
  const edits = { region: authority, zone: authority, enclave: padded([keyUsage(0x80)]) };
  const links = ["root", "region", "zone", "region", "zone", "region", "enclave"] as const;
  const register = (index: number) => new Uint8Array(48).fill(index);
  const pcrs = new Map(Array.from({ length: 32 }, (_, index) => [index, register(index)]));
  return makeDocument({
    now: NOW,
    chain: issueChain({ now: NOW, links, edits }),
    publicKey: new Uint8Array(1_024).fill(1),
    userData: new Uint8Array(512).fill(2),
    nonce: new Uint8Array(512).fill(3),
    members: (members) =>
      withMember("pcrs", encode(pcrs))(withMember("module_id", encode("i".repeat(128)))(members)),
  });
}

/** These extensions, and one that fills the certificate to 1,024 bytes, less what its signature may be shorter. */
function padded(extensions: readonly Uint8Array[]) {
  return withParts(({ version, serial, algorithm, issuer, validity, subject, keyInfo }) => {
    const parts = [version, serial, algorithm, issuer, validity, subject, keyInfo, ...extensions];
    const used = parts.reduce((sum, { length }) => sum + length, 0);
    // Heads of the certificate, its contents and its extensions; algorithm and signature behind; the filler's own head.
    const others = 4 + 4 + 8 + 12 + 107 + 13;
    return { extensions: [...extensions, extension(1_024 - used - others)] };
  });
}
