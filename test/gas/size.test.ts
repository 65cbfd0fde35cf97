import { expect } from "chai";
import hre from "hardhat";
import { dataLength } from "ethers";
import { settle } from "../fixtures/snapshot.ts";

/** EIP-170: bytes of code that a contract may have. */
const MAX_CODE_SIZE = 24_576;

const CONTRACTS = [
  "BatchSettlement",
  "FeeEscrow",
  "FeePolicy",
  "Groth16Verifier",
  "InferenceMarket",
  "ModelRegistry",
  "NodeRegistry",
  "OPG",
  "P384Verifier",
  "ProvenVerifier",
  "SharedProofVerifier",
  "SignedVerifier",
  "Staking",
  "VerifierRouter",
] as const;

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
});
