import type { Suite } from "./suite.ts";

/**
 * All suites, in the order in which they run. Fuzz tests and invariants use the fast build; everything else runs against
 * the bytecode that ships.
 */
export const SUITES: readonly Suite[] = [
  { title: "format", command: ["prettier", "--check", "--log-level", "warn", "."] },
  { title: "lint: TypeScript", command: ["eslint", "--max-warnings", "0", "."] },
  {
    title: "lint: Solidity",
    command: ["solhint", "--noPoster", "--max-warnings", "0", "contracts/**/*.sol"],
  },
  { title: "types", command: ["tsc", "-p", "."] },
  { title: "unused code", command: ["knip"] },
  { title: "generated files", command: ["tsx", "scripts/generate/all.ts", "--check"] },
  { title: "build", command: ["tsx", "scripts/build.ts"] },
  {
    title: "Solidity fuzz tests and invariants",
    command: ["hardhat", "test", "solidity", "--no-compile"],
  },
  { title: "proofs", command: ["tsx", "scripts/prove/run.ts"] },
  // Apart from the next: Hardhat's matchers, which a chain brings along, compare no fractions.
  { title: "zkml", command: ["mocha", "zkml/**/*.test.ts"] },
  {
    title: "language models, enclaves and scripts",
    command: ["mocha", "{sdk,cli,worker,scripts}/**/*.test.ts"],
  },
  {
    title: "build for production",
    command: ["tsx", "scripts/build.ts", "--build-profile", "production"],
  },
  {
    title: "contracts, gas, worker and command line",
    command: ["hardhat", "--build-profile", "production", "test", "mocha", "--no-compile"],
  },
  { title: "the story", command: ["tsx", "scripts/start/index.ts"] },
];
