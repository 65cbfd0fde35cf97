import { fileURLToPath } from "node:url";
import hardhatToolbox from "@nomicfoundation/hardhat-toolbox-mocha-ethers";
import type { HttpNetworkUserConfig } from "hardhat/types/config";
import { configVariable, defineConfig } from "hardhat/config";

/** The compiler comes from npm and is pinned by the lock file: nothing is downloaded. */
const compiler = {
  version: "0.8.37",
  path: fileURLToPath(import.meta.resolve("solc/soljson.js")),
};

/** Base runs Prague's instructions under the Isthmus hard fork. */
const settings = { evmVersion: "prague", optimizer: { enabled: true, runs: 200 } } as const;

/** The settings of what is deployed. */
function shipped(runs: number) {
  return { ...settings, viaIR: true, optimizer: { enabled: true, runs } };
}

/** For long straight-line assembly: the optimizer's steps make P-384 170,000 gas dearer, and run out of memory over SHA-384. */
const asWritten = {
  ...settings,
  viaIR: true,
  optimizer: { enabled: true, runs: 20_000, details: { yulDetails: { optimizerSteps: ":" } } },
};

/** Base's rules: the block's gas, and what one transaction may take of it (EIP-7825). */
const baseRules = {
  type: "edr-simulated",
  chainType: "op",
  blockGasLimit: 400_000_000,
  transactionGasCap: 16_777_216,
} as const;

/** A chain that is reached with the URL in one variable of the environment and the key in another. */
function remote(url: string) {
  return {
    type: "http" as const,
    chainType: "op" as const,
    url: configVariable(url),
    accounts: [configVariable("DEPLOYER_PRIVATE_KEY")],
  } satisfies HttpNetworkUserConfig;
}

export default defineConfig({
  plugins: [hardhatToolbox],
  solidity: {
    profiles: {
      default: { ...compiler, settings },
      production: {
        // One compilation for all: several times faster, and Hardhat's chain cannot read one without a contract.
        isolated: false,
        compilers: [{ ...compiler, settings: shipped(20_000) }],
        // What is inlined for 20,000 runs would not fit into the 24,576 bytes that a contract may have.
        overrides: {
          "contracts/InferenceMarket.sol": { ...compiler, settings: shipped(700) },
          "contracts/ReceiptLedger.sol": { ...compiler, settings: shipped(700) },
          "contracts/ledger/ReceiptDisputes.sol": { ...compiler, settings: shipped(700) },
          "contracts/Staking.sol": { ...compiler, settings: shipped(1_000) },
          "contracts/mocks/Sha384Probe.sol": { ...compiler, settings: asWritten },
          "contracts/verifiers/nitro/P384Verifier.sol": { ...compiler, settings: asWritten },
          "contracts/verifiers/nitro/Sha384Hasher.sol": { ...compiler, settings: asWritten },
        },
      },
    },
    npmFilesToBuild: [
      "@openzeppelin/contracts/access/manager/AccessManager.sol",
      "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol",
    ],
  },
  networks: {
    // The fast build does not fit what ships into the limit; the production build is held to it by a test.
    default: { ...baseRules, chainId: 31_337, allowUnlimitedContractSize: true },
    local: { type: "http", chainType: "op", url: "http://127.0.0.1:8545" },
    baseSepolia: { ...remote("BASE_SEPOLIA_RPC_URL"), chainId: 84_532 },
    base: { ...remote("BASE_RPC_URL"), chainId: 8453 },
  },
  test: {
    // Whoever comes first makes a model's keys: seconds here, a minute on a slow machine.
    mocha: { timeout: 300_000 },
    solidity: {
      profiles: {
        default: { fuzz: { runs: 256 }, invariant: { runs: 10, depth: 300 } },
        deep: { fuzz: { runs: 20_000 }, invariant: { runs: 400, depth: 300 } },
      },
    },
  },
  paths: { ignition: "./deploy", tests: { mocha: "./test", solidity: "./test" } },
  // Written by `npm run types` only: a plain build would leave them in another order each time.
  typechain: {
    outDir: "./typechain-types",
    dontOverrideCompile: process.env.GENERATE_TYPES === undefined,
  },
});
