import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import type { GatewayConfig, GatewayLimits } from "./config.ts";
import type { Gateway } from "./gateway.ts";
import { OpenGradientError } from "../../sdk/errors.ts";

/** How often connections are closed that have nothing more to do, while the server stops. */
const SWEEP_MS = 50;

/** How often in the time that clients have for a request the server looks whether it is over. */
const CHECKS_PER_LIMIT = 4;

/** What is given up has this long to say so. */
const LAST_WORDS_MS = 1_000;

/** A gateway that listens. */
export interface GatewayServer {
  /** Where it listens. */
  readonly url: string;
  readonly port: number;
  /** Begins nothing new, lets what is under way end within `stopMs`, and closes. May be called more than once. */
  readonly stop: () => Promise<void>;
}

/**
 * Serves a gateway over HTTP, or HTTPS if there is a certificate.
 *
 * @throws OpenGradientError `CONFIG_INVALID` if nobody can listen there, or the certificate cannot be used.
 */
export async function startGateway(
  gateway: Pick<Gateway, "fetch" | "drain" | "abort">,
  config: Pick<GatewayConfig, "host" | "port" | "tls" | "limits">,
): Promise<GatewayServer> {
  const { host, limits, tls } = config;
  const server = await createFor(gateway, tls, limits);
  server.maxConnections = limits.connections;
  server.requestTimeout = limits.requestMs;
  server.headersTimeout = limits.requestMs;
  const port = await listen(server, config);
  let stopped: Promise<void> | undefined;
  return {
    url: `${tls === undefined ? "http" : "https"}://${host.includes(":") ? `[${host}]` : host}:${port}`,
    port,
    stop: () => (stopped ??= stop(server, gateway, limits)),
  };
}

async function createFor(
  { fetch }: Pick<Gateway, "fetch">,
  tls: GatewayConfig["tls"],
  { requestMs }: GatewayLimits,
): Promise<Server> {
  const respond = getRequestListener(fetch);
  const options = { connectionsCheckingInterval: requestMs / CHECKS_PER_LIMIT };
  if (tls === undefined)
    return createServer(options, (request, response) => void respond(request, response));
  try {
    const [cert, key] = await Promise.all([readFile(tls.certFile), readFile(tls.keyFile)]);
    return createSecureServer(
      { ...options, cert, key },
      (request, response) => void respond(request, response),
    );
  } catch (cause) {
    throw new OpenGradientError(
      "CONFIG_INVALID",
      `The gateway's certificate "${tls.certFile}" and key "${tls.keyFile}" cannot be used: ${saidBy(cause)}.`,
      "Name a certificate chain and its key, both in PEM (gateway.tls).",
      { cause },
    );
  }
}

async function listen(
  server: Server,
  { host, port }: Pick<GatewayConfig, "host" | "port">,
): Promise<number> {
  try {
    server.listen(port, host);
    await once(server, "listening");
  } catch (cause) {
    throw new OpenGradientError(
      "CONFIG_INVALID",
      `The gateway cannot listen on ${host}:${port}: ${saidBy(cause)}.`,
      "Name an address of this machine and a port that is free (gateway.host, gateway.port).",
      { cause },
    );
  }
  return (server.address() as AddressInfo).port;
}

async function stop(
  server: Server,
  gateway: Pick<Gateway, "drain" | "abort">,
  { stopMs }: GatewayLimits,
): Promise<void> {
  gateway.drain();
  const closed = once(server, "close");
  server.close();
  const sweep = setInterval(() => {
    server.closeIdleConnections();
  }, SWEEP_MS);
  const giveUp = setTimeout(() => {
    gateway.abort();
  }, stopMs);
  const cut = setTimeout(() => {
    server.closeAllConnections();
  }, stopMs + LAST_WORDS_MS);
  await closed;
  clearInterval(sweep);
  clearTimeout(giveUp);
  clearTimeout(cut);
}

function saidBy(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
