import { ReceiptLedger__factory } from "../../../typechain-types/index.js";
import type { InferenceBatch } from "../../../sdk/inference-batch.ts";
import type { ActionKind } from "../action-states.ts";
import type { WantedAction } from "../action-store.ts";
import type { CommittedBatch, ShownReceipt } from "../batch.ts";
import type { Finding } from "../fault.ts";

export const LEDGER = ReceiptLedger__factory.createInterface();

/** Receipts that one transaction counts: their calldata stays well below what nodes take, and their gas below the cap. */
const COUNTED_AT_ONCE = 48;

/** Of calls that are about the whole batch. */
const NO_LEAF = -1;

/** What a demand costs until it is answered. */
export interface Bonds {
  readonly demandBond: bigint;
  readonly proofBond: bigint;
}

/** The calls that a finding comes to. */
export function actionsFor(
  { batchId, batch }: CommittedBatch,
  finding: Finding,
  bonds: Bonds,
): readonly WantedAction[] {
  if (finding.challenge === "challengeTotal") return countsOf({ batchId, batch }, finding);
  const { challenge: kind, reason } = finding;
  const leaf = kind === "demand" ? finding.index : finding.shown.index;
  const atStake = stakeOf(kind, bonds);
  return [{ batchId, kind, leaf, data: encode(batch, finding), atStake, reason }];
}

/** Stands for a batch. */
export function attestation(
  { batchId, batch }: CommittedBatch,
  verifier: string,
  weight: bigint,
): WantedAction {
  const data = LEDGER.encodeFunctionData("attestBatch", [batch, verifier, weight]);
  const kind = "attestBatch";
  return { batchId, kind, leaf: NO_LEAF, data, atStake: weight, reason: undefined };
}

/** Settles with a verifier that stood for a batch. */
export function settlement({ batchId, batch }: CommittedBatch, verifier: string): WantedAction {
  const data = LEDGER.encodeFunctionData("settleAttestation", [batch, verifier]);
  return free({ batchId, kind: "settleAttestation", leaf: NO_LEAF, data });
}

/** Ends a batch whose time is over. */
export function ending(
  { batchId, batch }: CommittedBatch,
  kind: "finalize" | "closeRejected",
): WantedAction {
  const data =
    kind === "finalize"
      ? LEDGER.encodeFunctionData(kind, [batch])
      : LEDGER.encodeFunctionData(kind, [batch]);
  return free({ batchId, kind, leaf: NO_LEAF, data });
}

/** Ends a demand that was not answered: the same arguments as it had. */
export function expiryOf({ batchId, kind, leaf, data }: WantedAction): WantedAction {
  const expiry = kind === "demand" ? "expireDemand" : "expireProof";
  const { selector } = LEDGER.getFunction(expiry);
  return free({ batchId, kind: expiry, leaf, data: `${selector}${data.slice(selector.length)}` });
}

function free(action: Pick<WantedAction, "batchId" | "kind" | "leaf" | "data">): WantedAction {
  return { ...action, atStake: 0n, reason: undefined };
}

function stakeOf(kind: ActionKind, { demandBond, proofBond }: Bonds): bigint {
  if (kind === "demand") return demandBond;
  return kind === "demandProof" ? proofBond : 0n;
}

function countsOf(
  { batchId, batch }: Pick<CommittedBatch, "batchId" | "batch">,
  { receipts, reason }: Extract<Finding, { challenge: "challengeTotal" }>,
): readonly WantedAction[] {
  const parts = Math.ceil(receipts.length / COUNTED_AT_ONCE);
  return Array.from({ length: parts }, (_, part) => {
    const counted = receipts.slice(part * COUNTED_AT_ONCE, (part + 1) * COUNTED_AT_ONCE);
    const data = LEDGER.encodeFunctionData("challengeTotal", [batch, counted.map(placed)]);
    return { batchId, kind: "challengeTotal", leaf: part, data, atStake: 0n, reason };
  });
}

function encode(
  batch: InferenceBatch,
  finding: Exclude<Finding, { challenge: "challengeTotal" }>,
): string {
  if (finding.challenge === "demand")
    return LEDGER.encodeFunctionData("demand", [batch, finding.index]);
  const shown = placed(finding.shown);
  switch (finding.challenge) {
    case "challengeSignature":
      return LEDGER.encodeFunctionData(finding.challenge, [batch, shown]);
    case "challengePolicy":
      return LEDGER.encodeFunctionData(finding.challenge, [batch, shown]);
    case "demandProof":
      return LEDGER.encodeFunctionData(finding.challenge, [batch, shown]);
    case "challengeEquivocation": {
      const { receipt, signature } = finding.other;
      return LEDGER.encodeFunctionData(finding.challenge, [batch, shown, receipt, signature]);
    }
    case "challengeFee": {
      const { request, quote } = finding.terms;
      return LEDGER.encodeFunctionData(finding.challenge, [batch, shown, request, quote]);
    }
    case "challengeProof": {
      const { output, evidence } = finding;
      return LEDGER.encodeFunctionData(finding.challenge, [batch, shown, output, evidence]);
    }
  }
}

/** What the contract takes of a receipt. */
function placed({ receipt, signature, index, path }: ShownReceipt) {
  return { receipt, signature, index, path: [...path] };
}
