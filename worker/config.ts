import { formatEther, isAddress, parseEther, parseUnits } from "ethers";
import { z } from "zod";
import { gatewayConfigSchema, type GatewayConfig } from "./gateway/config.ts";
import { paymentsConfigSchema } from "./payments/config.ts";
import { directSchema, type DirectConfig } from "./receipts/config.ts";
import { PROVER_NAMES } from "../zkml/prove/provers/prover.ts";
import { decimal, readConfigFile } from "./config-file.ts";

const address = z.string().refine(isAddress, "is not an address");

/** Far beyond what a share of a check's gas comes to: a fee in another unit is noticed before it is paid. */
const MAX_DCAP_FEE = parseEther("0.1");

/** How to reach an enclave that runs on its own. */
const remote = {
  /** Where it serves. */
  url: z.url({ protocol: /^https$/, error: "is not an https URL" }),
  /** keccak256 of its TLS key; without it, that of whoever answers first, which is bound by the attestation. */
  tlsKeyHash: z
    .string()
    .regex(/^0x[0-9a-f]{64}$/, "is not 0x and 64 lower-case hex digits")
    .optional(),
  /** File with the token that it asks for, if it does. */
  accessTokenFile: z.string().optional(),
};

/** What runs language models behind an attested key. */
const enclaveSchema = z.discriminatedUnion(
  "attestor",
  [
    /** Under a root of somebody's own: it shows nothing, and Base does not take it. */
    z
      .strictObject({
        attestor: z.literal("simulated"),
        /** To start it beside the worker: folder of the simulated hardware's root and certificates. */
        folder: z.string().optional(),
        /** What computes then: the best accelerator there is, or the processor. */
        gpu: z.union([z.literal("auto"), z.literal(false)]).default("auto"),
        ...remote,
        /** To use one that runs already. */
        url: remote.url.optional(),
      })
      .refine(({ folder, url }) => (folder === undefined) !== (url === undefined), {
        error: "names either a folder, to be started, or a url, if it runs already",
      }),
    z.strictObject({ attestor: z.literal("nitro"), ...remote }),
    z.strictObject({
      attestor: z.literal("dstack"),
      ...remote,
      /** Most that the DCAP contract may take for checking a quote, in ETH; what it does not take comes back. */
      maxDcapFee: decimal(parseEther, "0").refine((wei) => wei <= MAX_DCAP_FEE, {
        error: `is more than ${formatEther(MAX_DCAP_FEE)} ETH, which no check costs`,
      }),
    }),
  ],
  { error: 'names no attestor: "simulated", "nitro" or "dstack"' },
);

/** How to start or reach a node's enclave. */
export type EnclaveConfig = z.output<typeof enclaveSchema>;

const configSchema = z.strictObject({
  /** JSON-RPC node of the deployment's chain. */
  rpcUrl: z.url({ protocol: /^https?$/, error: "is not an http(s) URL" }),
  /** Deployment file. */
  deployment: z.string(),
  /** Key file of the account that sends transactions: the signer that the operator registered. */
  keyFile: z.string(),
  /** Address of the operator, who holds the stake and is paid. */
  operator: address,
  /** Folder of the journal. */
  dataFolder: z.string(),
  /** Models that this node serves. */
  models: z
    .array(z.strictObject({ folder: z.string(), publisher: address }))
    .min(1, "names no model"),
  /** What runs the language models among them; needed exactly if there are any. */
  enclave: enclaveSchema.optional(),
  /** What is answered over HTTP, without the market. */
  direct: directSchema.optional(),
  /** Where, and within which limits. */
  gateway: gatewayConfigSchema.prefault({}),
  /** How that is paid. */
  payments: paymentsConfigSchema.prefault({}),
  /** How often the enclave's key is looked at. */
  enclaveCheckIntervalMs: z.int().min(100).default(30_000),
  /** Folder in which openings of private inputs are left, each named by its input hash. */
  openings: z.string().optional(),
  /** Least that a request must pay after royalty, in OPG. */
  minimumFee: decimal(parseEther, "0"),
  /** Most collateral that a request may want, in OPG. */
  maximumCollateral: decimal(parseEther, "1000"),
  /** Blocks that must include and follow what this worker relies on, itself counted. */
  confirmations: z.int().min(1).default(2),
  pollingIntervalMs: z.int().min(10).default(1_000),
  /** After how long a transaction that is not mined is sent at a higher fee. */
  bumpAfterMs: z.int().min(100).default(15_000),
  /** Most that is paid for gas, in gwei. */
  maxFeePerGasGwei: decimal((text) => parseUnits(text, "gwei"), "5"),
  /** Jobs that are worked on at the same time. */
  concurrency: z.int().min(1).max(64).default(4),
  /** What makes proofs. Without it: rapidsnark if it is there, else the warm prover. */
  prover: z.enum(PROVER_NAMES).optional(),
  /** Program to use as rapidsnark. */
  rapidsnark: z.string().optional(),
  /** Models whose proving keys the warm prover keeps in memory at the same time. */
  residentKeys: z.int().min(1).max(64).default(4),
});

/** How to run a worker; amounts in wei. */
export type WorkerConfig = z.output<typeof configSchema>;

/** What a configuration file may say; amounts as decimal text. */
export type WorkerConfigFile = z.input<typeof configSchema>;

/**
 * Reads a worker's configuration. Paths in it are relative to the file.
 *
 * @throws OpenGradientError `CONFIG_INVALID`, naming every member that is wrong.
 */
export async function readWorkerConfig(file: string): Promise<WorkerConfig> {
  const { config, resolve } = await readConfigFile(file, configSchema);
  return {
    ...config,
    deployment: resolve(config.deployment),
    keyFile: resolve(config.keyFile),
    dataFolder: resolve(config.dataFolder),
    models: config.models.map((model) => ({ ...model, folder: resolve(model.folder) })),
    ...(config.enclave !== undefined && { enclave: resolveEnclave(config.enclave, resolve) }),
    ...(config.direct !== undefined && { direct: resolveDirect(config.direct, resolve) }),
    gateway: resolveGateway(config.gateway, resolve),
    ...(config.openings !== undefined && { openings: resolve(config.openings) }),
    ...(config.rapidsnark !== undefined && { rapidsnark: resolve(config.rapidsnark) }),
  };
}

function resolveDirect(direct: DirectConfig, resolve: (relative: string) => string): DirectConfig {
  const offers = direct.offers.map((offer) => ({ ...offer, folder: resolve(offer.folder) }));
  return { ...direct, offers };
}

function resolveGateway(
  gateway: GatewayConfig,
  resolve: (relative: string) => string,
): GatewayConfig {
  const { tls } = gateway;
  if (tls === undefined) return gateway;
  return { ...gateway, tls: { certFile: resolve(tls.certFile), keyFile: resolve(tls.keyFile) } };
}

function resolveEnclave(
  enclave: EnclaveConfig,
  resolve: (relative: string) => string,
): EnclaveConfig {
  const { accessTokenFile } = enclave;
  return {
    ...enclave,
    ...("folder" in enclave && enclave.folder !== undefined && { folder: resolve(enclave.folder) }),
    ...(accessTokenFile !== undefined && { accessTokenFile: resolve(accessTokenFile) }),
  };
}
