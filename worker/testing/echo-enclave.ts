import { createHash } from "node:crypto";
import pino from "pino";
import { EchoRuntime } from "./echo-runtime.ts";
import { newFolder } from "./folders.ts";
import { createApi } from "../enclave/api.ts";
import { SimulatedDevice } from "../enclave/attestation/simulated.ts";
import { Enclave } from "../enclave/enclave.ts";
import { serve } from "../enclave/server.ts";
import { createTlsIdentity } from "../enclave/tls-identity.ts";

const PCRS = [1, 2, 3].map((byte) => new Uint8Array(48).fill(byte));

const LIMITS = { pending: 8, answerMs: 10_000, remembered: { answers: 100, bytes: 1_000_000 } };

/** An enclave that serves, and what tests look at in it. */
export interface EchoEnclave {
  readonly url: string;
  readonly port: number;
  readonly tlsKeyHash: string;
  readonly runtime: EchoRuntime;
  readonly enclave: Enclave;
  readonly stop: () => Promise<void>;
}

export interface EchoEnclaveOptions {
  readonly accessToken?: string;
  readonly gpuEvidence?: Uint8Array;
  /** TLS key that the enclave claims to have. */
  readonly claimedKeyHash?: string;
  readonly port?: number;
}

/** An enclave in this process, which repeats what it is told; all else is as in a real one. */
export async function startEchoEnclave({
  accessToken,
  gpuEvidence,
  claimedKeyHash,
  port = 0,
}: EchoEnclaveOptions = {}): Promise<EchoEnclave> {
  const identity = await createTlsIdentity();
  const runtime = new EchoRuntime();
  const enclave = new Enclave({
    device: new SimulatedDevice(await newFolder(), PCRS),
    runtimes: [runtime],
    tlsKeyHash: claimedKeyHash ?? identity.keyHash,
    gpuEvidence,
    limits: LIMITS,
  });
  const accessTokenHash =
    accessToken === undefined ? undefined : createHash("sha256").update(accessToken).digest("hex");
  const log = pino({ level: "silent" });
  const api = createApi({ enclave, bodyBytes: 10_000, accessTokenHash, log });
  const server = await serve(api, { host: "127.0.0.1", port, identity });
  const url = `https://127.0.0.1:${server.port}`;
  const stop = async () => {
    await server.stop();
    enclave.close();
  };
  return { url, port: server.port, tlsKeyHash: identity.keyHash, runtime, enclave, stop };
}
