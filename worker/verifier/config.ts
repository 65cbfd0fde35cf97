import { isAddress, parseEther, parseUnits } from "ethers";
import { z } from "zod";
import { decimal, readConfigFile } from "../config-file.ts";

const address = z.string().refine(isAddress, "is not an address");

const MEBIBYTE = 1_048_576;

const verifierConfigSchema = z.strictObject({
  /** JSON-RPC node of the deployment's chain. */
  rpcUrl: z.url({ protocol: /^https?$/, error: "is not an http(s) URL" }),
  /** Deployment file. */
  deployment: z.string(),
  /** Key file of the account that sends transactions: the signer that the operator registered, or the operator. */
  keyFile: z.string(),
  /** Address of the operator, who holds the stake and is paid. */
  operator: address,
  /** Folder of the journal. */
  dataFolder: z.string(),
  /** Packages of models whose Optimistic answers are computed again. */
  models: z.array(z.strictObject({ folder: z.string(), publisher: address })).default([]),
  /** Folder of receipts that clients have brought, as JSON; each is held against what its key signed otherwise. */
  evidenceFolder: z.string().optional(),
  /** What stands behind the verifier's word. */
  attestation: z
    .strictObject({
      /** Stake behind each batch that is co-signed, in OPG; "0": none is, the verifier only watches. */
      weight: decimal(parseEther, "10"),
      /** Most stake behind all batches that are not final yet, in OPG. */
      mostAtOnce: decimal(parseEther, "1000"),
      /** How long a node has to finalise a batch that was co-signed, in seconds, before the verifier does it. */
      graceSeconds: z.int().min(0).default(600),
    })
    .prefault({}),
  /** What is spent at most. */
  budget: z
    .strictObject({
      /** Most bonds of demands that are not answered yet, in OPG. They come from the account's balance in the fee escrow. */
      bonds: decimal(parseEther, "100"),
      /** Most gas in any 24 hours, in ETH. */
      gasPerDay: decimal(parseEther, "0.1"),
      /** Most receipts of one batch that are demanded because the node does not show them. */
      demandsPerBatch: z.int().min(0).max(64).default(4),
      /** Most receipts of one batch that are convicted beyond the first: each compensates one payer. */
      convictionsPerBatch: z.int().min(1).max(4_096).default(64),
    })
    .prefault({}),
  /** How nodes are asked for their receipts. */
  nodes: z
    .strictObject({
      /** How long one answer may take. */
      timeoutMs: z.int().min(100).default(10_000),
      /** How long one answer may be, in bytes. */
      maxBytes: z
        .int()
        .min(1_024)
        .max(256 * MEBIBYTE)
        .default(16 * MEBIBYTE),
      /** How long all receipts of a batch may take. */
      batchTimeLimitMs: z.int().min(100).default(120_000),
      /** How long a node may be silent before receipts are demanded on chain. */
      patienceMs: z.int().min(0).default(300_000),
      /** Whether nodes may be on this machine or in its network. */
      privateAddresses: z.boolean().default(false),
    })
    .prefault({}),
  /** For how long receipts are remembered, to be held against later ones. */
  memoryDays: z.int().min(1).max(3_650).default(60),
  /** Batches that are looked at at the same time. */
  concurrency: z.int().min(1).max(64).default(4),
  /** Blocks that must include and follow what the verifier relies on, itself counted. */
  confirmations: z.int().min(1).default(2),
  pollingIntervalMs: z.int().min(10).default(2_000),
  /** After how long a transaction that is not mined is sent at a higher fee. */
  bumpAfterMs: z.int().min(100).default(15_000),
  /** Most that is paid for gas, in gwei. */
  maxFeePerGasGwei: decimal((text) => parseUnits(text, "gwei"), "5"),
});

/** How to run a verifier; amounts in wei. */
export type VerifierConfig = z.output<typeof verifierConfigSchema>;

/** What a configuration file may say; amounts as decimal text. */
export type VerifierConfigFile = z.input<typeof verifierConfigSchema>;

/**
 * Reads a verifier's configuration. Paths in it are relative to the file.
 *
 * @throws OpenGradientError `CONFIG_INVALID`, naming every member that is wrong.
 */
export async function readVerifierConfig(file: string): Promise<VerifierConfig> {
  const { config, resolve } = await readConfigFile(file, verifierConfigSchema);
  const { evidenceFolder } = config;
  return {
    ...config,
    deployment: resolve(config.deployment),
    keyFile: resolve(config.keyFile),
    dataFolder: resolve(config.dataFolder),
    models: config.models.map((model) => ({ ...model, folder: resolve(model.folder) })),
    ...(evidenceFolder !== undefined && { evidenceFolder: resolve(evidenceFolder) }),
  };
}
