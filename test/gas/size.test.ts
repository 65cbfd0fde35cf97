import { expect } from "chai";
import hre from "hardhat";
import { dataLength, dataSlice, keccak256 } from "ethers";
import { settle } from "../fixtures/snapshot.ts";

/** EIP-170: bytes of code that a contract may have. */
const MAX_CODE_SIZE = 24_576;

const CONTRACTS = [
  "AttestedVerifier",
  "BatchSettlement",
  "EnclaveRegistry",
  "FeeEscrow",
  "FeePolicy",
  "Groth16Verifier",
  "InferenceMarket",
  "ModelRegistry",
  "NitroVerifier",
  "NodeRegistry",
  "OPG",
  "P384Verifier",
  "ProvenVerifier",
  "ReceiptDisputes",
  "ReceiptLedger",
  "Sha384Hasher",
  "SharedProofVerifier",
  "SignedVerifier",
  "Staking",
  "TdxVerifier",
  "VerifierRouter",
] as const;

/** Straight-line assembly that a script writes: nobody reads every byte of it twice, so no byte changes unseen. */
const GENERATED = ["P384Verifier", "Sha384Hasher"] as const;

describe("bytecode size", function () {
  before(function () {
    if (hre.globalOptions.buildProfile !== "production") this.skip();
  });

  it("fits the limit and is what the snapshot says", async () => {
    const sizes: Record<string, number> = {};
    for (const name of CONTRACTS) {
      const { deployedBytecode } = await hre.artifacts.readArtifact(name);
      sizes[name] = dataLength(deployedBytecode);
      expect(sizes[name]).to.be.at.most(MAX_CODE_SIZE, name);
    }
    await settle("bytecode-size", sizes);
  });

  it("of what is generated is the one that was reviewed", async () => {
    const hashes: Record<string, string> = {};
    for (const name of GENERATED) {
      const { deployedBytecode } = await hre.artifacts.readArtifact(name);
      hashes[name] = keccak256(withoutMetadata(deployedBytecode));
    }
    await settle("bytecode-hash", hashes);
  });
});

/**
 * The code without what the compiler appends: a hash of sources and settings, which changes with a comment, and its length in the
 * last two bytes.
 */
function withoutMetadata(code: string): string {
  const length = dataLength(code);
  return dataSlice(code, 0, length - 2 - Number(dataSlice(code, length - 2)));
}
