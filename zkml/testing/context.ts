import type { StatementContext } from "../circuit/statement.ts";

/** For whom tests prove: no two parts are the same, so that none can stand for another. */
export const CONTEXT: StatementContext = {
  chainId: 8453n,
  market: "0x1111111111111111111111111111111111111111",
  modelId: `0x${"22".repeat(32)}`,
  requestId: `0x${"33".repeat(32)}`,
  node: "0x4444444444444444444444444444444444444444",
};
