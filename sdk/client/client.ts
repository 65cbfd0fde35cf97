import { hexlify, parseEther, type Provider } from "ethers";
import { openChain } from "../chain.ts";
import type { Deployment } from "../deployment.ts";
import { OpenGradientError } from "../errors.ts";
import { connectProtocol } from "../protocol.ts";
import type { Usage } from "../price-quote.ts";
import { TIERS, type TierName } from "../tiers.ts";
import { askOnce, askStream, type Arrival, type Asking } from "./ask.ts";
import type { ModelPins } from "./choose-offers.ts";
import { createNodeFinder, nodeUrl } from "./find-nodes.ts";
import type { Fetch } from "./http.ts";
import {
  createNodeDirectory,
  type NodeDirectory,
  type NodeOffer,
  type NodePlace,
} from "./node-directory.ts";
import { createOpenAiFetch, OPENAI_BASE_URL } from "./openai-fetch.ts";
import { readEvidence } from "./read-receipts.ts";
import { keptEnvelope, Receipt, type KeptReceipt, type ReceiptAccess } from "./receipt.ts";
import { ReceiptError } from "./receipt-fault.ts";
import { receiptAccess, settlementOf, type ReceiptTrust } from "./receipt-access.ts";
import { parseEnvelope } from "./verify-receipt.ts";

/** More than any but the longest answers cost: what an app that says nothing agrees to. */
const DEFAULT_MAX_FEE = parseEther("1");

const DEFAULT_TIMEOUT_MS = 120_000;
const DEFAULT_PATIENCE_MS = 30_000;

/** Who pays, and how. */
export interface ClientPayment {
  /** Receipts have to name this account. */
  readonly payer: string;
  /** Whether each answer is paid before it is given, as with x402: then its price is what was paid. */
  readonly isPrepaid?: boolean;
  /** A `fetch` that pays this node where it wants to be paid, and nobody else. */
  readonly fetchOf: (node: string) => Promise<Fetch>;
}

/** What an app lets answers cost and take. */
export interface ClientLimits {
  /** Most that one answer may cost, in OPG wei; one OPG, unless given. */
  readonly maxFee?: bigint;
  /** Until an answer begins, in milliseconds. */
  readonly timeoutMs?: number;
  /** How long is waited for nodes that are all busy, in milliseconds. */
  readonly patienceMs?: number;
}

export type ClientOptions = {
  readonly deployment: Deployment;
  /** URLs of nodes; those that the registry knows, unless given. */
  readonly nodes?: readonly (string | NodePlace)[];
  /** Ids of models by the names under which the app asks for them: else a name means what nodes say that it means. */
  readonly models?: ModelPins;
  /** Of requests that name none; the cheapest that is offered, unless given. */
  readonly tier?: TierName;
  readonly payment?: ClientPayment;
  readonly limits?: ClientLimits;
  readonly trust?: ReceiptTrust;
  /** Gets the receipt of every answer, once it is verified. */
  readonly onReceipt?: (receipt: Receipt) => void;
  /** Gets every receipt that did not hold, also where another node has answered then. */
  readonly onInvalidReceipt?: (error: ReceiptError, url: string) => void;
} & ({ readonly provider: Provider } | { readonly rpcUrl: string });

/** What every request may say. */
export interface RequestOptions {
  /** The model's id, or the name by which nodes know it. */
  readonly model: string;
  readonly tier?: TierName;
  /** Most that the answer may cost, in OPG wei. */
  readonly maxFee?: bigint;
  /** 32 bytes: whoever asks again with the same gets the same answer, and pays once. Random, unless given. */
  readonly nonce?: string;
  readonly signal?: AbortSignal;
}

/** What a language model is asked, as OpenAI's clients write it. */
export interface ChatOrder extends RequestOptions {
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly max_tokens?: number | undefined;
  readonly temperature?: number | undefined;
  readonly top_p?: number | undefined;
  readonly top_k?: number | undefined;
  readonly seed?: number | undefined;
  readonly stop?: string | readonly string[] | undefined;
}

export interface InferenceOrder extends RequestOptions {
  /** The exact bytes. */
  readonly input: Uint8Array;
}

/** A verified answer of a language model. */
export interface ChatAnswer {
  readonly text: string;
  /** The node's word: no receipt has it. */
  readonly finishReason: string | undefined;
  readonly usage: Usage;
  readonly receipt: Receipt;
}

/** Pieces of an answer as they come. Iterating fails at the end if the receipt does not hold: then nothing of it counts. */
export interface ChatStream extends AsyncIterable<string> {
  /** There once the pieces have ended. */
  readonly receipt: Receipt | undefined;
  readonly finishReason: string | undefined;
}

export interface InferenceAnswer {
  readonly output: Uint8Array;
  readonly receipt: Receipt;
}

/** Asks nodes, pays them, and believes nothing that their receipts do not show. */
export interface Client {
  /** Asks a language model. */
  readonly chat: (order: ChatOrder) => Promise<ChatAnswer>;
  /** The same, with the text as it comes. */
  readonly chatStream: (order: ChatOrder) => Promise<ChatStream>;
  /** Runs a model that takes tensors. */
  readonly infer: (order: InferenceOrder) => Promise<InferenceAnswer>;
  /** What nodes offer, at which prices. */
  readonly models: () => Promise<readonly NodeOffer[]>;
  /** For OpenAI's client: `new OpenAI({ baseURL: client.baseURL, fetch: client.fetch, apiKey: "none" })`. */
  readonly fetch: Fetch;
  readonly baseURL: string;
  /** Reads a receipt that was kept. */
  readonly readReceipt: (json: unknown) => Receipt;
  /** Frees the connection to the chain, if the client has made it. */
  readonly close: () => void;
}

/**
 * Connects an app to the network.
 *
 * @throws OpenGradientError `RPC_UNREACHABLE`, `WRONG_CHAIN`, `NOT_DEPLOYED`, or `NODE_UNKNOWN` for what is no URL of a node.
 * @example
 * const client = await createClient({ rpcUrl, deployment, payment });
 * const { text, receipt } = await client.chat({ model, messages: [{ role: "user", content: "Why?" }] });
 */
export async function createClient(options: ClientOptions): Promise<Client> {
  const { deployment, trust = {} } = options;
  const places = options.nodes?.map(placeOf);
  const { provider, close } = await connect(options);
  const protocol = connectProtocol(deployment, provider);
  const settlement = settlementOf(deployment);
  const directory = createNodeDirectory({
    fetch,
    settlement,
    places:
      places === undefined
        ? createNodeFinder({ provider, deployment, protocol })
        : () => Promise.resolve(places),
  });
  const access = receiptAccess({ deployment, provider, trust });
  const asking = askingOf(options, { directory, access });
  return { ...actionsOf(options, asking, access), close };
}

async function connect(
  options: ClientOptions,
): Promise<{ readonly provider: Provider; readonly close: () => void }> {
  if ("provider" in options) return { provider: options.provider, close: () => undefined };
  const provider = await openChain(options);
  return {
    provider,
    close: () => {
      provider.destroy();
    },
  };
}

function placeOf(node: string | NodePlace): NodePlace {
  const place = typeof node === "string" ? { url: node } : node;
  const url = nodeUrl(place.url);
  if (url !== undefined) return { ...place, url };
  throw new OpenGradientError(
    "NODE_UNKNOWN",
    `"${place.url}" is no URL of a node.`,
    "Give URLs like https://node.example.",
  );
}

interface AskingModules {
  readonly directory: NodeDirectory;
  readonly access: ReceiptAccess;
}

function askingOf(options: ClientOptions, { directory, access }: AskingModules): Asking {
  const { payment, limits = {}, models = {}, onInvalidReceipt } = options;
  const { timeoutMs = DEFAULT_TIMEOUT_MS, patienceMs = DEFAULT_PATIENCE_MS } = limits;
  return {
    fetchOf: payment?.fetchOf ?? (() => Promise.resolve(fetch)),
    directory,
    pins: models,
    timeoutMs,
    patienceMs,
    onInvalidReceipt,
    accept: async (arrival) => {
      try {
        return await accept(options, access, arrival);
      } catch (error) {
        if (!(error instanceof ReceiptError) || error.check !== "price") throw error;
        // The price may have changed since it was read: what the node offers by now is what was agreed, up to the limit.
        const offer = await offerNow(directory, arrival.offer);
        return accept(options, access, { ...arrival, offer });
      }
    },
  };
}

async function offerNow(directory: NodeDirectory, offer: NodeOffer): Promise<NodeOffer> {
  directory.forget(offer.url);
  const { offers } = await directory.list();
  const { url, modelId, tier } = offer;
  return (
    offers.find((now) => now.url === url && now.modelId === modelId && now.tier === tier) ?? offer
  );
}

async function accept(
  { payment, limits, onReceipt }: ClientOptions,
  access: ReceiptAccess,
  { offer, nonce, envelope: found, sent, input, output, usage, maxFee }: Arrival,
): Promise<Receipt> {
  const envelope = parseEnvelope(found);
  const { url, modelId, node } = offer;
  const payer = payment === undefined ? {} : { payer: payment.payer };
  const isPrepaid = payment?.isPrepaid === true;
  const kept: KeptReceipt = { url, envelope: keptEnvelope(envelope), sent, input, output };
  let evidence: string | undefined;
  const checks = await access.verifier.verify(envelope, {
    asked: { nonce, modelId, node, tier: BigInt(TIERS[offer.tier]), ...payer },
    offered: offer.quote,
    maxFee: maxFee ?? limits?.maxFee ?? DEFAULT_MAX_FEE,
    ...{ isPrepaid, sent, input, output, usage },
    evidence: async () => (evidence = await readEvidence(access.fetch, kept)),
  });
  const receipt = new Receipt({ ...kept, evidence }, access, checks);
  onReceipt?.(receipt);
  return receipt;
}

function actionsOf(
  options: ClientOptions,
  asking: Asking,
  access: ReceiptAccess,
): Omit<Client, "close"> {
  const tierOf = (order: RequestOptions) => order.tier ?? options.tier;
  return {
    chat: async (order) => {
      const answer = await askOnce(asking, { ...chatOrder(order, false), tier: tierOf(order) });
      const { output, finishReason, receipt } = answer;
      const { inputUnits, outputUnits } = receipt.content;
      const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(output);
      return { text, finishReason, usage: { inputUnits, outputUnits }, receipt };
    },
    chatStream: async (order) => {
      const placed = { ...chatOrder(order, true), tier: tierOf(order) };
      const { chunks, ended } = await askStream(asking, placed);
      return {
        get receipt() {
          return ended()?.receipt;
        },
        get finishReason() {
          return ended()?.finishReason;
        },
        async *[Symbol.asyncIterator]() {
          for await (const { text } of chunks) if (text !== "") yield text;
        },
      };
    },
    infer: async ({ input, model, maxFee, nonce, signal, tier }) => {
      const body = { input: hexlify(input) };
      const order = { form: "tensor", model, body, input, maxFee, nonce, signal } as const;
      const { output, receipt } = await askOnce(asking, { ...order, tier: tier ?? options.tier });
      return { output, receipt };
    },
    models: async () => (await asking.directory.list()).offers,
    fetch: createOpenAiFetch(asking, { tier: options.tier }),
    baseURL: OPENAI_BASE_URL,
    readReceipt: (json) => Receipt.from(json, access),
  };
}

function chatOrder(order: ChatOrder, stream: boolean) {
  const { model, maxFee, nonce, signal, messages, stop } = order;
  const { max_tokens, temperature, top_p, top_k, seed } = order;
  const options = stream ? { stream, stream_options: { include_usage: true } } : {};
  const said = { messages, max_tokens, temperature, top_p, top_k, seed, stop, ...options };
  return { form: "chat", model, maxFee, nonce, signal, body: asJson(said) } as const;
}

/** As it goes over the wire: what is undefined is not there. */
function asJson(body: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
}
