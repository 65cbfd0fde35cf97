import { randomBytes, randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { hexlify } from "ethers";
import type { Usage } from "../price-quote.ts";
import type { TierName } from "../tiers.ts";
import type { SentRequest } from "./agrees-with.ts";
import { FORM_PATHS, readAnswer, utf8, type AnswerParts } from "./answer-forms.ts";
import { chooseOffers, noNodeLeft, type ModelPins } from "./choose-offers.ts";
import { callNode, parseJson, readText, type Fetch } from "./http.ts";
import type { AnswerForm, NodeDirectory, NodeOffer } from "./node-directory.ts";
import { NodeFailure } from "./node-failure.ts";
import { ReceiptError } from "./receipt-fault.ts";
import type { Receipt } from "./receipt.ts";
import { verifiedStream, type VerifiedChunk } from "./verified-stream.ts";

/*
 * One request, asked of one node after the other until one has answered it:
 *
 * - A node that cannot be reached, fails or is busy gives way to the next. Where the request may have arrived, the same node is
 *   asked once more before, with the same nonce: if it had answered, it gives the same answer, and it is paid once.
 * - A node whose receipt does not hold gives way too, and is left alone for a while.
 * - A request that is refused would be refused by others: it ends here.
 *
 * The seed is drawn here if the app says none: else the node would draw another each time, and asking again would be asking for
 * something else.
 */

const SEEDS = 2 ** 31;

/** How often a node is asked again for what may have arrived. */
const REPEATS = 1;

/** Before the same is asked again of the same node. */
const REPEAT_PAUSE_MS = 100;

/** How long a node is left alone whose receipt did not hold. */
const AVOIDED_MS = 600_000;

/** What an app wants. */
export interface Order {
  readonly form: AnswerForm;
  /** The model's id or name. */
  readonly model: string;
  readonly tier?: TierName | undefined;
  /** What is sent, in OpenAI's form; the node's name for the model is put in. */
  readonly body: Readonly<Record<string, unknown>>;
  /** The exact input of a model that takes tensors. */
  readonly input?: Uint8Array | undefined;
  /** Most that the answer may cost, in OPG wei. */
  readonly maxFee?: bigint | undefined;
  /** 32 bytes: whoever asks again with the same gets the same answer, and pays once. */
  readonly nonce?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What asking takes. */
export interface Asking {
  /** What asks a node, and pays it if it wants to be paid. */
  readonly fetchOf: (node: string) => Promise<Fetch>;
  readonly directory: NodeDirectory;
  readonly pins: ModelPins;
  /** Holds a receipt to what was asked and received, and keeps it. */
  readonly accept: (arrival: Arrival) => Promise<Receipt>;
  /** Until an answer begins. */
  readonly timeoutMs: number;
  /** How long nodes are waited for that are all busy. */
  readonly patienceMs: number;
  /** Told of receipts that did not hold, also where another node has answered then. */
  readonly onInvalidReceipt?: ((error: ReceiptError, url: string) => void) | undefined;
}

/** What came from a node, with all that its receipt has to agree with. */
export interface Arrival {
  readonly offer: NodeOffer;
  readonly nonce: string;
  readonly envelope: unknown;
  readonly sent: SentRequest | undefined;
  readonly input: Uint8Array | undefined;
  readonly output: Uint8Array;
  readonly usage: Partial<Usage> | undefined;
  readonly maxFee: bigint | undefined;
}

/** An answer whose receipt holds. */
export interface VerifiedAnswer extends AnswerParts {
  readonly receipt: Receipt;
  /** The whole body, as it came. */
  readonly body: string;
  readonly offer: NodeOffer;
}

/** An order with everything decided. */
interface Placed extends Order {
  readonly nonce: string;
  readonly sent: SentRequest | undefined;
}

/**
 * Gets an answer whose receipt holds.
 *
 * @throws OpenGradientError, a `NodeFailure` with the node's answer where it refuses.
 */
export async function askOnce(asking: Asking, order: Order): Promise<VerifiedAnswer> {
  const placed = place(order);
  return withNodes(asking, placed, async (offer) => {
    const body = await attemptTwice(placed, async () =>
      readText(offer.url, await post(asking, placed, offer)),
    );
    const parts = readAnswer(placed.form, parseJson(body));
    const receipt = await asking.accept(arrivalOf(placed, offer, parts));
    return { ...parts, receipt, body, offer };
  });
}

/** A stream under way, and the receipt that it ends with. */
export interface OpenStream {
  /** Ends, or fails, once the receipt is verified. */
  readonly chunks: AsyncGenerator<VerifiedChunk, void>;
  readonly offer: NodeOffer;
  /** Of the answer, once the chunks have ended. */
  readonly ended: () => StreamEnd | undefined;
}

interface StreamEnd {
  readonly receipt: Receipt;
  readonly finishReason: string | undefined;
}

/** Gets a stream, whose text has begun. From then on no other node can go on with it. */
export async function askStream(
  asking: Asking,
  order: Order & { readonly form: "chat" | "completion" },
): Promise<OpenStream> {
  const placed = place(order);
  return withNodes(asking, placed, async (offer) => {
    let end: StreamEnd | undefined;
    const chunks = verifiedStream({
      form: order.form,
      url: offer.url,
      open: () => post(asking, placed, offer),
      verify: async ({ text, usage, envelope, finishReason }) => {
        const parts = { output: outputOf(text), usage, envelope };
        const receipt = await asking.accept(arrivalOf(placed, offer, parts));
        end = { receipt, finishReason };
      },
    });
    const begun = await begin(chunks);
    const noted = noting(begun, (error) => {
      noteInvalid(asking, offer, error);
    });
    return { chunks: noted, offer, ended: () => end };
  });
}

function outputOf(text: string): Uint8Array {
  try {
    return utf8(text);
  } catch (cause) {
    throw new ReceiptError("output", "its text cannot be written in UTF-8", { cause });
  }
}

/** Waits for the first text, so that what fails before it fails here. */
async function begin(
  chunks: AsyncGenerator<VerifiedChunk, void>,
): Promise<AsyncGenerator<VerifiedChunk, void>> {
  const first: VerifiedChunk[] = [];
  let isDone = false;
  while (!isDone && (first.at(-1)?.text ?? "") === "") {
    const next = await chunks.next();
    if (next.done === true) isDone = true;
    else first.push(next.value);
  }
  return (async function* () {
    try {
      yield* first;
      if (!isDone) yield* chunks;
    } finally {
      await chunks.return();
    }
  })();
}

/** The same chunks, and word of what they end with if they fail. */
async function* noting(
  chunks: AsyncGenerator<VerifiedChunk, void>,
  onError: (error: unknown) => void,
): AsyncGenerator<VerifiedChunk, void> {
  try {
    yield* chunks;
  } catch (error) {
    onError(error);
    throw error;
  }
}

function place(order: Order): Placed {
  const { form, body, nonce = hexlify(randomBytes(32)) } = order;
  if (form === "tensor") return { ...order, nonce, sent: undefined };
  const isDrawn = form !== "embedding" && body.seed == null;
  const full = isDrawn ? { ...body, seed: randomInt(SEEDS) } : body;
  return { ...order, body: full, nonce, sent: { form, body: full } };
}

function arrivalOf(
  { nonce, sent, input, maxFee }: Placed,
  offer: NodeOffer,
  { output, usage, envelope }: Pick<AnswerParts, "output" | "usage" | "envelope">,
): Arrival {
  return { offer, nonce, envelope, sent, input, output, usage, maxFee };
}

async function post(
  { fetchOf, timeoutMs }: Asking,
  { form, body, nonce, signal }: Placed,
  { url, node, name, tier }: NodeOffer,
): Promise<Response> {
  const headers = {
    "content-type": "application/json",
    "opengradient-nonce": nonce,
    "opengradient-tier": tier,
  };
  const init = { method: "POST", headers, body: JSON.stringify({ ...body, model: name }) };
  const fetch = await fetchOf(node);
  return callNode({ fetch, url: `${url}${FORM_PATHS[form]}`, init, signal, timeoutMs });
}

/** Tries one node after the other. */
async function withNodes<T>(
  asking: Asking,
  order: Placed,
  attempt: (offer: NodeOffer) => Promise<T>,
): Promise<T> {
  const { directory, pins, patienceMs } = asking;
  const offers = chooseOffers(await directory.list(), order, pins);
  const failures = new Map<string, Error>();
  const until = performance.now() + patienceMs;
  for (let left = [...offers]; left.length > 0;) {
    const offer = left.find(({ url }) => directory.restOf(url) === 0);
    if (offer === undefined) {
      const waitMs = Math.min(...left.map(({ url }) => directory.restOf(url)));
      if (performance.now() + waitMs > until) {
        const alone = left.filter(({ url }) => !failures.has(url));
        alone.forEach(({ url }) => failures.set(url, leftAlone(url, waitMs)));
        break;
      }
      await sleep(waitMs, undefined, { signal: order.signal });
      continue;
    }
    try {
      return await attempt(offer);
    } catch (error) {
      failures.set(offer.url, giveWay(asking, offer, error));
      // Who names a time is asked again then.
      if (directory.restOf(offer.url) === 0) left = left.filter(({ url }) => url !== offer.url);
    }
  }
  const [only, ...others] = failures.values();
  throw only !== undefined && others.length === 0 ? only : noNodeLeft([...failures.values()]);
}

function leftAlone(url: string, waitMs: number): NodeFailure {
  const seconds = Math.ceil(waitMs / 1_000);
  const what = `is left alone for ${seconds} s: it was busy, or its receipt did not hold`;
  return new NodeFailure("NODE_BUSY", what, { url });
}

async function attemptTwice<T>({ signal }: Placed, attempt: () => Promise<T>): Promise<T> {
  for (let repeat = 0; ; repeat++) {
    try {
      return await attempt();
    } catch (error) {
      const isSameAgain = error instanceof NodeFailure && error.mayHaveArrived;
      if (!isSameAgain || repeat >= REPEATS) throw error;
      await sleep(REPEAT_PAUSE_MS, undefined, { signal });
    }
  }
}

/** Lets the next node have its turn, or throws what no other node would change. */
function giveWay(asking: Asking, offer: NodeOffer, error: unknown): Error {
  if (error instanceof ReceiptError) {
    noteInvalid(asking, offer, error);
    return error;
  }
  if (!(error instanceof NodeFailure) || error.code === "NODE_REFUSED") throw error;
  if (error.retryAfterMs !== undefined) asking.directory.avoid(offer.url, error.retryAfterMs);
  return error;
}

function noteInvalid(
  { directory, onInvalidReceipt }: Asking,
  { url }: NodeOffer,
  error: unknown,
): void {
  if (!(error instanceof ReceiptError)) return;
  directory.avoid(url, AVOIDED_MS);
  onInvalidReceipt?.(error, url);
}
