import { readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { OpenGradientError } from "../../sdk/errors.ts";

const MEBIBYTE = 1_048_576;

/** File with evidence about GPUs, made when the machine started; every receipt commits to it. */
const gpuEvidence = z.string().optional();

const deviceSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("simulated"),
    /** Folder of the root and what is below it. */
    folder: z.string(),
    gpuEvidence,
  }),
  z.strictObject({
    kind: z.literal("nitro"),
    /** Attestation server inside the enclave. */
    url: z.url({ protocol: /^http$/ }).default("http://127.0.0.1:1300"),
    gpuEvidence,
  }),
  z.strictObject({
    kind: z.literal("dstack"),
    /** Unix socket of the guest agent. */
    socket: z.string().default("/var/run/dstack.sock"),
    /** Whether the agent is dstack's simulator. */
    simulator: z.boolean().default(false),
    gpuEvidence,
  }),
]);

const modelSchema = z.strictObject({
  /** Package of a language model. */
  folder: z.string(),
  /** For weights in a GGUF file; see `LlamaOptions`. */
  gpu: z.union([z.literal("auto"), z.literal(false)]).exactOptional(),
  threads: z.int().min(1).max(1_024).exactOptional(),
  parallel: z.int().min(1).max(256).exactOptional(),
  /** For a model at a server: where that is. It must be inside the boundary too. */
  url: z.url({ protocol: /^https?$/ }).exactOptional(),
});

const limitsSchema = z.strictObject({
  /** Largest body of a request. */
  bodyBytes: z
    .int()
    .min(1_024)
    .max(64 * MEBIBYTE)
    .default(MEBIBYTE),
  /** Requests that are answered at the same time. */
  pending: z.int().min(1).max(4_096).default(64),
  answerSeconds: z.int().min(1).max(3_600).default(120),
  /** Answers that are remembered for those who ask again, and their bytes in all. */
  rememberedAnswers: z.int().min(1).max(1_000_000).default(4_096),
  rememberedBytes: z
    .int()
    .min(0)
    .max(1_024 * MEBIBYTE)
    .default(64 * MEBIBYTE),
});

const configSchema = z.strictObject({
  listen: z
    .strictObject({
      host: z.string().default("127.0.0.1"),
      /** 0 for any that is free. */
      port: z.int().min(0).max(65_535).default(0),
    })
    .prefault({}),
  device: deviceSchema,
  models: z.array(modelSchema).min(1, "names no model"),
  limits: limitsSchema.prefault({}),
  /** SHA-256, in hex, of the token that the host shows. Without it whoever reaches the port is served. */
  accessTokenHash: z
    .string()
    .regex(/^[0-9a-f]{64}$/, "is not 64 lower-case hexadecimal digits")
    .optional(),
});

/** How to run an enclave. */
export type EnclaveConfig = z.output<typeof configSchema>;

/** What a configuration may say. */
export type EnclaveConfigFile = z.input<typeof configSchema>;

/**
 * Reads a configuration from a file; paths in it are relative to the file.
 *
 * @throws OpenGradientError `ENCLAVE_CONFIG_INVALID`, naming every member that is wrong.
 */
export async function readEnclaveConfig(file: string): Promise<EnclaveConfig> {
  try {
    return parseEnclaveConfig(await readFile(file, "utf8"), path.dirname(file));
  } catch (cause) {
    if (cause instanceof OpenGradientError) throw cause;
    throw invalid(`"${file}" cannot be read.`, "Name an existing configuration file.", cause);
  }
}

/**
 * Reads a configuration.
 *
 * @param folder What paths in it are relative to.
 */
export function parseEnclaveConfig(text: string, folder: string): EnclaveConfig {
  const parsed = configSchema.safeParse(parseJson(text));
  if (!parsed.success) {
    const faults = parsed.error.issues.map(
      ({ path: where, message }) => `${where.join(".") || "the configuration"}: ${message}`,
    );
    throw invalid(`It is not valid: ${faults.join("; ")}.`, "Correct these members.");
  }
  const resolve = (relative: string) => path.resolve(folder, relative);
  const { device, models, ...rest } = parsed.data;
  const resolved = device.kind === "simulated" ? { folder: resolve(device.folder) } : {};
  const evidence =
    device.gpuEvidence === undefined ? {} : { gpuEvidence: resolve(device.gpuEvidence) };
  return {
    ...rest,
    device: { ...device, ...resolved, ...evidence },
    models: models.map((model) => ({ ...model, folder: resolve(model.folder) })),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid("It is not JSON.", "Correct its syntax.", cause);
  }
}

function invalid(what: string, hint: string, cause?: unknown): OpenGradientError {
  const message = `The enclave's configuration cannot be used. ${what}`;
  return new OpenGradientError("ENCLAVE_CONFIG_INVALID", message, hint, { cause });
}
