import { expect } from "chai";
import { at } from "../../../zkml/arrays.ts";
import {
  bitString,
  der,
  derTime,
  derTrue,
  generalizedTime,
  hex,
  integer,
  octetString,
  oid,
  sequence,
  utcTime,
} from "../../fixtures/der.ts";
import {
  basicConstraints,
  ECDSA_WITH_SHA384,
  extension,
  keyUsage,
  nameOf,
  validity,
} from "../../fixtures/nitro-certificates.ts";
import {
  type Edits,
  zone,
  instance,
  enclave,
  bytes,
  signed,
  outside,
  keyInfo,
  longer,
  constraints,
  cutKey,
  usage,
  uniqueIdentifier,
  withoutExtensions,
  extensionsAnd,
  POINT,
} from "./certificate-edits.ts";
import { CHAIN, nitroTestbed, NOW } from "./nitro-fixture.ts";
import { refusalsOf, type Refusal } from "./refusals.ts";

const { warm } = await nitroTestbed();
const { refuses, attempt } = refusalsOf(warm);

const DAY = 86_400;
const AUTHORITY_USAGE = keyUsage(0x86);
/** An OCTET STRING of so many bytes, with its length in these. */
const lengthened = (size: number, length: string) =>
  Buffer.concat([hex(`04${length}`), Buffer.alloc(size)]);

const ALGORITHM_SHA256 = sequence(oid("2a8648ce3d040302"));

describe("X509", () => {
  describe("forms that are taken", () => {
    const forms: readonly (readonly [string, Edits])[] = [
      [
        "a serial number of 20 bytes, and a zero in front",
        zone({ serial: integer((1n << 160n) - 1n) }),
      ],
      ["a serial number of one", zone({ serial: integer(1n) })],
      [
        "an end from 2050 on",
        zone({ validity: sequence(derTime(NOW), generalizedTime("99991231235959Z")) }),
      ],
      [
        "an end in the last year of two digits",
        zone({ validity: sequence(derTime(NOW - DAY), utcTime("491231235959Z")) }),
      ],
      [
        "an end in the first year of four",
        zone({ validity: sequence(derTime(NOW - DAY), generalizedTime("20500101000000Z")) }),
      ],
      [
        "a beginning before 2000",
        zone({ validity: sequence(utcTime("991231235959Z"), derTime(NOW + DAY)) }),
      ],
      [
        "the 29th of February",
        zone({ validity: sequence(utcTime("280229000000Z"), derTime(NOW + DAY)) }),
      ],
      // Where another form of length begins.
      ...[127, 128, 255, 256].map((size): readonly [string, Edits] => [
        `an element of ${size} bytes`,
        zone([basicConstraints(true, 1), AUTHORITY_USAGE, extension(size, false, "2a03")]),
      ]),
      ["a serial number with a zero for a sign", zone({ serial: integer(0x80n) })],
      ["a serial number whose first bit but one is set", zone({ serial: integer(0x7fffn) })],
      ["an unknown extension", zone((own) => [...own, extension(3, false, "2a03")])],
      ["no limit below another's", zone([basicConstraints(true), AUTHORITY_USAGE])],
      ["usages of nine bits", zone([basicConstraints(true, 1), usage("030307 8680")])],
      ["an enclave without constraints", enclave([keyUsage(0x80)])],
    ];
    for (const [name, edits] of forms) {
      it(name, async () => {
        await (await attempt(edits)).call();
      });
    }
  });

  refuses("dates", [
    [
      "over in the middle",
      zone({ validity: validity(NOW - DAY, NOW - 1) }),
      "CertStoreNotValidNow",
      [2, NOW - DAY, NOW - 1, NOW + 60],
    ],
    [
      "yet to come",
      instance({ validity: validity(NOW + DAY, NOW + 2 * DAY) }),
      "CertStoreNotValidNow",
      [3, NOW + DAY, NOW + 2 * DAY, NOW + 60],
    ],
    [
      "over at the end",
      enclave({ validity: validity(NOW - DAY, NOW + 59) }),
      "CertStoreNotValidNow",
      [4, NOW - DAY, NOW + 59, NOW + 60],
    ],
    ...(
      [
        ["no Z", utcTime("3001010000000")],
        ["an offset", utcTime("300101000000+0000")],
        ["no seconds", utcTime("3001010000Z")],
        ["fractions", generalizedTime("20500101000000.5Z")],
        ["month 13", utcTime("301301000000Z")],
        ["month 0", utcTime("300001000000Z")],
        ["the 30th of February", utcTime("300230000000Z")],
        ["the 29th of a February without", utcTime("300229000000Z")],
        ["hour 24", utcTime("300101240000Z")],
        ["minute 60", utcTime("300101006000Z")],
        ["second 60", utcTime("300101000060Z")],
        ["no digits", utcTime("30010100000:Z")],
        ["no digit in front", utcTime(":30101000000Z")],
        ["something behind the Z", utcTime("300101000000Z0")],
        ["a year before 1970, for one after 2049", utcTime("500101000000Z")],
        ["GeneralizedTime in 2049", generalizedTime("20491231235959Z")],
        ["a space", utcTime("3001010000 0Z")],
        ["GeneralizedTime before 2050", generalizedTime("20300401000000Z")],
      ] as const
    ).map(([name, end]): Refusal => [
      name,
      zone({ validity: sequence(derTime(NOW - DAY), end) }),
      "X509BadTime",
    ]),
    [
      "a number for a time",
      zone({ validity: sequence(derTime(NOW - DAY), integer(1n)) }),
      "DerWrongTag",
    ],
    ["no end", zone({ validity: sequence(derTime(NOW - DAY)) }), "DerTruncated"],
    [
      "a third time",
      zone({ validity: sequence(derTime(NOW - DAY), derTime(NOW + DAY), derTime(NOW)) }),
      "DerTrailingBytes",
    ],
  ]);

  refuses("version and serial number", [
    ["version 1", zone({ version: hex("") }), "X509WrongVersion"],
    ["version 2", zone({ version: hex("a003020101") }), "X509WrongVersion"],
    ["version 4", zone({ version: hex("a003020103") }), "X509WrongVersion"],
    ["zero", zone({ serial: integer(0n) }), "X509SerialIsZero"],
    ["a negative one", zone({ serial: hex("020180") }), "DerBadInteger"],
    ["a needless zero", zone({ serial: hex("02020001") }), "DerBadInteger"],
    ["a needless zero before the last bit", zone({ serial: hex("0202007f") }), "DerBadInteger"],
    ["the least of two bytes", zone({ serial: hex("02028000") }), "DerBadInteger"],
    ["no bytes", zone({ serial: hex("0200") }), "DerBadInteger"],
    ["21 bytes", zone({ serial: integer(1n << 160n) }), "DerBadInteger"],
    ["text", zone({ serial: hex("0c0131") }), "DerWrongTag"],
  ]);

  refuses("algorithms and keys", [
    ["SHA-256 inside", zone({ algorithm: ALGORITHM_SHA256 }), "X509WrongAlgorithm"],
    ["SHA-256 outside", zone(outside(ALGORITHM_SHA256)), "X509WrongAlgorithm"],
    [
      "parameters",
      zone({ algorithm: sequence(oid("2a8648ce3d040303"), hex("0500")) }),
      "X509WrongAlgorithm",
    ],
    [
      "a compressed point",
      zone({ keyInfo: keyInfo("2b81040022", Buffer.from(POINT.slice(0, 49)).with(0, 2)) }),
      "X509WrongKey",
    ],
    ["P-521", zone({ keyInfo: keyInfo("2b81040023", POINT) }), "X509WrongKey"],
    [
      "a hybrid point",
      zone({ keyInfo: keyInfo("2b81040022", Buffer.from(POINT).with(0, 6)) }),
      "X509WrongKey",
    ],
    ["a key that is cut off", zone(cutKey()), "X509WrongKey"],
    ["no key", zone((own) => own, { keyInfo: hex("") }), "X509WrongKey"],
    [
      "a key that goes on",
      zone({ keyInfo: keyInfo("2b81040022", Buffer.concat([POINT, hex("00")])) }),
      "X509WrongKey",
    ],
  ]);

  refuses("lengths", [
    [
      "something behind the certificate",
      zone(bytes((own) => Buffer.concat([own, hex("00")]))),
      "DerTrailingBytes",
    ],
    ["a certificate cut short", zone(bytes((own) => own.slice(0, -1))), "DerTruncated"],
    ["nothing", zone(bytes(() => hex("30"))), "DerTruncated"],
    ["an empty certificate", zone(bytes(() => hex("3000"))), "DerTruncated"],
    ["a set", zone(bytes((own) => Buffer.from(own).with(0, 0x31))), "DerWrongTag"],
    [
      "three bytes of length",
      zone(bytes((own) => Buffer.concat([hex("308300"), own.slice(2)]))),
      "DerBadLength",
    ],
    [
      "an indefinite length",
      zone({ issuer: Buffer.concat([hex("3080"), nameOf("region").slice(2), hex("0000")]) }),
      "DerBadLength",
    ],
    ["two bytes where one does", zone({ issuer: longer(nameOf("region"), 0x81) }), "DerBadLength"],
    [
      "three bytes where one does",
      zone({ issuer: longer(nameOf("region"), 0x82) }),
      "DerBadLength",
    ],
    [
      "two bytes of length for 127",
      zone((own) => [...own, sequence(oid("2a03"), lengthened(0x7f, "817f"))]),
      "DerBadLength",
    ],
    [
      "three bytes of length for 255",
      zone([
        basicConstraints(true, 1),
        AUTHORITY_USAGE,
        sequence(oid("2a03"), lengthened(0xff, "8200ff")),
      ]),
      "DerBadLength",
    ],
    ["a name beyond the end", zone({ issuer: hex("30820fff") }), "DerTruncated"],
    ["something behind the extensions", zone({ rest: hex("0500") }), "DerTrailingBytes"],
    ["unique identifiers", zone(uniqueIdentifier()), "DerWrongTag"],
    ["no extensions at all", zone(withoutExtensions()), "DerTruncated"],
    [
      "something behind the list of extensions",
      zone(extensionsAnd(hex("0500"))),
      "DerTrailingBytes",
    ],
  ]);

  refuses("extensions", [
    [
      "an unknown critical one",
      zone((own) => [...own, extension(3, true, "2a03")]),
      "X509UnknownCriticalExtension",
    ],
    [
      "one that says it is not critical",
      zone((own) => [...own, sequence(oid("2a03"), hex("010100"), octetString(hex("00")))]),
      "DerWrongTag",
    ],
    [
      "BER's true",
      zone((own) => [...own, sequence(oid("2a03"), hex("010101"), octetString(hex("00")))]),
      "DerWrongTag",
    ],
    ["one without a value", zone((own) => [...own, sequence(oid("2a03"))]), "DerTruncated"],
    [
      "something behind a value",
      zone((own) => [...own, sequence(oid("2a03"), octetString(hex("00")), hex("0500"))]),
      "DerTrailingBytes",
    ],
    [
      "one without identifier",
      zone((own) => [...own, sequence(octetString(hex("00")))]),
      "DerWrongTag",
    ],
    [
      "constraints twice",
      zone((own) => [...own, basicConstraints(true, 5)]),
      "X509DuplicateExtension",
    ],
    [
      "constraints twice, first without authority",
      zone([basicConstraints(false), basicConstraints(true), AUTHORITY_USAGE]),
      "X509DuplicateExtension",
    ],
    ["usages twice", zone((own) => [...own, keyUsage(0x06)]), "X509DuplicateExtension"],
    [
      "constraints that are not critical",
      zone([constraints(derTrue, false), AUTHORITY_USAGE]),
      "X509BadConstraints",
    ],
    [
      "constraints that say false",
      zone([constraints(hex("010100")), AUTHORITY_USAGE]),
      "X509BadConstraints",
    ],
    [
      "a limit without authority",
      zone([constraints(integer(1n)), AUTHORITY_USAGE]),
      "X509BadConstraints",
    ],
    [
      "a limit of two bytes",
      zone([constraints(Buffer.concat([derTrue, integer(256n)])), AUTHORITY_USAGE]),
      "DerBadInteger",
    ],
    [
      "a negative limit",
      zone([constraints(Buffer.concat([derTrue, hex("0201ff")])), AUTHORITY_USAGE]),
      "DerBadInteger",
    ],
    [
      "something behind a limit",
      zone([constraints(Buffer.concat([derTrue, integer(1n), hex("0500")])), AUTHORITY_USAGE]),
      "DerTrailingBytes",
    ],
    [
      "something behind constraints",
      zone([
        sequence(
          oid("551d13"),
          derTrue,
          octetString(Buffer.concat([sequence(derTrue), hex("0500")])),
        ),
        AUTHORITY_USAGE,
      ]),
      "DerTrailingBytes",
    ],
    ["usages without a bit", zone([basicConstraints(true), usage("03020700")]), "X509BadKeyUsage"],
    [
      "usages with an unused bit set",
      zone([basicConstraints(true), usage("03020386")]),
      "X509BadKeyUsage",
    ],
    [
      "usages with a needless zero",
      zone([basicConstraints(true), usage("03020086")]),
      "X509BadKeyUsage",
    ],
    [
      "usages with eight unused bits",
      zone([basicConstraints(true), usage("03020886")]),
      "X509BadKeyUsage",
    ],
    [
      "usages with 255 unused bits",
      zone([basicConstraints(true), usage("0302ff86")]),
      "X509BadKeyUsage",
    ],
    ["usages without bytes", zone([basicConstraints(true), usage("030100")]), "X509BadKeyUsage"],
    [
      "usages of three bytes",
      zone([basicConstraints(true), usage("03040086 0001")]),
      "X509BadKeyUsage",
    ],
    [
      "the ninth usage alone",
      zone([basicConstraints(true), usage("03030700 80")]),
      "X509BadKeyUsage",
    ],
    ["usages that are no bits", zone([basicConstraints(true), usage("04020186")]), "DerWrongTag"],
    [
      "something behind usages",
      zone([basicConstraints(true), usage("030201860500")]),
      "DerTrailingBytes",
    ],
  ]);

  refuses("form of a signature", [
    [
      "unused bits",
      zone(signed(der(0x03, hex("01"), sequence(integer(1n), integer(1n))))),
      "DerBadLength",
    ],
    ["no sequence", zone(signed(bitString(integer(1n)))), "DerWrongTag"],
    ["one number", zone(signed(bitString(sequence(integer(1n))))), "DerTruncated"],
    [
      "three numbers",
      zone(signed(bitString(sequence(integer(1n), integer(1n), integer(1n))))),
      "DerTrailingBytes",
    ],
    [
      "something behind the numbers",
      zone(signed(bitString(Buffer.concat([sequence(integer(1n), integer(1n)), hex("00")])))),
      "DerTrailingBytes",
    ],
    [
      "a negative number",
      zone(signed(bitString(sequence(hex("0201ff"), integer(1n))))),
      "DerBadInteger",
    ],
    [
      "a needless zero",
      zone(signed(bitString(sequence(integer(1n), hex("02020001"))))),
      "DerBadInteger",
    ],
    [
      "49 bytes",
      zone(signed(bitString(sequence(integer(1n << 384n), integer(1n))))),
      "DerBadInteger",
    ],
    [
      "something behind the signature",
      zone(bytes((_, tbs, own) => sequence(tbs, ECDSA_WITH_SHA384, own, hex("0500")))),
      "DerTrailingBytes",
    ],
    [
      "no bits",
      zone(bytes((_, tbs) => sequence(tbs, ECDSA_WITH_SHA384, hex("0300")))),
      "DerBadLength",
    ],
  ]);

  it("refuses a certificate that is longer than AWS's may be", async () => {
    const { verifier } = await warm();
    const long = [at(CHAIN, 0).der, Buffer.alloc(1_025, 0x30)];
    await expect(verifier.addCertificates(long, ["0x"]))
      .to.be.revertedWithCustomError(verifier, "X509TooLong")
      .withArgs(1_025, 1_024);
  });
});
