import { getBytes, hexlify, keccak256, ZeroHash } from "ethers";
import { AnswerDesk, type AnswerLimits, type OnText } from "./answer-desk.ts";
import type { AttestationDevice } from "./attestation/device.ts";
import { SteadyClock } from "./clock.ts";
import { EnclaveKey } from "./enclave-key.ts";
import type {
  AttestRequest,
  BatchRequest,
  EnclaveIdentity,
  InferAnswer,
  InferRequest,
} from "./protocol.ts";
import type { Runtime } from "../runtimes/runtime.ts";
import { bindingHash, nonceOf } from "../../sdk/enclave.ts";
import type { Usage } from "../../sdk/price-quote.ts";

export interface EnclaveOptions {
  readonly device: AttestationDevice;
  readonly runtimes: readonly Runtime[];
  readonly tlsKeyHash: string;
  /** What is known about the GPUs of this machine; receipts commit to it. */
  readonly gpuEvidence: Uint8Array | undefined;
  readonly limits: AnswerLimits;
}

/** A document is there within a second; a device that takes longer is gone. */
const ATTEST_MS = 30_000;

/** The program inside the boundary: a key that never leaves, a device that vouches for it, and models whose answers it signs. */
export class Enclave {
  readonly identity: EnclaveIdentity;
  readonly #key = new EnclaveKey();
  readonly #device: AttestationDevice;
  readonly #desk: AnswerDesk;

  constructor({ device, runtimes, tlsKeyHash, gpuEvidence, limits }: EnclaveOptions) {
    const evidenceHash = gpuEvidence === undefined ? ZeroHash : keccak256(gpuEvidence);
    this.#device = device;
    const clock = new SteadyClock();
    this.#desk = new AnswerDesk({ key: this.#key, runtimes, clock, evidenceHash, limits });
    this.identity = {
      kind: device.kind,
      address: this.#key.address,
      publicKey: hexlify(this.#key.publicKey),
      tlsKeyHash,
      gpuEvidence: gpuEvidence === undefined ? null : hexlify(gpuEvidence),
      models: runtimes.map((runtime) => {
        const { contentHash, model: name, runtime: kind, device: where } = runtime.describe();
        return { contentHash, name, runtime: kind, device: where };
      }),
    };
  }

  /** Has the device vouch for the key and this TLS key, for an operator, at a block. */
  async attest({ chainId, registry, operator, blockHash }: AttestRequest): Promise<Uint8Array> {
    const { address, tlsKeyHash } = this.identity;
    const binding = bindingHash({ chainId, registry, operator, tlsKeyHash });
    const data = {
      publicKey: this.#key.publicKey,
      address,
      userData: getBytes(binding),
      nonce: getBytes(nonceOf(blockHash, binding)),
    };
    return await this.#device.attest(data, AbortSignal.timeout(ATTEST_MS));
  }

  infer(request: InferRequest, onText?: OnText): Promise<InferAnswer> {
    return this.#desk.answer(request, onText);
  }

  /** Says again what a request was answered with. */
  recall(request: InferRequest): Promise<InferAnswer> {
    return this.#desk.recall(request);
  }

  /** Signs a batch of its receipts. */
  signBatch(request: BatchRequest): string {
    return this.#desk.signBatch(request);
  }

  /** Says without computing it whether a request would be answered, and what that can use at most. */
  check(request: InferRequest): Promise<Usage> {
    return this.#desk.check(request);
  }

  /** Gives up what is being answered, and destroys the key. */
  close(): void {
    this.#desk.close();
    this.#key.destroy();
  }
}
