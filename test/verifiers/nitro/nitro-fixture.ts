import hre from "hardhat";
import { keccak256 } from "ethers";
import { OpenGradientError } from "../../../sdk/errors.ts";
import {
  nitroChain,
  nitroHints,
  storedCertificates,
  type NitroHintOptions,
} from "../../../sdk/nitro/hints.ts";
import { p384Table } from "../../../sdk/p384-table.ts";
import { at } from "../../../zkml/arrays.ts";
import type { Chain } from "../../fixtures/network.ts";
import { issueChain } from "../../fixtures/nitro-certificates.ts";
import { makeDocument } from "../../fixtures/nitro-documents.ts";

/** A chain of its own whose clock begins at a time that is over, for documents of that time. */
export function chainAt(seconds: number): Promise<Chain> {
  const initialDate = new Date(1000 * seconds);
  return hre.network.create({ network: "default", override: { initialDate } });
}

/** A verifier of documents under a root, and who may revoke. */
export async function deployNitroVerifier({ ethers }: Chain, root: Uint8Array) {
  const [governor, stranger] = await ethers.getSigners();
  if (governor === undefined || stranger === undefined) throw new Error("no accounts");
  const manager = await ethers.deployContract("AccessManager", [governor]);
  const p384Verifier = await ethers.deployContract("P384Verifier", [p384Table()]);
  const sha384Hasher = await ethers.deployContract("Sha384Hasher");
  const parts = [manager, p384Verifier, sha384Hasher, keccak256(root)] as const;
  const verifier = await ethers.deployContract("NitroVerifier", [...parts]);
  return { verifier, manager, p384Verifier, sha384Hasher, governor, stranger };
}

/** When the documents that the tests make themselves are made. Unix time in seconds: in 2030. */
export const NOW = 1_900_000_000;

/** Their chain of certificates, right in everything. */
export const CHAIN = issueChain({ now: NOW });

/** What it takes to bring documents under the tests' root to a verifier. */
export async function nitroTestbed() {
  // The clock goes on by itself, and other files' tests may come first.
  const chain = await chainAt(NOW - 30 * 86_400);
  const { time } = chain.networkHelpers;
  const loadFixture = <T>(fixture: () => Promise<T>) => chain.networkHelpers.loadFixture(fixture);

  async function deployed() {
    const fixture = await deployNitroVerifier(chain, at(CHAIN, 0).der);
    await time.increaseTo(NOW);
    return fixture;
  }

  /** With all certificates of the usual chain stored: then only what a test changes has to be signed and hinted. */
  async function warm() {
    const fixture = await loadFixture(deployed);
    const { chain: certificates, hints } = nitroChain(makeDocument({ now: NOW }));
    // However slow the machine is.
    await time.setNextBlockTimestamp(NOW + 30);
    await fixture.verifier.addCertificates(certificates, hints);
    await time.increaseTo(NOW + 60);
    return {
      ...fixture,
      cached: await storedCertificates(fixture.verifier, makeDocument({ now: NOW })),
    };
  }

  return {
    chain,
    time,
    cold: () => loadFixture(deployed),
    warm: () => loadFixture(warm),
  };
}

/** The document's hints; for one that has none, as many empty ones as a chain of five needs. */
export function hintsOrNone(document: Uint8Array, options?: NitroHintOptions): string[] {
  try {
    return nitroHints(document, options);
  } catch (error) {
    if (!(error instanceof OpenGradientError)) throw error;
    return ["0x", "0x", "0x", "0x", "0x"];
  }
}
