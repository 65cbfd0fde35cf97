import { setTimeout as sleep } from "node:timers/promises";
import {
  formatEther,
  getBytes,
  hexlify,
  ZeroAddress,
  type Provider,
  type Signer,
  type TransactionReceipt,
} from "ethers";
import type { Deployment } from "../deployment.ts";
import { OpenGradientError } from "../errors.ts";
import { connectProtocol, type Protocol } from "../protocol.ts";
import { termsOf, type RequestTerms } from "../request.ts";
import { REQUEST_STATUS } from "../request-status.ts";
import { describeRevert } from "../reverts.ts";
import { TIERS, type TierName } from "../tiers.ts";
import { allow, requireFunds } from "./funds.ts";
import { send, type StepListener } from "./send.ts";

/** What somebody asks for, to be answered to nobody in particular: no contract is called back. Amounts are OPG in wei. */
export interface InferenceOrder {
  readonly modelId: string;
  readonly tier: TierName;
  readonly input: Uint8Array;
  /** What is paid. */
  readonly fee: bigint;
  /** What a node puts at risk by taking the request. */
  readonly collateral: bigint;
  /** How long nodes may take the request. */
  readonly expirySeconds: number;
  /** How long the node that has taken it has to serve it. */
  readonly lockSeconds: number;
}

/** A request that was made. */
export interface OpenRequest {
  readonly requestId: string;
  readonly terms: RequestTerms;
  /** Block that it was made in. */
  readonly block: number;
}

/** How a request ended: with an output, or without, and then the payer has its fee back. */
export type RequestEnd =
  | { readonly kind: "served"; readonly node: string; readonly output: Uint8Array }
  | { readonly kind: "expired" };

const POLLING_MS = 1_000;

/**
 * Makes a request as `payer`. What its balance in the fee escrow lacks is paid in, and the market is allowed to lock it.
 *
 * @throws OpenGradientError before anything is sent: `TRANSACTION_REVERTED` for what the market does not offer, `FEE_TOO_LOW`,
 * or `ACCOUNT_UNFUNDED`; afterwards `TRANSACTION_REVERTED`.
 */
export async function requestInference(
  deployment: Deployment,
  payer: Signer,
  order: InferenceOrder,
  onStep?: StepListener,
): Promise<OpenRequest> {
  const protocol = connectProtocol(deployment, payer);
  const { provider } = payer;
  if (provider === null) throw new Error("the payer has no provider");
  await requireFee(protocol, order);
  await fund(protocol, { payer, provider, fee: order.fee }, onStep);
  const { inferenceMarket: market } = protocol;
  const parameters = await parametersOf(provider, order);
  const ask = () => market.request(parameters, hexlify(order.input));
  let mined: TransactionReceipt | undefined;
  await send("request inference", ask, (step, receipt) => {
    mined = receipt;
    onStep?.(step, receipt);
  });
  return announced(protocol, mined);
}

/** The request that a transaction has made. */
async function announced(
  { inferenceMarket: market }: Protocol,
  mined: TransactionReceipt | undefined,
): Promise<OpenRequest> {
  const block = mined?.blockNumber ?? 0;
  const events = await market.queryFilter(market.filters.InferenceRequested(), block, block);
  const event = events.find(({ transactionHash }) => transactionHash === mined?.hash);
  if (event === undefined) throw new Error("the market announced no request");
  const { requestId, request } = event.args;
  return { requestId, terms: termsOf(request), block };
}

/**
 * Waits until a request is served. If no node does in time, its fee is taken back.
 *
 * @throws OpenGradientError `TRANSACTION_REVERTED`, or the signal's reason.
 */
export async function awaitOutput(
  deployment: Deployment,
  payer: Signer,
  { requestId, terms, block }: OpenRequest,
  { onStep, signal }: { readonly onStep?: StepListener; readonly signal?: AbortSignal } = {},
): Promise<RequestEnd> {
  const { inferenceMarket: market } = connectProtocol(deployment, payer);
  for (;;) {
    const { status } = await market.stateOf(requestId);
    if (status === REQUEST_STATUS.Fulfilled) {
      const [event] = await market.queryFilter(market.filters.RequestFulfilled(requestId), block);
      if (event !== undefined) {
        const { node, output } = event.args;
        return { kind: "served", node, output: getBytes(output) };
      }
    }
    if (status === REQUEST_STATUS.Expired) return { kind: "expired" };
    const now = BigInt((await payer.provider?.getBlock("latest"))?.timestamp ?? 0);
    // Whether a node that has taken it still has time, the market knows.
    const isOver = now > terms.expiry && (await canExpire(market, terms));
    if (isOver) await send("take the fee back", () => market.expire({ ...terms }), onStep);
    else await sleep(POLLING_MS, undefined, { ...(signal !== undefined && { signal }) });
  }
}

async function canExpire(
  market: Protocol["inferenceMarket"],
  terms: RequestTerms,
): Promise<boolean> {
  try {
    await market.expire.staticCall({ ...terms });
    return true;
  } catch (error) {
    if (describeRevert(error) === undefined) throw error;
    return false;
  }
}

async function requireFee(
  { inferenceMarket, modelRegistry }: Protocol,
  { modelId, tier, input, fee }: InferenceOrder,
): Promise<void> {
  const needed = await read("price the request", async () => {
    await modelRegistry.requireOffered(modelId, TIERS[tier]);
    return (await inferenceMarket.priceOf(modelId, TIERS[tier], input.length))[1];
  });
  if (fee >= needed) return;
  throw new OpenGradientError(
    "FEE_TOO_LOW",
    `The request costs ${formatEther(needed)} OPG now; ${formatEther(fee)} OPG are offered.`,
    "Offer more: the price moves with the demand.",
  );
}

async function read<T>(what: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    const reason = describeRevert(cause);
    if (reason === undefined) throw cause;
    const hint = "Check the model's id, and the tiers that it is offered in.";
    const message = `The contracts refuse to ${what}: ${reason}.`;
    throw new OpenGradientError("TRANSACTION_REVERTED", message, hint, { cause });
  }
}

async function fund(
  protocol: Protocol,
  { payer, provider, fee }: { payer: Signer; provider: Provider; fee: bigint },
  onStep?: StepListener,
): Promise<void> {
  const { feeEscrow, inferenceMarket } = protocol;
  const owner = await payer.getAddress();
  const balance = await feeEscrow.balanceOf(owner);
  const amount = fee > balance ? fee - balance : 0n;
  await requireFunds(protocol, provider, { account: owner, amount });
  if (amount > 0n) {
    await allow(protocol, { owner, spender: feeEscrow, amount }, onStep);
    await send("deposit OPG", () => feeEscrow.deposit(owner, amount), onStep);
  }
  if ((await feeEscrow.lockerOf(owner)) === (await inferenceMarket.getAddress())) return;
  await send("let the market lock fees", () => feeEscrow.authorizeLocker(inferenceMarket), onStep);
}

async function parametersOf(provider: Provider, order: InferenceOrder) {
  const { modelId, tier, fee, collateral, expirySeconds, lockSeconds } = order;
  const now = (await provider.getBlock("latest"))?.timestamp ?? 0;
  return {
    modelId,
    tier: TIERS[tier],
    consumer: ZeroAddress,
    callbackGas: 0,
    maxFee: fee,
    collateral,
    rampSeconds: 0,
    expiry: now + expirySeconds,
    lockSeconds,
    // Two equal requests of one second are two requests.
    salt: Date.now(),
  };
}
