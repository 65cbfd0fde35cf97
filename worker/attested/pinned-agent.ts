import { Agent, type RequestOptions } from "node:https";
import type { Duplex } from "node:stream";
import { connect, type TLSSocket } from "node:tls";
import { keccak256 } from "ethers";
import { OpenGradientError } from "../../sdk/errors.ts";

type Connected = (error: Error | null, socket: Duplex) => void;

/**
 * Connects to whoever has one TLS key, and to nobody else: nothing is sent to another. Certificates are not looked at, since
 * an enclave signs its own.
 *
 * Without a pin, the first key is learned and then held to. Whoever stood in between at that moment gains nothing: the
 * enclave attests its own TLS key, so the attestation fails for the key that was learned, here and on chain, and nothing
 * that matters is sent before it.
 */
export class PinnedAgent extends Agent {
  #keyHash: string | undefined;

  constructor(keyHash: string | undefined) {
    super({ keepAlive: true });
    this.#keyHash = keyHash?.toLowerCase();
  }

  /** keccak256 of the peer's key as DER SubjectPublicKeyInfo; undefined before the first connection. */
  get keyHash(): string | undefined {
    return this.#keyHash;
  }

  override createConnection(options: RequestOptions, connected?: Connected): null {
    // The name in a self-signed certificate shows nothing; the key is checked below, before anything is sent.
    const socket = connect({
      ...connectionOf(options),
      rejectUnauthorized: false,
      minVersion: "TLSv1.3",
    });
    const fail = (error: Error) => {
      connected?.(error, socket);
    };
    socket.once("error", fail);
    socket.once("secureConnect", () => {
      socket.off("error", fail);
      const stranger = this.#stranger(socket);
      if (stranger) socket.destroy();
      connected?.(stranger ?? null, socket);
    });
    return null;
  }

  #stranger(socket: TLSSocket): OpenGradientError | undefined {
    const found = keyHashOf(socket);
    this.#keyHash ??= found;
    if (found === this.#keyHash) return undefined;
    return new OpenGradientError(
      "ENCLAVE_UNTRUSTED",
      `The enclave at this address has the TLS key hash ${found ?? "(none)"}, not ${this.#keyHash ?? "(none)"}.`,
      "If the enclave was started anew, connect again with its new key hash. Otherwise somebody else answers for it.",
    );
  }
}

function connectionOf({ host, port }: RequestOptions) {
  return { host: host ?? "localhost", port: Number(port) };
}

function keyHashOf(socket: TLSSocket): string | undefined {
  const key = socket.getPeerX509Certificate()?.publicKey;
  return key && keccak256(new Uint8Array(key.export({ type: "spki", format: "der" })));
}
