import { id, Wallet } from "ethers";

/* What the node of `bench:gateway` and who asks it agree on. There is no chain behind these. */

const addressOf = (name: string) => new Wallet(id(name)).address;

export const BENCH_NODE = addressOf("node");
export const BENCH_MODEL = "bench";

export const BENCH_DEPLOYMENT = {
  chainId: 31_337n,
  addresses: { feeEscrow: addressOf("escrow"), opg: addressOf("opg") },
} as const;

export const BENCH_SETTLEMENT = {
  chainId: BENCH_DEPLOYMENT.chainId,
  settledBy: addressOf("ledger"),
} as const;
