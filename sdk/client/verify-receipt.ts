import { hexlify, keccak256 } from "ethers";
import type { Protocol } from "../protocol.ts";
import type { Settlement } from "../receipt.ts";
import { receiptEnvelopeSchema, type ReceiptEnvelope } from "../receipt-envelope.ts";
import { TIERS } from "../tiers.ts";
import { checkReceipt, type ReceiptContent, type ReceiptExpectation } from "./check-receipt.ts";
import { ReceiptError, type ReceiptCheck } from "./receipt-fault.ts";
import { createSequenceBook } from "./sequence-book.ts";
import { createSignerTrust, refusal, type TrustedAt } from "./signer-trust.ts";

/*
 * WHAT THIS TRUSTS
 *
 * - The chain, as the provider tells it, and the contracts of the deployment: that they name the keys which count, and that
 *   they check proofs.
 * - Signed and Optimistic tiers: nothing vouches for the output but the node's stake. Attested: the enclave's hardware and
 *   whoever approved its code. Proven: nobody.
 * - Why an answer ended (`finish_reason`), its `id` and its date are in no receipt. They are the node's word.
 */

export interface ReceiptVerifierOptions {
  readonly settlement: Settlement;
  readonly protocol: Pick<Protocol, "enclaveRegistry" | "nodeRegistry" | "verifierRouter">;
  /** The code that enclaves may run, as measurement ids; whatever governance trusts, unless given. */
  readonly measurements?: readonly string[] | undefined;
  /** For how long what the chain said of a key is believed, in milliseconds. */
  readonly cacheMs?: number | undefined;
}

/** What is known beside a receipt. */
export interface ReceiptContext extends Omit<ReceiptExpectation, "settlement"> {
  /** When the chain is to have trusted the key; "now", unless given. */
  readonly at?: TrustedAt;
  /** Gets kind and proof as hex in the Proven tier; `undefined` where there are none. */
  readonly evidence?: (() => Promise<string | undefined>) | undefined;
}

/** Holds receipts to everything that can be known of them. */
export interface ReceiptVerifier {
  /** Makes every check, also after one that fails. */
  readonly check: (
    content: ReceiptContent,
    context: ReceiptContext,
  ) => Promise<readonly ReceiptCheck[]>;
  /**
   * The same, up to the first check that fails, and remembers the receipt to notice one that contradicts it.
   *
   * @throws ReceiptError (`RECEIPT_INVALID`).
   */
  readonly verify: (
    content: ReceiptContent,
    context: ReceiptContext,
  ) => Promise<readonly ReceiptCheck[]>;
}

/**
 * Holds receipts to what was asked and received, and to the chain.
 *
 * @example
 * const verifier = createReceiptVerifier({ settlement, protocol });
 * await verifier.verify(parseEnvelope(body.opengradient), { asked, maxFee, input, output });
 */
export function createReceiptVerifier({
  settlement,
  protocol,
  measurements,
  cacheMs,
}: ReceiptVerifierOptions): ReceiptVerifier {
  const trust = createSignerTrust({ protocol, measurements, cacheMs });
  const book = createSequenceBook();

  const proofCheck = async (content: ReceiptContent, context: ReceiptContext) =>
    content.receipt.tier === BigInt(TIERS.Proven)
      ? [await checkProof({ router: protocol.verifierRouter, settlement }, content, context)]
      : [];

  return {
    check: async (content, context) => [
      ...checkReceipt(content, { ...context, settlement }),
      ...(await trust.check(content, context.at)),
      ...(await proofCheck(content, context)),
    ],
    verify: async (content, context) => {
      const checks = [...requireAll(content, checkReceipt(content, { ...context, settlement }))];
      checks.push(...requireAll(content, await trust.check(content, context.at)));
      // After the signature, or anybody could make a key contradict itself.
      const equivocation = book.add(content);
      if (equivocation !== undefined) {
        const { receipt } = content;
        const detail = "its key signed another receipt in the same place, or for the same request";
        throw new ReceiptError("sequence", detail, { receipt, equivocation });
      }
      checks.push(...requireProof(content, await proofCheck(content, context)));
      return [...checks, { check: "sequence", holds: true, detail: "contradicts none seen here" }];
    },
  };
}

/** Throws for the first check that fails. */
function requireAll(
  { receipt }: ReceiptContent,
  checks: readonly ReceiptCheck[],
): readonly ReceiptCheck[] {
  const failed = checks.find(({ holds }) => holds === false);
  if (failed === undefined) return checks;
  throw new ReceiptError(failed.check, failed.detail, { receipt });
}

/** The same, where not knowing is not enough: a tier that promises a proof is nothing without it. */
function requireProof(
  content: ReceiptContent,
  checks: readonly ReceiptCheck[],
): readonly ReceiptCheck[] {
  return requireAll(
    content,
    checks.map((check) => ({ ...check, holds: check.holds === true })),
  );
}

async function checkProof(
  {
    router,
    settlement,
  }: { readonly router: Protocol["verifierRouter"]; readonly settlement: Settlement },
  { receipt }: ReceiptContent,
  { evidence: getEvidence, output }: ReceiptContext,
): Promise<ReceiptCheck> {
  const because = (detail: string, holds = false) => ({ check: "proof", holds, detail }) as const;
  const evidence = await getEvidence?.();
  if (evidence === undefined || output === undefined) {
    const isAsked = getEvidence !== undefined && output !== undefined;
    if (isAsked) return because("the node does not give the proof");
    return { check: "proof", holds: undefined, detail: "proof or output are not known here" };
  }
  const found = keccak256(evidence);
  if (found !== receipt.evidenceHash)
    return because(`the evidence has the hash ${found}, not ${receipt.evidenceHash}`);
  const { modelId, requestId, node, inputHash } = receipt;
  const claim = { market: settlement.settledBy, modelId, requestId, node, inputHash };
  const fault = await refusal(() => router.verify(receipt.tier, claim, hexlify(output), evidence));
  return because(fault ?? "the contracts accept the proof", fault === undefined);
}

/**
 * Reads what came with an answer.
 *
 * @throws ReceiptError for what is no envelope.
 */
export function parseEnvelope(found: unknown): ReceiptEnvelope {
  const parsed = receiptEnvelopeSchema.safeParse(found);
  if (parsed.success) return parsed.data;
  if (found === undefined) throw new ReceiptError("form", "the answer came without one");
  const [issue] = parsed.error.issues;
  const where = issue?.path.join(".");
  const detail = `${where === undefined || where === "" ? "it" : where}: ${issue?.message ?? "?"}`;
  throw new ReceiptError("form", detail, { cause: parsed.error });
}
