import { setImmediate } from "node:timers/promises";
import { getBytes, id, keccak256, Wallet, ZeroHash } from "ethers";
import { writeAlongside } from "../receipts/alongside.ts";
import type {
  DirectAnswer,
  DirectForm,
  DirectOffer,
  DirectOrder,
  DirectRecord,
} from "../receipts/direct-answer.ts";
import type { AnswerOptions, DirectDesk } from "../receipts/direct-desk.ts";
import type { Queryable } from "../storage/database.ts";
import { parseChatRequest } from "../../sdk/chat-request.ts";
import { parseCompletion } from "../../sdk/completion-request.ts";
import { directRequestId } from "../../sdk/direct-request.ts";
import { parseEmbedding } from "../../sdk/embedding-request.ts";
import { OpenGradientError } from "../../sdk/errors.ts";
import { itemisedFee, type Usage } from "../../sdk/price-quote.ts";
import { signReceipt, type Settlement } from "../../sdk/receipt.ts";
import { TIERS, type TierName } from "../../sdk/tiers.ts";

/** Where the receipts of fakes count. */
export const FAKE_SETTLEMENT: Settlement = {
  chainId: 31_337n,
  settledBy: "0x5FbDB2315678afecb367f032d93F642f64180aa3",
};

/** The operator that fakes work for. */
export const FAKE_NODE = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";

/** Numbers of a vector of the fake that embeds: length of the text, its first character's code, and a half. */
const VECTOR_LENGTH = 3;

const PRICE = { base: 1_000n, perInputUnit: 10n, perOutputUnit: 20n };

function offer(name: string, tier: TierName, forms: readonly DirectForm[]): DirectOffer {
  const modelId = id(`model ${name}`);
  const quote = { ...PRICE, node: FAKE_NODE, modelId, tier: BigInt(TIERS[tier]) };
  return { name, modelId, contentHash: id(name), tier, forms, quote, contextLength: 1_000 };
}

/**
 * Answers like a desk, with receipts that are really signed, and forgets everything at the end: chats and texts are repeated,
 * word by word; tensors come back in reverse. A text "fail" fails, and "break" breaks in a way that nobody has foreseen.
 */
export class FakeDesk implements DirectDesk {
  readonly offers = [
    offer("echo", "Signed", ["chat", "completion"]),
    offer("echo", "Attested", ["chat"]),
    offer("vectors", "Signed", ["embedding"]),
    offer("tensors", "Optimistic", ["tensor"]),
  ];
  readonly signer = Wallet.createRandom();
  /** Orders in the order in which they were begun. */
  readonly begun: DirectOrder[] = [];
  /** Orders that were given up. */
  abandoned = 0;
  readonly #answers = new Map<string, Promise<DirectRecord>>();
  #gate: Promise<void> | undefined;
  #seq = 0n;

  /** Keeps answers back until the result is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.#gate = promise;
    return () => {
      this.#gate = undefined;
      resolve(undefined);
    };
  }

  async measure(_: DirectOffer, form: DirectForm, input: Uint8Array): Promise<Usage> {
    await setImmediate();
    if (form === "embedding" || form === "tensor")
      return { inputUnits: BigInt(input.length), outputUnits: BigInt(input.length * 4) };
    const request = form === "chat" ? parseChatRequest(input) : parseCompletion(input);
    if (request.max_tokens >= 1_000)
      throw new OpenGradientError("CONTEXT_EXCEEDED", "Too long.", "Ask for less.");
    return { inputUnits: BigInt(input.length), outputUnits: BigInt(request.max_tokens) };
  }

  async answer(
    offered: DirectOffer,
    order: DirectOrder,
    options: AnswerOptions = {},
  ): Promise<DirectAnswer> {
    const requestId = directRequestId(FAKE_SETTLEMENT, order.request);
    const known = this.#answers.get(requestId);
    if (known !== undefined) return { record: await known, isRepeated: true };
    const record = this.#compute(offered, { ...order, requestId }, options);
    this.#answers.set(requestId, record);
    try {
      return { record: await record, isRepeated: false };
    } catch (error) {
      this.#answers.delete(requestId);
      throw error;
    }
  }

  async #compute(
    { forms }: DirectOffer,
    order: DirectOrder & { readonly requestId: string },
    { onText, signal, alongside }: AnswerOptions,
  ): Promise<DirectRecord> {
    this.begun.push(order);
    const startedAt = BigInt(Math.floor(Date.now() / 1_000));
    try {
      if (this.#gate) await Promise.race([this.#gate, aborted(signal)]);
      signal?.throwIfAborted();
      const said = await say(forms, order, onText, signal);
      const record = await this.#sign(order, { ...said, startedAt });
      await writeAlongside(NO_DATABASE, alongside, record);
      return record;
    } catch (error) {
      if (signal?.aborted === true) this.abandoned++;
      throw error;
    }
  }

  async #sign(
    { request, quote, input, requestId }: DirectOrder & { readonly requestId: string },
    { output, startedAt, ...usage }: Said & { readonly startedAt: bigint },
  ): Promise<DirectRecord> {
    const { modelId, payer, node, tier, inputHash } = request;
    const receipt = {
      ...{ modelId, requestId, payer, node, tier, inputHash, ...usage, startedAt },
      outputHash: keccak256(output),
      fee: itemisedFee(quote, usage).total,
      completedAt: BigInt(Math.floor(Date.now() / 1_000)),
      seq: this.#seq++,
      evidenceHash: ZeroHash,
    };
    const signature = await signReceipt(FAKE_SETTLEMENT, this.signer, receipt);
    const signer = this.signer.address;
    return { signer, request, quote, receipt, signature, input, output, finishReason: "stop" };
  }
}

interface Said extends Usage {
  readonly output: Uint8Array;
}

/** There is none: charges of fakes touch nothing. */
const NO_DATABASE: Queryable = {
  query: (): never => {
    throw new Error("a fake has no database");
  },
};

async function say(
  forms: readonly DirectForm[],
  { input }: DirectOrder,
  onText: ((piece: string) => void) | undefined,
  signal: AbortSignal | undefined,
): Promise<Said> {
  if (forms.includes("tensor")) return measured(input, Uint8Array.from(input).reverse());
  if (forms.includes("embedding")) return measured(input, vectorsOf(parseEmbedding(input).input));
  const text = textOf(input);
  if (text === "fail") throw new OpenGradientError("RUNTIME_FAILED", "at 10.0.0.7", "Ask again.");
  if (text === "break") throw new Error("secret at /srv/node/key");
  for (const word of text.match(/\S+\s*/g) ?? []) {
    if (onText !== undefined) await setImmediate();
    signal?.throwIfAborted();
    onText?.(word);
  }
  return measured(input, new TextEncoder().encode(text));
}

function measured(input: Uint8Array, output: Uint8Array): Said {
  return { output, inputUnits: BigInt(input.length), outputUnits: BigInt(output.length) };
}

/** The last thing that was said, or the text to continue. */
function textOf(input: Uint8Array): string {
  const isChat = new TextDecoder().decode(input).includes('"messages":');
  return isChat
    ? (parseChatRequest(input).messages.at(-1)?.content ?? "")
    : parseCompletion(input).prompt;
}

function vectorsOf(texts: readonly string[]): Uint8Array {
  const numbers = texts.flatMap((text) => [text.length, text.charCodeAt(0), 0.5]);
  const bytes = new DataView(new ArrayBuffer(4 * VECTOR_LENGTH * texts.length));
  for (const [index, value] of numbers.entries()) bytes.setFloat32(4 * index, value, true);
  return new Uint8Array(bytes.buffer);
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    signal?.addEventListener("abort", () => {
      resolve();
    });
  });
}

/** Input of the fake for tensors. */
export const FAKE_TENSOR: Uint8Array = getBytes("0x010203");
