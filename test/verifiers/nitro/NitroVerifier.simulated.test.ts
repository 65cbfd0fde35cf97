import { readFile } from "node:fs/promises";
import path from "node:path";
import { expect } from "chai";
import { hexlify } from "ethers";
import { makeDocument } from "../../../worker/enclave/simulated-nsm/document.ts";
import { openEnclaveRoot, openHierarchy } from "../../../worker/enclave/simulated-nsm/hierarchy.ts";
import { newFolder, removeFolders } from "../../../worker/testing/folders.ts";
import { nitroHints } from "../../../sdk/nitro/hints.ts";
import { chainAt, deployNitroVerifier } from "./nitro-fixture.ts";

const NOW = Date.UTC(2026, 1, 12, 18);
const CONTENT = {
  pcrs: [1, 2, 3].map((byte) => new Uint8Array(48).fill(byte)),
  publicKey: new Uint8Array(64).fill(4),
  userData: new Uint8Array(32).fill(5),
  nonce: new Uint8Array(32).fill(6),
};

async function simulated() {
  const folder = await newFolder();
  const hierarchy = await openHierarchy(folder, NOW);
  const enclaveId = "019c12d31f78864d";
  const document = await makeDocument(hierarchy, CONTENT, { enclaveId, now: NOW });
  return { document, root: await openEnclaveRoot(folder, NOW) };
}

describe("NitroVerifier, documents of simulated enclaves", () => {
  after(removeFolders);

  it("accepts one under its root", async () => {
    const { document, root } = await simulated();
    const { verifier } = await deployNitroVerifier(await chainAt(NOW / 1_000 + 60), root);
    const verify = verifier.getFunction("verify");
    const said = (await verify.staticCall(document, nitroHints(document))) as unknown[];
    const { pcrs, publicKey, userData, nonce } = CONTENT;
    // All but the hash of the payload, which comes first.
    expect([...said].slice(1)).to.deep.equal([
      BigInt(NOW / 1_000),
      ...[Buffer.concat(pcrs), publicKey, userData, nonce].map((bytes) => hexlify(bytes)),
    ]);
    await verify(document, nitroHints(document));
  });

  it("refuses one under another root", async () => {
    const { document } = await simulated();
    const { root } = await simulated();
    const { verifier } = await deployNitroVerifier(await chainAt(NOW / 1_000 + 60), root);
    const verify = verifier.getFunction("verify");
    await expect(verify.staticCall(document, nitroHints(document))).to.be.revertedWithCustomError(
      verifier,
      "CertStoreUntrustedRoot",
    );
  });

  it("refuses one under the root of AWS", async function () {
    const { VECTORS_DIR } = process.env;
    if (VECTORS_DIR === undefined) {
      process.stdout.write("    set VECTORS_DIR to the folder of the test vectors to run this\n");
      this.skip();
    }
    const file = path.join(VECTORS_DIR, "attestation/nitro/aws_nitro_root_g1.der");
    const root = new Uint8Array(await readFile(file));
    const { document } = await simulated();
    const { verifier } = await deployNitroVerifier(await chainAt(NOW / 1_000 + 60), root);
    const verify = verifier.getFunction("verify");
    await expect(verify.staticCall(document, nitroHints(document))).to.be.revertedWithCustomError(
      verifier,
      "CertStoreUntrustedRoot",
    );
  });

  it("refuses one that has ended", async () => {
    const { document, root } = await simulated();
    const later = NOW / 1_000 + 3 * 3_600 + 1;
    const { verifier } = await deployNitroVerifier(await chainAt(later), root);
    const verify = verifier.getFunction("verify");
    await expect(verify.staticCall(document, nitroHints(document))).to.be.revertedWithCustomError(
      verifier,
      "CertStoreNotValidNow",
    );
  });
});
