import { expect } from "chai";
import { hexlify } from "ethers";
import { nitroChain, nitroHints } from "../../sdk/nitro/hints.ts";
import { makeDocument } from "../fixtures/nitro-documents.ts";
import { CHAIN, chainAt, deployNitroVerifier, NOW } from "../verifiers/nitro/nitro-fixture.ts";
import { at } from "../../zkml/arrays.ts";
import type { GasBook } from "./gas-book.ts";

/**
 * Books whole Nitro documents on a chain of their own time. They are as long as AWS's and the same in every run: keys, nonces and
 * dates are fixed.
 */
export async function bookNitro(book: GasBook): Promise<void> {
  const chain = await chainAt(NOW - 1_000);
  const { verifier } = await deployNitroVerifier(chain, at(CHAIN, 0).der);
  await chain.networkHelpers.time.increaseTo(NOW);
  const document = makeDocument({
    now: NOW,
    publicKey: new Uint8Array(64).fill(1),
    userData: new Uint8Array(32).fill(2),
    nonce: new Uint8Array(32).fill(3),
  });
  const hints = nitroHints(document);
  const without = (count: number) => hints.map((hint, index) => (index < count ? "0x" : hint));

  await book.book("nitro attestation, cold", verifier.verify(document, hints));
  await book.book("nitro attestation, authorities cached", verifier.verify(document, without(3)));
  const added = nitroChain(document);
  const last = added.hints.map((hint, index) => (index < 3 ? "0x" : hint));
  await book.book("add an enclave's certificate", verifier.addCertificates(added.chain, last));
  await book.book("nitro attestation, chain cached", verifier.verify(document, without(4)));
  // What is booked must say what is in the document.
  const { publicKey } = await verifier.verify.staticCall(document, without(4));
  expect(publicKey).to.equal(hexlify(new Uint8Array(64).fill(1)));
}
