import { readFile } from "node:fs/promises";
import type { Logger } from "pino";
import { OpenGradientError } from "../../sdk/errors.ts";
import type { EnclaveConfig } from "../config.ts";
import type { LanguageModel } from "../models/served-models.ts";
import type { RunningEnclave } from "./enclave-keeper.ts";
import { refusalOf, unlessUnknown } from "./enclave.ts";
import { openAttestor, type Attestor, type AttestorOptions } from "./open-attestor.ts";

export interface EnclaveOptions {
  readonly models: readonly Pick<LanguageModel, "folder">[];
  readonly log: Logger;
  readonly signal?: AbortSignal;
}

/** Starts a configured enclave, or connects to it. */
export async function openEnclave(
  config: EnclaveConfig,
  options: EnclaveOptions,
): Promise<RunningEnclave> {
  const attestor = await attestorOptions(config, options);
  const { client, ended, close } = await openAttestor(attestor, options.signal);
  return {
    identity: async (signal) => {
      await client.ping(signal);
      return client.identity;
    },
    attest: (request, signal) => client.attest(request, signal),
    check: async (question, signal) => {
      try {
        await client.check(question, signal);
        return undefined;
      } catch (error) {
        const refusal = refusalOf(error);
        if (refusal === undefined) throw error;
        return refusal;
      }
    },
    infer: (question, signal) => client.infer(question, signal),
    stream: (question, onText, signal) => client.stream(question, onText, signal),
    measure: (question, signal) => client.check(question, signal),
    recall: (question, signal) => unlessUnknown(client.recall(question, signal)),
    signBatch: (request, signal) => unlessUnknown(client.signBatch(request, signal)),
    ended: ended.then(describeEnd),
    close,
  };
}

async function attestorOptions(
  enclave: EnclaveConfig,
  { models, log }: EnclaveOptions,
): Promise<AttestorOptions> {
  const { attestor, url, tlsKeyHash, accessTokenFile } = enclave;
  if (url !== undefined) {
    const accessToken = accessTokenFile && (await readToken(accessTokenFile));
    return {
      attestor,
      url,
      ...(tlsKeyHash !== undefined && { tlsKeyHash }),
      ...(accessToken !== undefined && { accessToken }),
    };
  }
  if (attestor !== "simulated" || enclave.folder === undefined)
    throw new Error("the enclave's configuration says neither where it is nor how to start it");
  const { folder, gpu } = enclave;
  const device = { kind: "simulated", folder } as const;
  const config = { device, models: models.map((model) => ({ folder: model.folder, gpu })) };
  return { attestor, config, log };
}

async function readToken(file: string): Promise<string> {
  try {
    return (await readFile(file, "utf8")).trim();
  } catch (cause) {
    throw new OpenGradientError(
      "KEY_FILE_MISSING",
      `The file "${file}" with the enclave's access token is missing or cannot be read.`,
      "Name a file that holds the token that the enclave was configured with.",
      { cause },
    );
  }
}

function describeEnd({ code, signal }: Awaited<Attestor["ended"]>): string {
  return `the enclave's process ended ${signal === null ? `with code ${code ?? "unknown"}` : `by ${signal}`}`;
}
