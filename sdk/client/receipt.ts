import { z } from "zod";
import { OpenGradientError } from "../errors.ts";
import { itemisedFee, type ItemisedFee } from "../price-quote.ts";
import type { InferenceReceipt } from "../receipt.ts";
import { keptEnvelopeSchema } from "../receipt-envelope.ts";
import { TIERS, type TierName } from "../tiers.ts";
import { bytes, hex } from "../wire.ts";
import type { ReceiptContent } from "./check-receipt.ts";
import { proveInclusion, type InclusionAccess, type InclusionProof } from "./inclusion.ts";
import { readEvidence } from "./read-receipts.ts";
import { ReceiptError, type ReceiptCheck } from "./receipt-fault.ts";
import type { ReceiptVerifier } from "./verify-receipt.ts";

const FORMAT = "opengradient.receipt.v1";

/** A receipt as it is kept: with all that is needed to check it again. */
const keptReceiptSchema = z.strictObject({
  format: z.literal(FORMAT),
  /** Of the node that gave it. */
  url: z.url().optional(),
  envelope: keptEnvelopeSchema,
  /** What a language model was asked, as the app sent it. */
  sent: z
    .strictObject({
      form: z.enum(["chat", "completion", "embedding"]),
      body: z.record(z.string(), z.unknown()),
    })
    .optional(),
  /** Of a model that takes tensors. */
  input: bytes.optional(),
  output: bytes.optional(),
  /** Kind and proof, in the Proven tier. */
  evidence: hex.optional(),
});

/** Everything that is kept of a receipt. */
export type KeptReceipt = Omit<z.output<typeof keptReceiptSchema>, "format">;

/** What receipts are held to. */
export interface ReceiptAccess extends InclusionAccess {
  readonly verifier: ReceiptVerifier;
}

/** A receipt that can be kept, and checked again at any time. */
export class Receipt {
  readonly kept: KeptReceipt;
  /** What was checked when it came; nothing yet for one that was read. */
  readonly checks: readonly ReceiptCheck[];
  readonly #access: ReceiptAccess;

  constructor(kept: KeptReceipt, access: ReceiptAccess, checks: readonly ReceiptCheck[] = []) {
    this.kept = kept;
    this.checks = checks;
    this.#access = access;
  }

  /**
   * Reads what `toJSON` gave. Nothing is checked yet.
   *
   * @throws OpenGradientError `RECEIPT_UNREADABLE`.
   */
  static from(json: unknown, access: ReceiptAccess): Receipt {
    const parsed = keptReceiptSchema.safeParse(json);
    if (parsed.success) return new Receipt(parsed.data, access);
    throw new OpenGradientError(
      "RECEIPT_UNREADABLE",
      "This is not a receipt as the SDK keeps it.",
      "Give what Receipt.toJSON or opg infer, opg chat --receipt wrote.",
      { cause: parsed.error },
    );
  }

  /** What the node, or its enclave, signed. */
  get content(): InferenceReceipt {
    return this.kept.envelope.receipt;
  }

  get requestId(): string {
    return this.content.requestId;
  }

  get tier(): TierName {
    const names = Object.keys(TIERS) as TierName[];
    const name = names.find((each) => BigInt(TIERS[each]) === this.content.tier);
    if (name === undefined) throw new RangeError(`there is no tier ${this.content.tier}`);
    return name;
  }

  /** What was paid, and for what, in OPG wei. */
  get fee(): ItemisedFee {
    return itemisedFee(this.kept.envelope.quote, this.content);
  }

  /** Makes every check against the chain as it is now, also after one that fails. */
  async check(): Promise<readonly ReceiptCheck[]> {
    const { envelope, sent, input, output, evidence } = this.kept;
    return this.#access.verifier.check(envelope, {
      at: "completion",
      sent,
      input,
      output,
      evidence: async () => evidence ?? (await readEvidence(this.#access.fetch, this.kept)),
    });
  }

  /**
   * Holds it once more to all that was kept, and to the chain as it is now: whether the key that signed it counted then, as
   * the chain sees it by now.
   *
   * @throws ReceiptError (`RECEIPT_INVALID`).
   */
  async verify(): Promise<readonly ReceiptCheck[]> {
    const checks = await this.check();
    const failed = checks.find(({ holds }) => holds === false);
    if (failed === undefined) return checks;
    throw new ReceiptError(failed.check, failed.detail, { receipt: this.content });
  }

  /**
   * Finds its batch in the chain, and the path to it: what `isSettled` and `verifyReceipt` of the ledger take.
   *
   * @throws OpenGradientError `RECEIPT_NOT_INCLUDED` as long as there is none.
   */
  proveInclusion(): Promise<InclusionProof> {
    return proveInclusion(this.#access, this.kept);
  }

  toJSON(): object {
    return z.encode(keptReceiptSchema, { format: FORMAT, ...this.kept });
  }
}

/** The envelope as it is kept. */
export function keptEnvelope(envelope: ReceiptContent): KeptReceipt["envelope"] {
  const { chainId, ledger, signer, signature, receipt, request, quote, applied } = envelope;
  const core = { chainId, ledger, signer, signature, receipt, request, quote };
  return applied === undefined ? core : { ...core, applied };
}
