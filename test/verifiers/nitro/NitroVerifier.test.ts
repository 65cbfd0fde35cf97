import { encode } from "cborg";
import { expect } from "chai";
import { concat, hexlify, keccak256, randomBytes } from "ethers";
import { OpenGradientError } from "../../../sdk/errors.ts";
import { nitroHints } from "../../../sdk/nitro/hints.ts";
import { parseDocument } from "../../../sdk/nitro/parse.ts";
import { at } from "../../../zkml/arrays.ts";
import { hex } from "../../fixtures/der.ts";
import {
  definiteMap,
  indefiniteMap,
  makeDocument,
  seal,
  withMember,
  type DocumentPlan,
  type Member,
} from "../../fixtures/nitro-documents.ts";
import { secretOf } from "../../fixtures/nitro-certificates.ts";
import { CHAIN, hintsOrNone, nitroTestbed, NOW } from "./nitro-fixture.ts";

const { warm, cold } = await nitroTestbed();

const REQUIRED = ["module_id", "digest", "timestamp", "pcrs", "certificate", "cabundle"];
const OPTIONAL = ["public_key", "user_data", "nonce"];

/** How deep a bomb is nested: all that fits into a document, about. */
const BOMB_DEPTH = 15_000;

type Plan = Partial<DocumentPlan>;
type Refusal = readonly [name: string, plan: Plan, error: string, args?: readonly unknown[]];

/** Errors about a document's form, which the SDK reads too. */
const OF_FORM = /^(Cbor|AttestationDocument)/;

describe("NitroVerifier", () => {
  async function verified(plan: Plan) {
    const { verifier, cached } = await warm();
    const document = makeDocument({ now: NOW, ...plan });
    return verifier.verify.staticCall(document, nitroHints(document, { cached }));
  }

  async function expectRefused([name, plan, error, args]: Refusal): Promise<void> {
    const { verifier, cached } = await warm();
    const document = makeDocument({ now: NOW, ...plan });
    const attempt = verifier.verify.staticCall(document, hintsOrNone(document, { cached }));
    const refusal = expect(attempt, name).to.be.revertedWithCustomError(verifier, error);
    await (args === undefined ? refusal : refusal.withArgs(...args));
    if (OF_FORM.test(error))
      expect(() => parseDocument(document), "the SDK")
        .to.throw(OpenGradientError)
        .with.property("code", "ATTESTATION_INVALID");
  }

  /** One test for each. */
  function refuses(title: string, refusals: readonly Refusal[]): void {
    for (const refusal of refusals) it(`${title}: ${refusal[0]}`, () => expectRefused(refusal));
  }

  const value = (name: string, bytes: Uint8Array): Plan => ({ members: withMember(name, bytes) });
  const order = (members: (usual: readonly Member[]) => readonly Member[]): Plan => ({ members });
  const raw = (payload: (members: readonly Member[]) => Uint8Array): Plan => {
    let seen: readonly Member[] = [];
    return { members: (members) => (seen = members), payload: () => payload(seen) };
  };

  it("says what is in a document", async () => {
    const [publicKey, userData, nonce] = [randomBytes(64), randomBytes(32), randomBytes(32)];
    const document = makeDocument({ now: NOW, publicKey, userData, nonce });
    const found = await verified({ publicKey, userData, nonce });
    expect(found.payloadHash).to.equal(parseDocument(document).payloadHash);
    expect(found.timestamp).to.equal(NOW);
    expect(found.pcrs).to.equal(
      hexlify(Buffer.concat([0x40, 0x41, 0x42].map((fill) => Buffer.alloc(48, fill)))),
    );
    expect(found.publicKey).to.equal(hexlify(publicKey));
    expect(found.userData).to.equal(hexlify(userData));
    expect(found.nonce).to.equal(hexlify(nonce));
  });

  it("gives back the zeros of an enclave in debug mode: its caller refuses them", async () => {
    expect((await verified({ fill: 0 })).pcrs).to.equal(`0x${"00".repeat(144)}`);
  });

  it("takes a document as often as it is brought, by anybody", async () => {
    const { verifier, stranger } = await cold();
    const document = makeDocument({ now: NOW });
    for (let round = 0; round < 2; round++) {
      await verifier.connect(stranger).verify(document, nitroHints(document));
    }
  });

  it("takes both signatures of a document, under one hash", async () => {
    const twin = (document: Uint8Array) => {
      const order = BigInt(
        "0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973",
      );
      const s = order - BigInt(hexlify(document.slice(-48)));
      return Buffer.concat([document.slice(0, -48), hex(s.toString(16).padStart(96, "0"))]);
    };
    const [found, same] = [await verified({}), await verified({ document: twin })];
    expect(found.payloadHash).to.equal(same.payloadHash);
  });

  it("refuses a document without hints, or with those of another", async () => {
    const { verifier, cached } = await warm();
    const document = makeDocument({ now: NOW });
    const hints = nitroHints(document, { cached });
    const other = nitroHints(makeDocument({ now: NOW, nonce: hex("01") }), { cached });
    for (const last of ["0x", at(other, 4), concat([at(hints, 4), "0x00"])]) {
      const wrong = [...hints.slice(0, 4), last];
      await expect(verifier.verify.staticCall(document, wrong)).to.be.revertedWithCustomError(
        verifier,
        "NitroVerifierBadSignature",
      );
    }
    for (const wrong of [hints.slice(1), [...hints, "0x"], []]) {
      await expect(verifier.verify.staticCall(document, wrong))
        .to.be.revertedWithCustomError(verifier, "CertStoreWrongHintCount")
        .withArgs(wrong.length, 5);
    }
  });

  it("refuses a document that another key signed", async () => {
    const payload = (plan: Uint8Array) => plan;
    const forged = makeDocument({ now: NOW, payload });
    const { verifier, cached } = await warm();
    const other = seal(payloadOf(forged), secretOf("somebody"));
    const hints = nitroHints(forged, { cached });
    await expect(verifier.verify.staticCall(other, hints)).to.be.revertedWithCustomError(
      verifier,
      "NitroVerifierBadSignature",
    );
  });

  describe("forms that are taken", () => {
    const forms: readonly (readonly [string, Plan])[] = [
      ["a map that counts its members", raw((members) => definiteMap(members))],
      ["members in another order", order((members) => members.toReversed())],
      ["without what is optional", order((members) => members.slice(0, 6))],
      ["CBOR's tag for COSE_Sign1", { document: (own) => Buffer.concat([hex("d2"), own]) }],
      ["registers in a map of indefinite length", value("pcrs", indefinitePcrs(3))],
      ["32 registers", value("pcrs", pcrMap(Array.from({ length: 32 }, (_, i) => i)))],
      ["a bundle of indefinite length", order((own) => withIndefiniteBundle(own))],
      ["an empty user_data", { userData: new Uint8Array(), nonce: new Uint8Array() }],
      ["the longest module_id", value("module_id", encode("i".repeat(128)))],
      ["the longest members", longest()],
      ["a timestamp of zero", value("timestamp", encode(0))],
      ["the last timestamp", value("timestamp", hex("1bffffffffffffffff"))],
      // Where another form of number begins.
      ...[23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32].map(
        (timestamp): readonly [string, Plan] => [
          `a timestamp of ${timestamp}`,
          value("timestamp", encode(timestamp)),
        ],
      ),
    ];
    for (const [name, plan] of forms) {
      it(name, async () => {
        const found = await verified(plan);
        expect(found.payloadHash).to.equal(
          parseDocument(makeDocument({ now: NOW, ...plan })).payloadHash,
        );
      });
    }
  });

  refuses("COSE", [
    ["no bytes", { document: () => hex("") }, "AttestationDocumentWrongHeader"],
    ["another tag", before("d3"), "AttestationDocumentWrongHeader"],
    ["the tag twice", before("d2d2"), "AttestationDocumentWrongHeader"],
    ["an array of three", patchedAt(0, "83"), "AttestationDocumentWrongHeader"],
    ["an array of five", patchedAt(0, "85"), "AttestationDocumentWrongHeader"],
    ["ES256", patchedAt(5, "26"), "AttestationDocumentWrongHeader"],
    ["another header", patchedAt(3, "02"), "AttestationDocumentWrongHeader"],
    ["a longer protected header", patchedAt(1, "45"), "AttestationDocumentWrongHeader"],
    ["an unprotected header", patchedAt(6, "a1"), "AttestationDocumentWrongHeader"],
    ["no payload", patchedAt(7, "f6"), "CborWrongType", [7, 7, 2]],
    ["a payload of text", patchedAt(7, "79"), "CborWrongType", [7, 3, 2]],
    ["a payload in chunks", patchedAt(7, "5f"), "CborBadHead", [7]],
    ["a payload beyond the end", patchedAt(8, "ffff"), "CborTruncated"],
    ["a payload of 2^64 - 1 bytes", patchedAt(7, "5bffffffffffffffff"), "CborTruncated"],
    [
      "something behind",
      { document: (own) => Buffer.concat([own, hex("00")]) },
      "CborTrailingBytes",
    ],
    ["a short signature", resized(-1), "CborBadSize"],
    ["a long signature", resized(1), "CborBadSize"],
    ["a signature that is cut off", { document: (own) => own.slice(0, -1) }, "CborTruncated"],
    ["no signature", { document: (own) => own.slice(0, -98) }, "CborTruncated"],
  ]);

  refuses("payload", [
    ...[...REQUIRED, ...OPTIONAL].map((name): Refusal => [
      `${name} twice`,
      order(twice(name)),
      "AttestationDocumentDuplicate",
    ]),
    ...REQUIRED.map((name, i): Refusal => [
      `no ${name}`,
      order((members) => members.filter(([own]) => own !== name)),
      "AttestationDocumentIncomplete",
      [511 ^ (1 << i), 63],
    ]),
    ...REQUIRED.map((name): Refusal => [
      `null for ${name}`,
      value(name, hex("f6")),
      "CborWrongType",
    ]),
    ...OPTIONAL.map((name): Refusal => [
      `text for ${name}`,
      value(name, encode("ab")),
      "CborWrongType",
    ]),
    [
      "an unknown member",
      order((own) => [...own, ["extra", hex("f6")]]),
      "AttestationDocumentUnknownMember",
    ],
    [
      "a name that goes on",
      order((own) => [...own.slice(0, 8), ["nonce\0", hex("f6")]]),
      "AttestationDocumentUnknownMember",
    ],
    [
      "a long name",
      order((own) => [...own, ["n".repeat(40), hex("f6")]]),
      "AttestationDocumentUnknownMember",
    ],
    [
      "a name that goes on as a member's is kept",
      order((own) => [...own.slice(0, 8), [`nonce${"\0".repeat(26)}\u0005`, hex("f6")]]),
      "AttestationDocumentUnknownMember",
    ],
    [
      "a name of bytes",
      raw((own) => indefiniteMap(own).with(1, 0x49)),
      "CborWrongType",
      [11, 2, 3],
    ],
    ["no map", raw(() => encode([1])), "CborWrongType", [8, 4, 5]],
    ["an empty payload", raw(() => new Uint8Array()), "CborTruncated"],
    ["fewer members than it says", raw((own) => definiteMap(own, 10)), "CborTruncated"],
    ["more members than it says", raw((own) => definiteMap(own, 8)), "CborTrailingBytes"],
    [
      "2^64 - 1 members",
      raw((own) => Buffer.concat([hex("bbffffffffffffffff"), definiteMap(own).subarray(1)])),
      "CborTruncated",
    ],
    ["a number beyond the end", raw((own) => lastCut(own)), "CborTruncated"],
    ["no break", raw((own) => indefiniteMap(own).slice(0, -1)), "CborTruncated"],
    [
      "something behind the break",
      { payload: (own) => Buffer.concat([own, hex("00")]) },
      "CborTrailingBytes",
    ],
    ["SHA-256", value("digest", encode("SHA256")), "AttestationDocumentWrongDigest"],
    ["SHA-384 and more", value("digest", encode("SHA384\0")), "AttestationDocumentWrongDigest"],
    [
      "SHA-384 that goes on as it is kept",
      value("digest", encode(`SHA384${"\0".repeat(25)}\u0006`)),
      "AttestationDocumentWrongDigest",
    ],
    ["a negative timestamp", value("timestamp", encode(-1)), "CborWrongType"],
    ["a fractional timestamp", value("timestamp", encode(1.5)), "CborWrongType"],
    [
      "a timestamp above 64 bits",
      value("timestamp", hex("1c00000000000000000000000000000001")),
      "CborBadHead",
    ],
    [
      "a timestamp of 128 bits",
      value("timestamp", hex("1c80000000000000000000000000000000")),
      "CborBadHead",
    ],
    ["a number of one byte for none", value("timestamp", hex("1817")), "CborBadHead"],
    [
      "a number not in its shortest form",
      value("timestamp", hex("1b0000000000000001")),
      "CborBadHead",
    ],
    ["a length not in its shortest form", value("nonce", hex("5801aa")), "CborBadHead"],
    [
      "a length of two bytes for one",
      value("nonce", hex("5900ff".padEnd(516, "0"))),
      "CborBadHead",
    ],
    [
      "a length of four bytes for two",
      value("nonce", hex("5a00000100".padEnd(522, "0"))),
      "CborBadHead",
    ],
    ["a string in chunks", value("nonce", hex("5f41aaff")), "CborBadHead"],
    ["a tagged value", value("nonce", hex("c241aa")), "CborWrongType"],
    ["no module_id", value("module_id", encode("")), "CborBadSize"],
    ["a long module_id", value("module_id", encode("i".repeat(129))), "CborBadSize"],
    ["an empty public_key", { publicKey: new Uint8Array() }, "CborBadSize"],
    ["a long public_key", { publicKey: new Uint8Array(1_025) }, "CborBadSize"],
    ["a long user_data", { userData: new Uint8Array(513) }, "CborBadSize"],
    ["a long nonce", { nonce: new Uint8Array(513) }, "CborBadSize"],
    ["an empty certificate", value("certificate", encode(new Uint8Array())), "CborBadSize"],
    ["a long certificate", value("certificate", encode(new Uint8Array(1_025))), "CborBadSize"],
    [
      "a long certificate in the bundle",
      value("cabundle", encode([new Uint8Array(1_025)])),
      "CborBadSize",
    ],
    ["an empty bundle", value("cabundle", encode([])), "AttestationDocumentBadBundle", [0, 6]],
    [
      "a bundle of seven",
      value("cabundle", encode(Array.from({ length: 7 }, () => new Uint8Array(1)))),
      "AttestationDocumentBadBundle",
      [7, 6],
    ],
    [
      "a bundle of six, with hints for four",
      value("cabundle", encode(Array.from({ length: 6 }, () => new Uint8Array(1)))),
      "CertStoreWrongHintCount",
      [5, 7],
    ],
    ["a bundle beyond the end", value("cabundle", hex("9affffffff")), "CborWrongType"],
    [
      "a bundle that is a map of indefinite length",
      order((own) => withIndefiniteBundle(own, "bf")),
      "CborWrongType",
    ],
    ["a bundle of arrays", value("cabundle", encode([[]])), "CborWrongType"],
    ["arrays in arrays", value("cabundle", new Uint8Array(BOMB_DEPTH).fill(0x81)), "CborWrongType"],
    ["maps in maps", value("pcrs", new Uint8Array(BOMB_DEPTH).fill(0xbf)), "CborWrongType"],
    ["tags of tags", value("nonce", new Uint8Array(BOMB_DEPTH).fill(0xc1)), "CborWrongType"],
  ]);

  refuses("registers", [
    ["one that is short", value("pcrs", pcrMap([0, 1, 2], 47)), "CborBadSize"],
    ["those of SHA-256", value("pcrs", pcrMap([0, 1, 2], 32)), "CborBadSize"],
    ["those of SHA-512", value("pcrs", pcrMap([0, 1, 2], 64)), "CborBadSize"],
    ["a later one that is long", value("pcrs", pcrMap([0, 1, 2, 9], 48, 9)), "CborBadSize"],
    [
      "number 32",
      value("pcrs", pcrMap([0, 1, 2, 32])),
      "AttestationDocumentWrongRegister",
      [32, 32],
    ],
    [
      "number 2^64 - 1",
      value("pcrs", hex("a11bffffffffffffffff40")),
      "AttestationDocumentWrongRegister",
    ],
    ["a negative number", value("pcrs", hex("a12040")), "CborWrongType"],
    ["in an array of indefinite length", value("pcrs", indefinitePcrs(3, "9f")), "CborWrongType"],
    ["none", value("pcrs", hex("a0")), "AttestationDocumentIncomplete", [0, 7]],
    ["no PCR0", value("pcrs", pcrMap([1, 2, 3])), "AttestationDocumentIncomplete", [14, 7]],
    ["no PCR1", value("pcrs", pcrMap([0, 2, 3])), "AttestationDocumentIncomplete", [13, 7]],
    ["no PCR2", value("pcrs", pcrMap([0, 1, 3])), "AttestationDocumentIncomplete", [11, 7]],
    ["one twice", value("pcrs", pcrMap([0, 1, 2, 1])), "AttestationDocumentDuplicate"],
    [
      "the last one twice",
      value("pcrs", pcrMap([0, 1, 2, 31, 31])),
      "AttestationDocumentDuplicate",
    ],
  ]);

  it("tells documents apart by their payload", async () => {
    const [one, other] = [
      await verified({ nonce: hex("01") }),
      await verified({ nonce: hex("02") }),
    ];
    expect(one.payloadHash).not.to.equal(other.payloadHash);
    expect(one.payloadHash).to.equal(
      keccak256(payloadOf(makeDocument({ now: NOW, nonce: hex("01") }))),
    );
  });
});

/** The payload of a document that {@link seal} made. */
function payloadOf(document: Uint8Array): Uint8Array {
  return document.slice(10, -98);
}

function before(digits: string): Plan {
  return { document: (own) => Buffer.concat([hex(digits), own]) };
}

/** Bytes of the finished document replaced. */
function patchedAt(offset: number, digits: string): Plan {
  return {
    document: (own) => {
      const part = hex(digits);
      return Buffer.concat([own.slice(0, offset), part, own.slice(offset + part.length)]);
    },
  };
}

/** A payload that ends within its last member, the time. */
function lastCut(members: readonly Member[]): Uint8Array {
  const isTime = ([name]: Member) => name === "timestamp";
  const sorted = [...members.filter((own) => !isTime(own)), ...members.filter(isTime)];
  return definiteMap(sorted).slice(0, -3);
}

/** A signature of another length, which it says. */
function resized(by: number): Plan {
  return {
    document: (own) => {
      const signature = Buffer.concat([own.slice(-96), Buffer.alloc(1)]).subarray(0, 96 + by);
      return Buffer.concat([own.slice(0, -98), encode(signature)]);
    },
  };
}

function twice(name: string) {
  return (members: readonly Member[]) =>
    members.flatMap((member) => (member[0] === name ? [member, member] : [member]));
}

/** Registers with these numbers, the same one as often as it is listed. */
function pcrMap(indices: readonly number[], size = 48, long?: number): Uint8Array {
  const items = indices.flatMap((index) => [
    encode(index),
    encode(new Uint8Array(index === long ? size + 1 : size).fill(index)),
  ]);
  const head = indices.length < 24 ? [0xa0 + indices.length] : [0xb8, indices.length];
  return Buffer.concat([Buffer.from(head), ...items]);
}

function indefinitePcrs(count: number, head = "bf"): Uint8Array {
  const map = pcrMap(Array.from({ length: count }, (_, index) => index));
  return Buffer.concat([hex(head), map.subarray(1), hex("ff")]);
}

function withIndefiniteBundle(members: readonly Member[], head = "9f"): readonly Member[] {
  const bundle = CHAIN.slice(0, -1).map(({ der }) => encode(der));
  return withMember("cabundle", Buffer.concat([hex(head), ...bundle, hex("ff")]))(members);
}

function longest(): Plan {
  const [publicKey, userData, nonce] = [1_024, 512, 512].map((size) => new Uint8Array(size));
  if (publicKey === undefined || userData === undefined || nonce === undefined) return {};
  return { publicKey, userData, nonce };
}
