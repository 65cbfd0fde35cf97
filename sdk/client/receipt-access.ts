import { getAddress, type Provider } from "ethers";
import type { Deployment } from "../deployment.ts";
import { connectProtocol } from "../protocol.ts";
import type { Settlement } from "../receipt.ts";
import type { ReceiptAccess } from "./receipt.ts";
import { createReceiptVerifier } from "./verify-receipt.ts";

/** What an app believes. */
export interface ReceiptTrust {
  /** Code that enclaves may run, as measurement ids; whatever governance trusts, unless given. */
  readonly measurements?: readonly string[];
  /** For how long what the chain said of a key is believed, in milliseconds; two blocks of Base, unless given. */
  readonly cacheMs?: number;
}

export interface ReceiptAccessOptions {
  readonly deployment: Deployment;
  readonly provider: Provider;
  readonly trust?: ReceiptTrust;
}

/** What receipts are checked with: enough for `Receipt.from`, without a client. */
export function receiptAccess({
  deployment,
  provider,
  trust = {},
}: ReceiptAccessOptions): ReceiptAccess {
  const protocol = connectProtocol(deployment, provider);
  const settlement = settlementOf(deployment);
  return {
    verifier: createReceiptVerifier({ settlement, protocol, ...trust }),
    ledger: protocol.receiptLedger,
    startBlock: deployment.startBlock,
    provider,
    fetch,
  };
}

/** Where receipts of the off-chain path count. */
export function settlementOf({ chainId, addresses }: Deployment): Settlement {
  return { chainId, settledBy: getAddress(addresses.receiptLedger) };
}
