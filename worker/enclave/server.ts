import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import type { TlsIdentity } from "./tls-identity.ts";

export interface ServerOptions {
  readonly host: string;
  readonly port: number;
  readonly identity: TlsIdentity;
}

/** How long a host may take to send a request, and how long answers that are under way may take when the server stops. */
const REQUEST_MS = 30_000;
const STOP_MS = 5_000;

/** An HTTPS server. */
export interface EnclaveServer {
  readonly port: number;
  /** Takes no new connections, gives answers that are ready a moment to leave, and closes the rest. */
  stop(): Promise<void>;
}

/** Serves an interface over TLS 1.3. */
export async function serve(
  api: Hono,
  { host, port, identity }: ServerOptions,
): Promise<EnclaveServer> {
  const { certificate: cert, key } = identity;
  const listener = getRequestListener(api.fetch);
  const server = createServer({ cert, key, minVersion: "TLSv1.3" }, (request, response) => {
    void listener(request, response);
  });
  server.requestTimeout = REQUEST_MS;
  server.headersTimeout = REQUEST_MS;
  server.maxConnections = 1_024;
  server.listen(port, host);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      const closed = once(server, "close");
      server.close();
      server.closeIdleConnections();
      const deadline = setTimeout(() => {
        server.closeAllConnections();
      }, STOP_MS);
      await closed;
      clearTimeout(deadline);
    },
  };
}
