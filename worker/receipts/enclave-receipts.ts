import type { EnclaveOrders } from "./enclave-orders.ts";
import type { NodeSigner } from "./node-signer.ts";
import type { EnclaveKeeper } from "../attested/enclave-keeper.ts";
import type { InferenceBatch } from "../../sdk/inference-batch.ts";
import type { Settlement } from "../../sdk/receipt.ts";

export interface EnclaveReceiptsOptions {
  readonly signer: NodeSigner;
  /** Undefined where the node has no enclave. */
  readonly keeper: Pick<EnclaveKeeper, "standing"> | undefined;
  readonly orders: Pick<EnclaveOrders, "hasAny">;
  readonly settlement: Settlement;
}

/** Whose receipts are whose: the node's key signs as long as the node runs, an enclave's until the enclave ends. */
export class EnclaveReceipts {
  readonly #options: EnclaveReceiptsOptions;

  constructor(options: EnclaveReceiptsOptions) {
    this.#options = options;
  }

  /** Whether nobody signs with a key any more. */
  isGone(key: string): boolean {
    const { signer, keeper } = this.#options;
    if (key === signer.address) return false;
    if (keeper === undefined) return true;
    const { standing } = keeper;
    // As long as none is attested, the one from before may still be.
    return standing.kind === "attested" && standing.identity.address !== key;
  }

  /** Whether a receipt may come whose number is below that of one that is here. */
  async mayFillGaps(key: string): Promise<boolean> {
    const { signer, orders } = this.#options;
    if (key === signer.address) return false;
    return !this.isGone(key) || (await orders.hasAny(key));
  }

  /** By the enclave that signed the receipts or, if it is gone or has forgotten them, by the node. */
  async signatureOf(batch: InferenceBatch, signal?: AbortSignal): Promise<string> {
    const { signer, keeper, settlement } = this.#options;
    const { standing } = keeper ?? {};
    if (standing?.kind !== "attested" || standing.identity.address !== batch.signer)
      return signer.signBatch(batch);
    const signed = await standing.enclave.signBatch({ settlement, batch }, signal);
    return signed ?? signer.signBatch(batch);
  }
}
