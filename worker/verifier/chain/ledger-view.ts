import { hexlify, isCallException, type Provider } from "ethers";
import type { Deployment } from "../../../sdk/deployment.ts";
import type { DirectRequest } from "../../../sdk/direct-request.ts";
import type { PriceQuote } from "../../../sdk/price-quote.ts";
import { PROOF_KINDS } from "../../../sdk/proof-kinds.ts";
import type { Protocol } from "../../../sdk/protocol.ts";
import type { InferenceReceipt } from "../../../sdk/receipt.ts";
import { isRevert } from "../../../sdk/reverts.ts";
import { TIERS } from "../../../sdk/tiers.ts";
import type {
  BatchViewStructOutput,
  DemandStructOutput,
  LedgerTermsStructOutput,
} from "../../../typechain-types/contracts/ReceiptLedger.js";
import type { ReceiptRevealedEvent } from "../../../typechain-types/contracts/ReceiptLedger.js";
import type { CommittedBatch, ShownReceipt } from "../batch.ts";
import type { KeyStanding } from "../checks/attested-key.ts";
import type { ProofVerdict, ShownProof } from "../checks/proof.ts";
import type { InferenceShape } from "../checks/usage.ts";
import { treeOf, type BatchTree } from "../source/batch-source.ts";
import { LEDGER } from "./calls.ts";

export type BatchView = BatchViewStructOutput;

/** Where a batch stands; values as in `contracts/types/BatchState.sol`. */
export const BATCH_STATUS = {
  None: 0n,
  Committed: 1n,
  Final: 2n,
  Rejected: 3n,
  Closed: 4n,
  Voided: 5n,
} as const;

/** How a demand stands; values as in `contracts/interfaces/IReceiptDemands.sol`. */
export const DEMAND_STATUS = { None: 0n, Open: 1n, Answered: 2n, Expired: 3n } as const;

const PROVEN_KINDS: readonly string[] = [
  PROOF_KINDS.provenGroth16V1,
  PROOF_KINDS.provenGroth16SharedV1,
];

export interface LedgerViewOptions {
  readonly protocol: Protocol;
  readonly deployment: Deployment;
  readonly provider: Provider;
}

/** What the chain knows of batches, and of all that their receipts are held to. */
export class LedgerView {
  readonly #options: LedgerViewOptions;
  readonly #terms = new Map<bigint, LedgerTermsStructOutput>();
  readonly #shapes = new Map<string, InferenceShape | undefined>();

  constructor(options: LedgerViewOptions) {
    this.#options = options;
  }

  /** Address of the ledger. */
  get address(): string {
    return this.#options.deployment.addresses.receiptLedger;
  }

  /** Time of the latest block, Unix time in seconds. */
  async now(): Promise<bigint> {
    const block = await this.#options.provider.getBlock("latest");
    if (block === null) throw new Error("The RPC node does not know its latest block.");
    return BigInt(block.timestamp);
  }

  batchOf(batchId: string): Promise<BatchViewStructOutput> {
    return this.#options.protocol.receiptLedger.batchOf(batchId);
  }

  /** Terms of a version, which never change. */
  async termsOf(version: bigint): Promise<LedgerTermsStructOutput> {
    const known = this.#terms.get(version);
    if (known !== undefined) return known;
    const terms = await this.#options.protocol.receiptLedger.termsOf(version);
    this.#terms.set(version, terms);
    return terms;
  }

  demandOf(
    kind: "demand" | "demandProof",
    batchId: string,
    leaf: number,
  ): Promise<DemandStructOutput> {
    const { receiptLedger } = this.#options.protocol;
    return kind === "demand"
      ? receiptLedger.demandOf(batchId, leaf)
      : receiptLedger.proofDemandOf(batchId, leaf);
  }

  attestationOf(batchId: string, verifier: string): Promise<bigint> {
    return this.#options.protocol.receiptLedger.attestationOf(batchId, verifier);
  }

  /** Where the node says that it is reached; undefined if it is not registered any more. */
  async endpointOf(node: string): Promise<string | undefined> {
    try {
      return (await this.#options.protocol.nodeRegistry.node(node)).endpoint;
    } catch (error) {
      if (isRevert(error, "NodeRegistryNotRegistered")) return undefined;
      throw error;
    }
  }

  /** Time from which receipts of a model need their leaves on chain. */
  async leavesNeededSince(modelId: string): Promise<bigint | undefined> {
    const since = await this.#options.protocol.receiptLedger.leavesNeededSince(modelId);
    return since === 0n ? undefined : since;
  }

  /** How much one inference of a model uses; undefined for models whose answers cannot be proved. */
  async shapeOf(modelId: string): Promise<InferenceShape | undefined> {
    if (this.#shapes.has(modelId)) return this.#shapes.get(modelId);
    const shape = await this.#readShape(modelId);
    this.#shapes.set(modelId, shape);
    return shape;
  }

  async #readShape(modelId: string): Promise<InferenceShape | undefined> {
    try {
      const model = await this.#options.protocol.modelRegistry.model(modelId);
      const { inputSize, outputSize, inferences } = model;
      return inferences === 0n ? undefined : { inputSize, outputSize, inferences };
    } catch (error) {
      if (isRevert(error, "ModelRegistryUnknownModel")) return undefined;
      throw error;
    }
  }

  /** How the key behind an Attested receipt stood when it was made. */
  async keyStandingOf(
    signer: string,
    { node, modelId, completedAt }: Pick<InferenceReceipt, "node" | "modelId" | "completedAt">,
  ): Promise<KeyStanding> {
    const { enclaveRegistry } = this.#options.protocol;
    try {
      await enclaveRegistry.requireAttested(signer, node, modelId, completedAt);
      return "counts";
    } catch (error) {
      if (!isCallException(error)) throw error;
      return (await this.#wasVoided(signer, { node, completedAt })) ? "void" : "unattested";
    }
  }

  /** Whether a key counts no more for a time because it, or its code, was voided after the fact; as the ledger sees it. */
  async #wasVoided(
    signer: string,
    { node, completedAt }: Pick<InferenceReceipt, "node" | "completedAt">,
  ): Promise<boolean> {
    const { enclaveRegistry } = this.#options.protocol;
    const { operator, from, until, revoked, measurementId } = await enclaveRegistry.enclave(signer);
    if (operator !== node) return false;
    if (revoked) return true;
    if (completedAt < from || completedAt >= until) return false;
    const trust = await enclaveRegistry.measurementTrust(measurementId);
    return trust.revoked && completedAt >= trust.from && completedAt >= trust.until;
  }

  /** Whether a proof that was made for the ledger holds. */
  async verdictOn(
    { modelId, requestId, node, inputHash }: InferenceReceipt,
    { output, evidence }: ShownProof,
  ): Promise<ProofVerdict> {
    const claim = { market: this.address, modelId, requestId, node, inputHash };
    const { verifierRouter } = this.#options.protocol;
    try {
      await verifierRouter.verify(TIERS.Proven, claim, output, evidence);
      return "valid";
    } catch (error) {
      if (!isCallException(error)) throw error;
      const unrouted = ["VerifierRouterNoRoute", "VerifierRouterWrongTier"];
      if (!unrouted.some((name) => isRevert(error, name))) return "invalid";
      return PROVEN_KINDS.includes(evidence.slice(0, 10)) ? "closed" : "unread";
    }
  }

  /** The tree of a batch from the calldata that brought it, however that was wrapped; undefined if it is not there. */
  async treeInCalldata(committed: CommittedBatch): Promise<BatchTree | undefined> {
    if (!committed.hasLeaves) return undefined;
    const transaction = await this.#options.provider.getTransaction(committed.transactionHash);
    if (transaction === null) return undefined;
    const { selector } = LEDGER.getFunction("commitBatchWithLeaves");
    const hex = transaction.data.toLowerCase();
    const word = selector.slice(2);
    for (let at = hex.indexOf(word, 2); at !== -1; at = hex.indexOf(word, at + 1)) {
      const leaves = at % 2 === 0 ? leavesOf(`0x${hex.slice(at)}`) : undefined;
      const tree = leaves && treeOf(committed, leaves);
      if (tree !== undefined) return tree;
    }
    return undefined;
  }

  /** Receipts of a batch that were shown on chain, because somebody demanded them. */
  async revealed({ batchId, transactionHash }: CommittedBatch): Promise<readonly ShownReceipt[]> {
    const { provider } = this.#options;
    const committed = await provider.getTransactionReceipt(transactionHash);
    if (committed === null) return [];
    const logs = await provider.getLogs({
      address: this.address,
      topics: LEDGER.encodeFilterTopics("ReceiptRevealed", [batchId]),
      fromBlock: committed.blockNumber,
      toBlock: "latest",
    });
    return logs.map(({ data, topics }) => {
      const decoded = LEDGER.decodeEventLog("ReceiptRevealed", data, topics);
      return revealedReceipt(decoded as unknown as ReceiptRevealedEvent.OutputObject);
    });
  }
}

function leavesOf(call: string): readonly string[] | undefined {
  try {
    const decoded = LEDGER.decodeFunctionData("commitBatchWithLeaves", call);
    const leaves: unknown = decoded.getValue("leaves");
    return Array.isArray(leaves) ? Array.from(leaves, (leaf) => hexlify(String(leaf))) : undefined;
  } catch {
    // Other bytes that look like the function's selector.
    return undefined;
  }
}

function revealedReceipt({
  shown,
  request,
  quote,
}: ReceiptRevealedEvent.OutputObject): ShownReceipt {
  const { signature, index, path } = shown;
  return {
    receipt: receiptOf(shown.receipt),
    signature,
    index: Number(index),
    path: [...path],
    terms: { request: requestOf(request), quote: quoteOf(quote) },
    ...{ input: undefined, output: undefined, evidence: undefined },
  };
}

type Revealed = ReceiptRevealedEvent.OutputObject;

function receiptOf(event: Revealed["shown"]["receipt"]): InferenceReceipt {
  const { modelId, requestId, payer, node, tier, inputHash, outputHash, evidenceHash } = event;
  const { inputUnits, outputUnits, fee, startedAt, completedAt, seq } = event;
  return {
    ...{ modelId, requestId, payer, node, tier, inputHash, outputHash, evidenceHash },
    ...{ inputUnits, outputUnits, fee, startedAt, completedAt, seq },
  };
}

function requestOf(event: Revealed["request"]): DirectRequest {
  const { modelId, tier, payer, node, inputHash, quoteHash, nonce } = event;
  return { modelId, tier, payer, node, inputHash, quoteHash, nonce };
}

function quoteOf(event: Revealed["quote"]): PriceQuote {
  const { node, modelId, tier, base, perInputUnit, perOutputUnit } = event;
  return { node, modelId, tier, base, perInputUnit, perOutputUnit };
}
