import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import type { Logger } from "pino";
import { batchedReceiptSchema } from "../../../sdk/receipt-envelope.ts";
import type { Settlement } from "../../../sdk/receipt.ts";
import type { SignedReceipt } from "../../../sdk/receipt-tree.ts";
import { isSignedBy } from "../checks/signature.ts";

/** What a client's answer can be at most, with the request that it was to. */
const MAX_BYTES = 16 * 1_048_576;

/** Files looked at in one go; the others wait for the next. */
const MAX_FILES = 256;

/** What a client keeps of an answer has more members than matter here. */
const evidenceSchema = batchedReceiptSchema
  .pick({
    chainId: true,
    ledger: true,
    signer: true,
    signature: true,
    receipt: true,
  })
  .loose();

/** A receipt that a client has, and by whose key. */
export interface ClientReceipt extends SignedReceipt {
  readonly signer: string;
}

/**
 * Receipts that clients have brought: a folder of JSON files, such as an answer's member `opengradient`, or what a node answers to
 * `GET /v1/receipts/:requestId`. Who fills the folder is not trusted: a receipt without its key's signature is passed over.
 */
export class EvidenceFolder {
  readonly #folder: string;
  readonly #settlement: Settlement;
  readonly #log: Logger;
  readonly #read = new Set<string>();

  constructor(folder: string, settlement: Settlement, log: Logger) {
    this.#folder = folder;
    this.#settlement = settlement;
    this.#log = log;
  }

  /** Receipts that were not there when it was last looked. */
  async next(): Promise<readonly ClientReceipt[]> {
    const found: ClientReceipt[] = [];
    const names = (await readdir(this.#folder)).filter((name) => name.endsWith(".json"));
    for (const name of names.filter((it) => !this.#read.has(it)).slice(0, MAX_FILES)) {
      this.#read.add(name);
      const receipt = await this.#open(name);
      if (receipt !== undefined) found.push(receipt);
      else this.#log.warn({ name }, "A file of the evidence folder is no receipt that counts.");
    }
    return found;
  }

  async #open(name: string): Promise<ClientReceipt | undefined> {
    const file = path.join(this.#folder, name);
    const { size } = await stat(file);
    if (size > MAX_BYTES) return undefined;
    const parsed = evidenceSchema.safeParse(parseJson(await readFile(file, "utf8")));
    if (!parsed.success) return undefined;
    const { chainId, ledger, signer, signature, receipt } = parsed.data;
    const { chainId: ours, settledBy } = this.#settlement;
    const counts =
      chainId === ours &&
      ledger === settledBy &&
      isSignedBy(this.#settlement, signer, { receipt, signature });
    return counts ? { signer, signature, receipt } : undefined;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
