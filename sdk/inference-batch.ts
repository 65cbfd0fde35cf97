import {
  AbiCoder,
  concat,
  keccak256,
  Signature,
  TypedDataEncoder,
  ZeroAddress,
  type Signer,
  type TypedDataField,
} from "ethers";
import { receiptDomain, type Settlement } from "./receipt.ts";
import { receiptLeaf, treeRoot, type SignedReceipt } from "./receipt-tree.ts";

/** Receipts of one signing key, committed together; see `contracts/types/InferenceBatch.sol`. */
export interface InferenceBatch {
  /** Whose stake stands behind them. */
  readonly node: string;
  /** Key that signed the receipts. */
  readonly signer: string;
  /** Root of the tree of their leaves. */
  readonly root: string;
  /** `seq` of the first; those of the others follow without a gap. */
  readonly firstSeq: bigint;
  readonly count: bigint;
  /** Sum of their fees, in OPG wei. */
  readonly totalFee: bigint;
  /** Latest `completedAt` of them, Unix time in seconds. */
  readonly completedAt: bigint;
  /** keccak256 of the leaves, one after the other. */
  readonly dataHash: string;
}

const INFERENCE_BATCH_TYPES: Record<string, TypedDataField[]> = {
  InferenceBatch: [
    { name: "node", type: "address" },
    { name: "signer", type: "address" },
    { name: "root", type: "bytes32" },
    { name: "firstSeq", type: "uint64" },
    { name: "count", type: "uint32" },
    { name: "totalFee", type: "uint128" },
    { name: "completedAt", type: "uint64" },
    { name: "dataHash", type: "bytes32" },
  ],
};

const abi = AbiCoder.defaultAbiCoder();

/** What a batch takes of a receipt. */
export interface BatchLeaf {
  readonly leaf: string;
  readonly fee: bigint;
  readonly completedAt: bigint;
}

/** The batch of these receipts, which are of one node and signer and in the order of their `seq`, without a gap. */
export function batchOf(signer: string, receipts: readonly SignedReceipt[]): InferenceBatch {
  const { node, seq: firstSeq } = receipts[0]?.receipt ?? { node: ZeroAddress, seq: 0n };
  const leaves = receipts.map((signed) => {
    const { fee, completedAt } = signed.receipt;
    return { leaf: receiptLeaf(signed), fee, completedAt };
  });
  return batchOfLeaves({ node, signer, firstSeq, leaves });
}

/** The same from leaves that were computed before. */
export function batchOfLeaves({
  node,
  signer,
  firstSeq,
  leaves: receipts,
}: {
  readonly node: string;
  readonly signer: string;
  readonly firstSeq: bigint;
  readonly leaves: readonly BatchLeaf[];
}): InferenceBatch {
  const leaves = receipts.map(({ leaf }) => leaf);
  return {
    node,
    signer,
    root: treeRoot(leaves),
    firstSeq,
    count: BigInt(leaves.length),
    totalFee: receipts.reduce((sum, { fee }) => sum + fee, 0n),
    completedAt: receipts.reduce(
      (latest, { completedAt }) => (completedAt > latest ? completedAt : latest),
      0n,
    ),
    dataHash: keccak256(concat(leaves)),
  };
}

/** Everything of a batch but its root, in one hash: what stands beside the root in the batch's id. */
export function batchHead(batch: InferenceBatch): string {
  const { node, signer, firstSeq, count, totalFee, completedAt, dataHash } = batch;
  const types = ["address", "address", "uint64", "uint32", "uint128", "uint64", "bytes32"];
  const values = [node, signer, firstSeq, count, totalFee, completedAt, dataHash];
  return keccak256(abi.encode(types, values));
}

/** Id of a batch: `keccak256(root ‖ head)`. Whoever has a path to a receipt and the head can compute it. */
export function batchId(batch: InferenceBatch): string {
  return keccak256(concat([batch.root, batchHead(batch)]));
}

/** EIP-712 digest of a batch, for wallets that sign digests. */
export function batchDigest(settlement: Settlement, batch: InferenceBatch): string {
  return TypedDataEncoder.hash(receiptDomain(settlement), INFERENCE_BATCH_TYPES, batch);
}

/** Signs a batch, with the enclave's key or the node's. The result is compact (EIP-2098, 64 bytes). */
export async function signBatch(
  settlement: Settlement,
  key: Signer,
  batch: InferenceBatch,
): Promise<string> {
  const signature = await key.signTypedData(
    receiptDomain(settlement),
    INFERENCE_BATCH_TYPES,
    batch,
  );
  return Signature.from(signature).compactSerialized;
}
