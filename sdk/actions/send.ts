import type { TransactionReceipt, TransactionResponse } from "ethers";
import { OpenGradientError } from "../errors.ts";
import { describeRevert } from "../reverts.ts";

/** Told of every transaction that an action was made of. */
export type StepListener = (step: string, receipt: TransactionReceipt) => void;

/**
 * Waits until a transaction is mined.
 *
 * @throws OpenGradientError `TRANSACTION_REVERTED` with the contract's own words, or `ACCOUNT_UNFUNDED`.
 */
export async function send(
  step: string,
  transaction: () => Promise<TransactionResponse>,
  onStep?: StepListener,
): Promise<void> {
  try {
    const receipt = await (await transaction()).wait();
    if (receipt === null) throw new Error(`${step}: the transaction was dropped`);
    onStep?.(step, receipt);
  } catch (cause) {
    const reason = describeRevert(cause);
    if (reason === undefined) throw cause;
    throw new OpenGradientError(
      "TRANSACTION_REVERTED",
      `The contracts refuse to ${step}: ${reason}.`,
      "Change what the error names. What was done before stays and is not done again.",
      { cause },
    );
  }
}
