import type { AttestationDevice, AttestedData } from "./device.ts";
import { randomHex } from "../simulated-nsm/certificates.ts";
import { makeDocument } from "../simulated-nsm/document.ts";
import { openHierarchy } from "../simulated-nsm/hierarchy.ts";

/**
 * A module that makes documents of AWS's form under a root in a folder, which is trusted where somebody deployed for it and
 * nowhere else. It shows nothing about the code: whoever has the folder can make any document.
 */
export class SimulatedDevice implements AttestationDevice {
  readonly kind = "NitroSim";
  readonly #folder: string;
  readonly #pcrs: readonly Uint8Array[];
  readonly #enclaveId = randomHex(8);

  constructor(folder: string, pcrs: readonly Uint8Array[]) {
    this.#folder = folder;
    this.#pcrs = pcrs;
  }

  async attest({ publicKey, userData, nonce }: AttestedData): Promise<Uint8Array> {
    const now = Date.now();
    const hierarchy = await openHierarchy(this.#folder, now);
    const content = { pcrs: this.#pcrs, publicKey, userData, nonce };
    return await makeDocument(hierarchy, content, { enclaveId: this.#enclaveId, now });
  }
}
