import { expect } from "chai";
import { keccak256 } from "ethers";
import { nitroHints } from "../../../sdk/nitro/hints.ts";
import { at } from "../../../zkml/arrays.ts";
import { bitString, integer, sequence } from "../../fixtures/der.ts";
import {
  basicConstraints,
  issueChain,
  keyUsage,
  nameOf,
} from "../../fixtures/nitro-certificates.ts";
import { makeDocument } from "../../fixtures/nitro-documents.ts";
import { withParts, region, zone, enclave, signed, resigned } from "./certificate-edits.ts";
import { CHAIN, hintsOrNone, nitroTestbed, NOW } from "./nitro-fixture.ts";
import { refusalsOf } from "./refusals.ts";

const { warm } = await nitroTestbed();
const { refuses } = refusalsOf(warm);

const AUTHORITY_USAGE = keyUsage(0x86);

describe("CertStore, rules of a chain", () => {
  refuses("chain", [
    [
      "another issuer",
      zone({ issuer: nameOf("enclave") }),
      "CertStoreWrongIssuer",
      [2, keccak256(nameOf("enclave")), keccak256(nameOf("region"))],
    ],
    [
      "another issuer at the end",
      enclave({ issuer: nameOf("zone") }),
      "CertStoreWrongIssuer",
      [4, keccak256(nameOf("zone")), keccak256(nameOf("instance"))],
    ],
    [
      "another subject above",
      zone({ subject: nameOf("region") }),
      "CertStoreWrongIssuer",
      [3, keccak256(nameOf("zone")), keccak256(nameOf("region"))],
    ],
    ["no constraints in the middle", zone([AUTHORITY_USAGE]), "CertStoreNotAnAuthority", [2]],
    [
      "constraints that say nothing in the middle",
      zone([basicConstraints(false), AUTHORITY_USAGE]),
      "CertStoreNotAnAuthority",
      [2],
    ],
    [
      "an authority at the end",
      enclave([basicConstraints(true), keyUsage(0x84)]),
      "CertStoreChainTooLong",
      [4],
    ],
    [
      "a limit of none",
      region([basicConstraints(true, 0), AUTHORITY_USAGE]),
      "CertStoreChainTooLong",
      [2],
    ],
    [
      "a limit of one, and a larger one below",
      {
        ...region([basicConstraints(true, 1), AUTHORITY_USAGE]),
        ...zone([basicConstraints(true, 9), AUTHORITY_USAGE]),
      },
      "CertStoreChainTooLong",
      [3],
    ],
    [
      "an authority without usages",
      zone([basicConstraints(true, 1)]),
      "CertStoreWrongUsage",
      [2, 0, 4],
    ],
    [
      "an authority that may not sign certificates",
      zone([basicConstraints(true, 1), keyUsage(0x82)]),
      "CertStoreWrongUsage",
      [2, 0x82, 4],
    ],
    [
      "an enclave without usages",
      enclave([basicConstraints(false)]),
      "CertStoreWrongUsage",
      [4, 0, 0x80],
    ],
    [
      "an enclave that may not sign",
      enclave([basicConstraints(false), keyUsage(0x44)]),
      "CertStoreWrongUsage",
      [4, 0x44, 0x80],
    ],
    ["another key's signature", zone(resigned("somebody")), "CertStoreBadSignature", [2]],
    ["its own signature", zone(resigned("zone")), "CertStoreBadSignature", [2]],
    [
      "another key's signature at the end",
      enclave(resigned("enclave")),
      "CertStoreBadSignature",
      [4],
    ],
    [
      "a signature of zeros",
      zone(signed(bitString(sequence(integer(0n), integer(0n))))),
      "CertStoreBadSignature",
      [2],
    ],
  ]);

  it("refuses an authority at the end whose parent would allow it", async () => {
    const chain = CHAIN.slice(0, 4);
    const { verifier, cached } = await warm();
    const document = makeDocument({ now: NOW, chain });
    const edits = {
      instance: withParts(() => ({ extensions: [basicConstraints(true, 0), keyUsage(0x84)] })),
    };
    const other = makeDocument({ now: NOW, chain: issueChain({ now: NOW, edits }).slice(0, 4) });
    for (const own of [document, other]) {
      await expect(verifier.verify.staticCall(own, nitroHints(own, { cached })))
        .to.be.revertedWithCustomError(verifier, "CertStoreIsAuthority")
        .withArgs(3);
    }
  });

  it("refuses what an enclave's own certificate would issue", async () => {
    const { verifier, cached } = await warm();
    const links = ["root", "region", "zone", "instance", "enclave", "enclave"] as const;
    const document = makeDocument({ now: NOW, chain: issueChain({ now: NOW, links }) });
    await expect(verifier.verify.staticCall(document, nitroHints(document, { cached })))
      .to.be.revertedWithCustomError(verifier, "CertStoreNotAnAuthority")
      .withArgs(4);
  });

  it("refuses a bundle of the root alone if the enclave's is not its child", async () => {
    const { verifier } = await warm();
    const chain = [at(CHAIN, 0), at(CHAIN, 4)];
    const document = makeDocument({ now: NOW, chain });
    await expect(verifier.verify.staticCall(document, ["0x", "0x"])).to.be.revertedWithCustomError(
      verifier,
      "CertStoreWrongIssuer",
    );
  });

  it("takes an enclave right under the root", async () => {
    const { verifier } = await warm();
    const chain = issueChain({ now: NOW, links: ["root", "enclave"] });
    const document = makeDocument({ now: NOW, chain });
    await verifier.verify.staticCall(document, nitroHints(document));
  });

  it("refuses another root, and none", async () => {
    const { verifier } = await warm();
    const edits = { root: withParts(() => ({ serial: integer(7n) })) };
    const other = issueChain({ now: NOW, edits });
    const [document, none] = [
      makeDocument({ now: NOW, chain: other }),
      makeDocument({ now: NOW, chain: CHAIN.slice(1) }),
    ];
    for (const [own, first] of [
      [document, at(other, 0)],
      [none, at(CHAIN, 1)],
    ] as const) {
      await expect(verifier.verify.staticCall(own, hintsOrNone(own)))
        .to.be.revertedWithCustomError(verifier, "CertStoreUntrustedRoot")
        .withArgs(keccak256(first.der), await verifier.rootHash());
    }
  });
});
