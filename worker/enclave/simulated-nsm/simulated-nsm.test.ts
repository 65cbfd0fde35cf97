import { spawnSync } from "node:child_process";
import { readdir, readFile, stat, unlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { decode } from "cborg";
import { expect } from "chai";
import { makeDocument } from "./document.ts";
import { openEnclaveRoot, openHierarchy, type Hierarchy } from "./hierarchy.ts";
import { failureOf } from "../../testing/failure.ts";
import { newFolder, removeFolders } from "../../testing/folders.ts";
import { certificatesOf, faultsOf, payloadOf } from "../../testing/nitro-documents.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 1, 12, 17, 56, 2, 724);
const ENCLAVE_ID = "019c12d31f78864d";

const CONTENT = {
  pcrs: [1, 2, 3].map((byte) => new Uint8Array(48).fill(byte)),
  publicKey: new Uint8Array(64).fill(4),
  userData: new Uint8Array(32).fill(5),
  nonce: new Uint8Array(32).fill(6),
};

function documentOf(hierarchy: Hierarchy, now = NOW): Promise<Uint8Array> {
  return makeDocument(hierarchy, CONTENT, { enclaveId: ENCLAVE_ID, now });
}

async function simulated(now = NOW) {
  const folder = await newFolder();
  const hierarchy = await openHierarchy(folder, now);
  const document = await documentOf(hierarchy, now);
  return { folder, hierarchy, document, root: await openEnclaveRoot(folder, now) };
}

function serialsOf(hierarchy: Hierarchy): string[] {
  return hierarchy.authorities.map(({ certificate }) => certificate.serialNumber);
}

describe("a simulated document", () => {
  after(removeFolders);

  it("says what it was asked to, and holds under its root", async () => {
    const { document, root } = await simulated();
    const payload = payloadOf(document);
    expect(payload.timestamp).to.equal(NOW);
    expect(payload.digest).to.equal("SHA384");
    expect(payload.public_key).to.deep.equal(CONTENT.publicKey);
    expect(payload.user_data).to.deep.equal(CONTENT.userData);
    expect(payload.nonce).to.deep.equal(CONTENT.nonce);
    expect([...payload.pcrs.keys()]).to.deep.equal(Array.from({ length: 16 }, (_, i) => i));
    expect(payload.pcrs.get(2)).to.deep.equal(CONTENT.pcrs[2]);
    expect(payload.pcrs.get(3)).to.deep.equal(new Uint8Array(48));
    expect(faultsOf(document, root, NOW)).to.deep.equal([]);
  });

  it("is bent by any change", async () => {
    const { document, root } = await simulated();
    const bent = document.slice();
    const userData = Buffer.from(bent).indexOf(Buffer.from(CONTENT.userData));
    bent.set([9], userData);
    expect(faultsOf(bent, root, NOW)).to.deep.equal(["signature of the document"]);
  });

  it("holds under no other root", async () => {
    const { document } = await simulated();
    const other = await openEnclaveRoot(await newFolder(), NOW);
    expect(faultsOf(document, other, NOW)).to.deep.equal(["another root"]);
  });

  it("lives for three hours, and no certificate outlives its issuer", async () => {
    const { document, root } = await simulated();
    expect(faultsOf(document, root, NOW + 3 * HOUR - 1_000)).to.deep.equal([]);
    expect(faultsOf(document, root, NOW + 3 * HOUR)).to.have.length(1);
    const chain = certificatesOf(payloadOf(document));
    for (const [index, { validToDate, validFromDate }] of chain.entries()) {
      const issuer = chain[index - 1];
      if (!issuer) continue;
      expect(validToDate.getTime()).to.be.at.most(issuer.validToDate.getTime());
      expect(validFromDate.getTime()).to.be.at.least(issuer.validFromDate.getTime());
    }
  });

  it("names nobody whom it could be mistaken for", async () => {
    const { document } = await simulated();
    for (const { subject } of certificatesOf(payloadOf(document))) {
      expect(subject).to.include("OU=TEST ONLY");
      expect(subject)
        .to.match(/CN=\S*test/)
        .and.not.match(/amazon|aws/i);
    }
  });

  it("has a chain that OpenSSL's own verification takes", async function () {
    if (spawnSync("openssl", ["version"]).status !== 0) this.skip();
    const { document, folder } = await simulated(Date.now());
    const files = await Promise.all(
      certificatesOf(payloadOf(document)).map(async (certificate, index) => {
        const file = path.join(folder, `${index}.crt`);
        await writeFile(file, certificate.toString());
        return file;
      }),
    );
    const [root = "", ...rest] = files;
    const leaf = rest.pop() ?? "";
    const between = rest.flatMap((file) => ["-untrusted", file]);
    const { stdout, stderr } = spawnSync(
      "openssl",
      ["verify", "-no-CApath", "-no-CAfile", "-trusted", root, ...between, leaf],
      { encoding: "utf8" },
    );
    expect(`${stdout}${stderr}`).to.equal(`${leaf}: OK\n`);
  });
});

describe("a simulated hierarchy", () => {
  after(removeFolders);

  it("is kept in files that only their owner can read", async () => {
    const { folder } = await simulated();
    const files = await readdir(folder);
    expect(files.sort()).to.deep.equal(["instance.pem", "regional.pem", "root.pem", "zonal.pem"]);
    for (const file of files) {
      expect((await stat(path.join(folder, file))).mode & 0o777).to.equal(0o600);
    }
  });

  it("is the same at the next start", async () => {
    const { folder, hierarchy, root } = await simulated();
    const again = await openHierarchy(folder, NOW + HOUR);
    expect(serialsOf(again)).to.deep.equal(serialsOf(hierarchy));
    expect(again.instanceId).to.equal(hierarchy.instanceId);
    expect(await openEnclaveRoot(folder, NOW)).to.deep.equal(root);
    expect(faultsOf(await documentOf(again, NOW + HOUR), root, NOW + HOUR)).to.deep.equal([]);
  });

  for (const { after: later, kept } of [
    { after: 22 * HOUR, kept: 3 },
    { after: 5.5 * DAY, kept: 2 },
    { after: 15 * DAY, kept: 1 },
    { after: 400 * DAY, kept: 1 },
  ]) {
    it(`is renewed below level ${kept} after ${later / DAY} days`, async () => {
      const { folder, hierarchy, root } = await simulated();
      const renewed = await openHierarchy(folder, NOW + later);
      const isSame = serialsOf(renewed).map((serial, i) => serial === serialsOf(hierarchy)[i]);
      expect(isSame).to.deep.equal([0, 1, 2, 3].map((level) => level < kept));
      const document = await documentOf(renewed, NOW + later);
      expect(faultsOf(document, root, NOW + later)).to.deep.equal([]);
    });
  }

  it("has one root, however many start at once", async () => {
    const folder = await newFolder();
    const roots = await Promise.all([1, 2, 3, 4].map(() => openEnclaveRoot(folder, NOW)));
    expect(new Set(roots.map((root) => Buffer.from(root).toString("hex"))).size).to.equal(1);
    expect(await readdir(folder)).to.deep.equal(["root.pem"]);
  });

  it("is made anew below a root that somebody changed", async () => {
    const { folder } = await simulated();
    await unlink(path.join(folder, "root.pem"));
    const document = await documentOf(await openHierarchy(folder, NOW));
    expect(faultsOf(document, await openEnclaveRoot(folder, NOW), NOW)).to.deep.equal([]);
  });

  it("is refused, and left alone, if it is broken or its root has ended", async () => {
    const { folder } = await simulated();
    const ended = await failureOf(openHierarchy(folder, NOW + 24 * 365 * DAY));
    expect(ended).to.include({ code: "ENCLAVE_ROOT_INVALID" });
    const early = await failureOf(openHierarchy(folder, NOW - 2 * HOUR));
    expect(early).to.include({ code: "ENCLAVE_ROOT_INVALID" });
    await writeFile(path.join(folder, "root.pem"), "nonsense");
    const broken = await failureOf(openHierarchy(folder, NOW));
    expect(broken).to.include({ code: "ENCLAVE_ROOT_INVALID" });
    expect(await readFile(path.join(folder, "root.pem"), "utf8")).to.equal("nonsense");
  });
});

/** Documents of AWS's since the map's length is not said ahead. */
const RECENT = ["opengradient_2026-02-12", "base_2026-01-03", "dstack_2025-12-25_1315"];

describe("the form of a simulated document", () => {
  const { VECTORS_DIR } = process.env;

  before(function () {
    if (VECTORS_DIR !== undefined) return;
    process.stdout.write("    set VECTORS_DIR to the folder of the test vectors to run these\n");
    this.skip();
  });

  after(removeFolders);

  for (const name of RECENT) {
    it(`is that of AWS's own: ${name}`, async () => {
      const file = path.join(VECTORS_DIR ?? "", "attestation/nitro", `${name}.cose`);
      const genuine = new Uint8Array(await readFile(file));
      const { document } = await simulated();
      expect(envelopeForm(document)).to.deep.equal(envelopeForm(genuine));
      const [ours, theirs] = [document, genuine].map((it) =>
        certificatesOf(payloadOf(it)).map(({ raw }) => derForm(new Uint8Array(raw))),
      );
      expect(ours).to.deep.equal(theirs);
    });
  }
});

/** How a document is encoded, without what it says. */
function envelopeForm(document: Uint8Array) {
  const [header, unprotected, payload] = decode(document, { useMaps: true }) as [
    Uint8Array,
    Map<unknown, unknown>,
    Uint8Array,
  ];
  const members = decode(payload, { useMaps: true }) as Map<string, unknown>;
  const first = Buffer.from(document.subarray(0, 7)).toString("hex");
  const pcrs = [...payloadOf(document).pcrs].map(([index, pcr]) => [index, pcr.length]);
  const [firstByte, lastByte] = [payload.at(0), payload.at(-1)];
  return { first, header, unprotected, keys: [...members.keys()], pcrs, firstByte, lastByte };
}

/** Contents that tell what a certificate may do: booleans, small integers, object identifiers, key usages. */
const TELLING = new Set([0x01, 0x06]);

/** The tags of a DER structure, and the contents that are the same in every certificate of its kind. */
function derForm(der: Uint8Array): string {
  let form = "";
  for (let at = 0; at < der.length;) {
    const { tag, content, end } = derItem(der, at);
    const hex = Buffer.from(content).toString("hex");
    if ((tag & 0x20) !== 0) form += `${tag.toString(16)}(${derForm(content)})`;
    // An extension's value is DER itself; identifiers of keys differ.
    else if (tag === 0x04) form += `4<${hex.length > 40 ? derShape(content) : hex}>`;
    else form += TELLING.has(tag) ? `${tag}=${hex};` : `${tag};`;
    at = end;
  }
  return form;
}

/** Tags alone. */
function derShape(der: Uint8Array): string {
  let shape = "";
  for (let at = 0; at < der.length;) {
    const { tag, content, end } = derItem(der, at);
    shape += (tag & 0x20) === 0 ? `${tag};` : `${tag}(${derShape(content)})`;
    at = end;
  }
  return shape;
}

function derItem(der: Uint8Array, at: number) {
  const [tag = 0, short = 0] = der.subarray(at);
  const lengthBytes = short < 0x80 ? 0 : short & 0x7f;
  const length = der
    .subarray(at + 2, at + 2 + lengthBytes)
    .reduce((sum, byte) => sum * 256 + byte, 0);
  const start = at + 2 + lengthBytes;
  const end = start + (lengthBytes === 0 ? short : length);
  return { tag, content: der.subarray(start, end), end };
}
