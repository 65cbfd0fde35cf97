import type { Logger } from "pino";
import type { Settlement } from "../../sdk/receipt.ts";
import { TIERS } from "../../sdk/tiers.ts";
import type { ModelPackage } from "../../zkml/model/package.ts";
import type { CommittedBatch, ShownReceipt } from "./batch.ts";
import type { LedgerView } from "./chain/ledger-view.ts";
import { checkAttestedKey } from "./checks/attested-key.ts";
import { checkEquivocation } from "./checks/equivocation.ts";
import { checkOutput } from "./checks/output.ts";
import { checkPolicy } from "./checks/policy.ts";
import { checkPrice } from "./checks/price.ts";
import { checkProof, shownProof } from "./checks/proof.ts";
import { checkSignature } from "./checks/signature.ts";
import { checkTotal } from "./checks/total.ts";
import { checkUsage } from "./checks/usage.ts";
import type { Finding } from "./fault.ts";
import { KeyStandings } from "./key-standings.ts";
import type { ReceiptMemory } from "./receipt-memory.ts";
import { fetchReceipts, fetchTree, type BatchTree } from "./source/batch-source.ts";
import { NodeUnhelpful, type NodeClient } from "./source/node-client.ts";

/** What looking at a batch showed. */
export interface Inspection {
  readonly findings: readonly Finding[];
  /** Places whose receipts were not shown, or not what they are held to. */
  readonly missing: readonly number[];
  /** Why nobody should stand for it, though it cannot be challenged. */
  readonly doubts: readonly string[];
  /** Why the node did not show all. */
  readonly trouble: string | undefined;
}

export interface BatchInspectorOptions {
  readonly settlement: Settlement;
  readonly ledger: LedgerView;
  readonly client: NodeClient;
  readonly memory: ReceiptMemory;
  /** By their ids: models whose answers are computed again. */
  readonly models: ReadonlyMap<string, Pick<ModelPackage, "circuit" | "graph">>;
  /** How long all receipts of a batch may take. */
  readonly timeLimitMs: number;
  readonly log: Logger;
}

/** What is found out about the receipts of one batch, while they come. */
interface Progress {
  readonly shown: Map<number, ShownReceipt>;
  readonly findings: Finding[];
  readonly doubts: Set<string>;
}

/** Checks every receipt of a batch, wherever it can be had. */
export class BatchInspector {
  readonly #options: BatchInspectorOptions;

  constructor(options: BatchInspectorOptions) {
    this.#options = options;
  }

  async inspect(committed: CommittedBatch): Promise<Inspection> {
    const progress: Progress = { shown: new Map(), findings: [], doubts: new Set() };
    const trouble = await this.#gather(committed, progress);
    for (const shown of await this.#options.ledger.revealed(committed))
      await this.#take(committed, shown, progress);
    await this.#checkKeys(committed, progress);
    await this.#checkMemory(committed, progress);
    const total = checkTotal(committed, [...progress.shown.values()]);
    if (total !== undefined) progress.findings.push(total);
    const { findings, shown, doubts } = progress;
    return { findings, missing: missingOf(committed, shown), doubts: [...doubts], trouble };
  }

  /** Takes what the node shows. Returns why that was not all. */
  async #gather(committed: CommittedBatch, progress: Progress): Promise<string | undefined> {
    const { client, settlement, timeLimitMs, ledger, log } = this.#options;
    try {
      const onChain = await ledger.treeInCalldata(committed);
      const endpoint = await ledger.endpointOf(committed.node);
      if (endpoint === undefined) throw new NodeUnhelpful("the node is not registered any more");
      const tree: BatchTree = onChain ?? (await fetchTree(client, endpoint, committed));
      const source = { client, endpoint, settlement, timeLimitMs };
      for await (const shown of fetchReceipts(source, committed, tree))
        await this.#take(committed, shown, progress);
      return undefined;
    } catch (error) {
      if (!(error instanceof NodeUnhelpful)) throw error;
      log.info({ batchId: committed.batchId, reason: error.message }, "A node shows nothing.");
      return error.message;
    }
  }

  /** Checks one receipt for all that it can be checked for alone, and keeps of it what later checks need. */
  async #take(committed: CommittedBatch, shown: ShownReceipt, progress: Progress): Promise<void> {
    const before = progress.shown.get(shown.index);
    if (before?.terms !== undefined) return;
    const { settlement, ledger } = this.#options;
    const { modelId } = shown.receipt;
    const found = [
      checkSignature(settlement, committed, shown),
      checkPrice(shown),
      checkUsage(shown, await ledger.shapeOf(modelId)),
      committed.hasLeaves
        ? undefined
        : checkPolicy(committed, shown, await ledger.leavesNeededSince(modelId)),
      await this.#checkProof(shown, progress),
      this.#checkOutput(shown, progress),
    ];
    const light = { ...shown, input: undefined, output: undefined, evidence: undefined };
    progress.shown.set(shown.index, light);
    progress.findings.push(...found.filter((finding) => finding !== undefined));
  }

  async #checkProof(shown: ShownReceipt, { doubts }: Progress): Promise<Finding | undefined> {
    if (shown.receipt.tier !== BigInt(TIERS.Proven)) return undefined;
    const proof = shownProof(shown);
    const verdict = proof && (await this.#options.ledger.verdictOn(shown.receipt, proof));
    if (verdict === "closed") doubts.add("it has proofs that nobody reads any more");
    return checkProof(shown, verdict);
  }

  #checkOutput(shown: ShownReceipt, { doubts }: Progress): Finding | undefined {
    const { modelId, tier } = shown.receipt;
    const model = this.#options.models.get(modelId);
    const isOptimistic = tier === BigInt(TIERS.Optimistic);
    if (model === undefined) {
      if (isOptimistic) doubts.add(`answers of ${modelId} cannot be computed again here`);
      return undefined;
    }
    const finding = checkOutput(shown, model);
    if (finding !== undefined) return finding;
    if (isOptimistic && model.circuit.form.inputs === "private")
      doubts.add(`inputs of ${modelId} are private`);
    return undefined;
  }

  async #checkKeys(committed: CommittedBatch, progress: Progress): Promise<void> {
    const attested = [...progress.shown.values()].filter(
      ({ receipt }) => receipt.tier === BigInt(TIERS.Attested),
    );
    const standings = new KeyStandings(this.#options.ledger, committed.batch.signer);
    await standings.learn(attested.map(({ receipt }) => receipt));
    for (const shown of attested) {
      const standing = standings.of(shown.receipt);
      if (standing === "void") progress.doubts.add("its key, or the code that has it, was voided");
      const finding = checkAttestedKey(committed, shown, standing);
      if (finding !== undefined) progress.findings.push(finding);
    }
  }

  /** Holds the receipts against each other, and against all that their key ever signed. */
  async #checkMemory(committed: CommittedBatch, { shown, findings }: Progress): Promise<void> {
    const { memory } = this.#options;
    const { batchId, batch } = committed;
    const forged = new Set(
      findings.map((it) => (it.challenge === "challengeSignature" ? it.shown.index : -1)),
    );
    const genuine = [...shown.values()].filter(({ index }) => !forged.has(index));
    // Remembered before they are compared: whoever brings a contradiction meanwhile sees them, or is seen.
    await memory.rememberShown(batch.signer, batchId, genuine);
    for (const receipt of genuine) {
      const others = await memory.contradicting(batch.signer, receipt);
      const finding = checkEquivocation(receipt, others);
      if (finding !== undefined) findings.push(finding);
    }
  }
}

function missingOf(
  { batch }: CommittedBatch,
  shown: ReadonlyMap<number, ShownReceipt>,
): readonly number[] {
  const places = Array.from({ length: Number(batch.count) }, (_, index) => index);
  return places.filter((index) => shown.get(index)?.terms === undefined);
}
