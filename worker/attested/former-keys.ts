import { EnclaveRegistry__factory } from "../../typechain-types/index.js";
import type { EnclaveLedger } from "./enclave-ledger.ts";
import type { KeyTransactions } from "./key-transactions.ts";

const REGISTRY = EnclaveRegistry__factory.createInterface();

export interface FormerKeysOptions {
  readonly ledger: Pick<EnclaveLedger, "recordOf" | "now">;
  readonly transactions: Pick<KeyTransactions, "send" | "giveUp" | "keys" | "forget">;
}

/**
 * Ends on chain what this node attested before and has no more. The secrets are gone with their enclaves; that they count no
 * longer than needed costs little.
 *
 * @param current The key that is in use, if there is one.
 */
export async function retireFormerKeys(
  { ledger, transactions }: FormerKeysOptions,
  current?: string,
): Promise<void> {
  for (const key of await transactions.keys()) {
    if (key === current) continue;
    await transactions.giveUp(key);
    const record = await ledger.recordOf(key);
    const counts = record !== undefined && !record.isRevoked && record.until > (await ledger.now());
    if (counts) {
      const data = REGISTRY.encodeFunctionData("retire", [key]);
      // Refused when mined, if at all, because somebody else was faster: the next look shows it.
      if ((await transactions.send(key, { step: "retire", data })) !== "mined") continue;
    }
    await transactions.forget(key);
  }
}
