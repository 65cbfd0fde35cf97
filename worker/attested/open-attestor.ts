import type { Logger } from "pino";
import { EnclaveClient, type EnclaveClientOptions } from "./enclave-client.ts";
import {
  startEnclaveProcess,
  type EnclaveEnd,
  type EnclaveProcessConfig,
} from "./enclave-process.ts";
import type { MeasurementKindName } from "../../sdk/enclave.ts";
import { OpenGradientError } from "../../sdk/errors.ts";

/** What vouches for an enclave, and how to reach it. */
export type AttestorOptions =
  | { readonly attestor: "simulated"; readonly config: EnclaveProcessConfig; readonly log: Logger }
  | ({ readonly attestor: "simulated" | "nitro" | "dstack" } & EnclaveClientOptions);

/** An enclave that answers, whichever way it runs. */
export interface Attestor {
  readonly client: EnclaveClient;
  /** Of the process, if this host started one. */
  readonly pid: number | undefined;
  /** Settles if the enclave is a process of this host and has ended; never for one that runs elsewhere. */
  readonly ended: Promise<EnclaveEnd>;
  /** Leaves the enclave; one that this host started is stopped. */
  readonly close: () => Promise<void>;
}

const KINDS: Record<AttestorOptions["attestor"], readonly MeasurementKindName[]> = {
  simulated: ["NitroSim"],
  nitro: ["Nitro"],
  dstack: ["Tdx", "TdxSim"],
};

/**
 * Connects to an enclave, which is started first if it is a simulated one that does not run elsewhere.
 *
 * @throws OpenGradientError what keeps it from starting or answering, and `ENCLAVE_UNTRUSTED` if it is of another kind.
 */
export async function openAttestor(
  options: AttestorOptions,
  signal?: AbortSignal,
): Promise<Attestor> {
  await using resources = new AsyncDisposableStack();
  const { target, ended, pid } = await targetOf(options, resources);
  const client = resources.adopt(await EnclaveClient.connect(target, signal), (it) => {
    it.close();
  });
  requireKind(options.attestor, client.identity.kind);
  const opened = resources.move();
  return { client, ended, pid, close: () => opened.disposeAsync() };
}

async function targetOf(
  options: AttestorOptions,
  resources: AsyncDisposableStack,
): Promise<Pick<Attestor, "ended" | "pid"> & { readonly target: EnclaveClientOptions }> {
  if (!("config" in options)) {
    return { target: options, pid: undefined, ended: new Promise(() => undefined) };
  }
  const target = await startEnclaveProcess(options);
  resources.defer(target.stop);
  return { target, pid: target.pid, ended: target.ended };
}

function requireKind(attestor: AttestorOptions["attestor"], kind: MeasurementKindName): void {
  if (KINDS[attestor].includes(kind)) return;
  throw new OpenGradientError(
    "ENCLAVE_UNTRUSTED",
    `The enclave is of the kind ${kind}, which is not what "${attestor}" means.`,
    "Name the attestor that the enclave has, or connect to another enclave.",
  );
}
