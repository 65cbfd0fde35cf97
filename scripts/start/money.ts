import { formatEther } from "ethers";
import type { PublishedModel } from "../../sdk/actions/publish-model.ts";
import type { World } from "./world.ts";

/** One payment of the story. */
export interface Payment {
  readonly from: string;
  readonly to: string;
  /** OPG, as text. */
  readonly amount: string;
  readonly why: string;
}

/** Hands on what was earned and slashed, and tells from the contracts' events who paid whom. */
export async function settleAccounts(
  { protocol, people, gas }: World,
  { modelId }: PublishedModel,
): Promise<readonly Payment[]> {
  const { feeEscrow, staking } = protocol;
  const { operator, payer } = people;
  await (await feeEscrow.collectEarnings(operator)).wait();
  await (await feeEscrow.collectRoyalties(modelId)).wait();
  await (await staking.handOn(payer)).wait();
  await (await staking.handOnTreasury()).wait();
  const balance = await feeEscrow.balanceOf(payer);
  await gas.spend("withdraw", feeEscrow.connect(payer).withdraw(balance, payer));
  return [...(await fees(protocol)), ...(await slashes(protocol)), ...(await refunds(protocol))];
}

async function fees({ feeEscrow }: World["protocol"]): Promise<Payment[]> {
  const earned = await feeEscrow.queryFilter(feeEscrow.filters.EarningsCollected());
  const royalties = await feeEscrow.queryFilter(feeEscrow.filters.RoyaltiesCollected());
  return [
    ...earned.flatMap(({ args }) => [
      payment("both readers", "the node", args.amount, "proved and attested answers"),
      payment("both readers", "treasury", args.treasuryAmount, "its share of the fees"),
    ]),
    ...royalties.map(({ args }) =>
      payment("DigitReader", "publisher", args.amount, "royalties of the model"),
    ),
  ];
}

async function slashes({ staking }: World["protocol"]): Promise<Payment[]> {
  const slashed = await staking.queryFilter(staking.filters.Slashed());
  return slashed.flatMap(({ args }) => [
    payment("the cheat's stake", "payer", args.compensation, "compensation"),
    payment("the cheat's stake", "payer", args.reward, "reward for reporting"),
    payment("the cheat's stake", "treasury", args.treasuryAmount, "the rest of the collateral"),
  ]);
}

async function refunds({ feeEscrow }: World["protocol"]): Promise<Payment[]> {
  const refunded = await feeEscrow.queryFilter(feeEscrow.filters.FeeRefunded());
  return refunded.map(({ args }) =>
    payment("the escrow", "payer", args.amount, "refund of a request that was not served"),
  );
}

function payment(from: string, to: string, amount: bigint, why: string): Payment {
  return { from, to, amount: formatEther(amount), why };
}
