import { lookup } from "node:dns";
import { request as requestHttp, type IncomingMessage, type RequestOptions } from "node:http";
import { request as requestHttps } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { isPublicAddress } from "./public-address.ts";

export interface NodeClientOptions {
  /** Whether nodes may be on this machine or in its network: for tests, and for who runs both. */
  readonly allowsPrivateAddresses: boolean;
  /** How long a whole answer may take. */
  readonly timeoutMs: number;
  /** How long a whole answer may be. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/** A node does not answer as it should. What it said is not repeated: its text is its own. */
export class NodeUnhelpful extends Error {}

/** Asks a node for JSON. */
export type NodeClient = (endpoint: string, path: string) => Promise<unknown>;

/**
 * Asks nodes that may be hostile: in little time, for little data, without following them anywhere.
 *
 * The address that is connected to is the one that was looked at, so that a name cannot stand for two.
 */
export function createNodeClient(options: NodeClientOptions): NodeClient {
  return async (endpoint, path) => {
    const url = resourceOf(endpoint, path, options);
    const timeout = AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs)]);
    try {
      const response = await open(url, { ...options, signal: timeout });
      const parsed: unknown = JSON.parse(await readText(response, options.maxBytes));
      return parsed;
    } catch (error) {
      options.signal.throwIfAborted();
      if (error instanceof NodeUnhelpful) throw error;
      throw new NodeUnhelpful(`the node cannot be asked: ${codeOf(error)}`, { cause: error });
    }
  };
}

function resourceOf(
  endpoint: string,
  path: string,
  { allowsPrivateAddresses }: NodeClientOptions,
): URL {
  const base = URL.parse(endpoint);
  if (base === null || !["http:", "https:"].includes(base.protocol))
    throw new NodeUnhelpful("the node's endpoint is no http(s) URL");
  const host = base.hostname.replace(/^\[|\]$/g, "");
  // An address is never looked up.
  if (isIP(host) !== 0 && !allowsPrivateAddresses && !isPublicAddress(host))
    throw new NodeUnhelpful("the node's endpoint is not a public address");
  const url = new URL(base);
  const [pathname = "", search = ""] = path.split("?");
  url.pathname = `${base.pathname.replace(/\/+$/, "")}${pathname}`;
  url.search = search;
  url.hash = "";
  return url;
}

function open(url: URL, options: NodeClientOptions): Promise<IncomingMessage> {
  const request = url.protocol === "https:" ? requestHttps : requestHttp;
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const settings: RequestOptions = {
    signal: options.signal,
    headers: { accept: "application/json" },
    agent: false,
    ...(!options.allowsPrivateAddresses && { lookup: lookupPublic }),
  };
  request(url, settings, resolve).once("error", reject).end();
  return promise;
}

const lookupPublic: LookupFunction = (host, options, done) => {
  lookup(host, { ...options, all: true }, (error, addresses) => {
    if (error !== null) {
      done(error, []);
      return;
    }
    const found = addresses.filter(({ address }) => isPublicAddress(address));
    const [first] = found;
    if (first === undefined) {
      done(new NodeUnhelpful("the node's endpoint is not a public address"), []);
    } else if (options.all === true) {
      done(null, found);
    } else {
      done(null, first.address, first.family);
    }
  });
};

async function readText(response: IncomingMessage, maxBytes: number): Promise<string> {
  try {
    if (response.statusCode !== 200)
      throw new NodeUnhelpful(`the node answers with status ${response.statusCode ?? 0}`);
    const pieces: Uint8Array[] = [];
    let length = 0;
    for await (const piece of response as AsyncIterable<Uint8Array>) {
      length += piece.length;
      if (length > maxBytes)
        throw new NodeUnhelpful(`the node's answer is longer than ${maxBytes} bytes`);
      pieces.push(piece);
    }
    return Buffer.concat(pieces).toString("utf8");
  } finally {
    response.destroy();
  }
}

/** What went wrong, without anything that the node wrote. */
function codeOf(error: unknown): string {
  if (error instanceof SyntaxError) return "its answer is not JSON";
  if (error instanceof Error && "code" in error) return String(error.code);
  return error instanceof Error ? error.name : "for an unknown reason";
}
