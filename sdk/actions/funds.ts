import { formatEther, type AddressLike, type Provider } from "ethers";
import { OpenGradientError } from "../errors.ts";
import type { Protocol } from "../protocol.ts";
import { send, type StepListener } from "./send.ts";

/**
 * Makes sure that an account has ETH for gas and the OPG that an action takes, before the action sends anything.
 *
 * @throws OpenGradientError `ACCOUNT_UNFUNDED`.
 */
export async function requireFunds(
  { opg }: Pick<Protocol, "opg">,
  provider: Provider,
  { account, amount }: { account: string; amount: bigint },
): Promise<void> {
  if ((await provider.getBalance(account)) === 0n) {
    throw unfunded(`The account ${account} has no ETH for gas.`, "Send it ETH.");
  }
  const balance = await opg.balanceOf(account);
  if (balance >= amount) return;
  throw unfunded(
    `The account ${account} has ${formatEther(balance)} OPG; ${formatEther(amount)} OPG are needed.`,
    "Send it OPG.",
  );
}

/** Lets `spender` take `amount` OPG, if it may not already. */
export async function allow(
  { opg }: Pick<Protocol, "opg">,
  { owner, spender, amount }: { owner: AddressLike; spender: AddressLike; amount: bigint },
  onStep?: StepListener,
): Promise<void> {
  if ((await opg.allowance(owner, spender)) >= amount) return;
  await send("approve OPG", () => opg.approve(spender, amount), onStep);
}

function unfunded(message: string, hint: string): OpenGradientError {
  return new OpenGradientError("ACCOUNT_UNFUNDED", message, hint);
}
