import { keccak256 } from "ethers";
import type { DirectAnswer, DirectOffer, DirectOrder, DirectRecord } from "./direct-answer.ts";
import type { AnswerOptions, DirectDesk } from "./direct-desk.ts";
import type { DirectEngine } from "./engine.ts";
import type { ReceiptJournal } from "./receipt-journal.ts";
import { directRequestId } from "../../sdk/direct-request.ts";
import { OpenGradientError } from "../../sdk/errors.ts";
import { itemisedFee, quoteHash, type Usage } from "../../sdk/price-quote.ts";
import type { Settlement } from "../../sdk/receipt.ts";
import { TIERS } from "../../sdk/tiers.ts";

export interface DirectDeskOptions {
  readonly engines: readonly DirectEngine[];
  readonly journal: Pick<ReceiptJournal, "find" | "sign" | "add">;
  /** The ledger that the receipts are for. */
  readonly settlement: Settlement;
  /** The operator. */
  readonly node: string;
}

/** A desk over some engines. */
export function createDirectDesk(options: DirectDeskOptions): DirectDesk {
  const { engines } = options;
  const byOffer = new Map(engines.flatMap((it) => it.offers.map((offer) => [offer, it] as const)));
  const engineOf = (offer: DirectOffer) => {
    const engine = byOffer.get(offer);
    if (engine === undefined) throw new TypeError("the offer is not of this desk");
    return engine;
  };
  const answers = new AnswersUnderWay(options);
  return {
    offers: [...byOffer.keys()],
    measure: async (offer, form, input) => {
      if (!offer.forms.includes(form))
        throw invalid(`The model ${offer.name} does not take ${form} requests.`);
      return engineOf(offer).measure(offer, form, input);
    },
    answer: async (offer, order, answerOptions = {}) => {
      const engine = engineOf(offer);
      const requestId = requireOwnTerms(options, offer, order);
      return answers.of(requestId, { engine, offer, order, options: answerOptions });
    },
  };
}

/** An order that is to be answered. */
interface Task {
  readonly engine: DirectEngine;
  readonly offer: DirectOffer;
  readonly order: DirectOrder;
  readonly options: AnswerOptions;
}

/** Makes sure that a request has one answer, however often and whenever it is asked. */
class AnswersUnderWay {
  readonly #journal: DirectDeskOptions["journal"];
  readonly #underWay = new Map<string, Promise<DirectAnswer>>();

  constructor({ journal }: DirectDeskOptions) {
    this.#journal = journal;
  }

  async of(requestId: string, task: Task): Promise<DirectAnswer> {
    for (;;) {
      const other = this.#underWay.get(requestId);
      if (other === undefined) return this.#start(requestId, task);
      const answer = await other.catch(() => undefined);
      if (answer !== undefined) return { ...answer, isRepeated: true };
      // Whoever asked first may have given up, or could not pay: that is not to be everybody's failure.
      task.options.signal?.throwIfAborted();
    }
  }

  async #start(requestId: string, task: Task): Promise<DirectAnswer> {
    const answer = this.#answer(requestId, task);
    this.#underWay.set(requestId, answer);
    try {
      return await answer;
    } finally {
      this.#underWay.delete(requestId);
    }
  }

  async #answer(requestId: string, task: Task): Promise<DirectAnswer> {
    const known = await this.#journal.find(requestId);
    if (known !== undefined) return { record: known, isRepeated: true };
    return { record: await this.#compute(task), isRepeated: false };
  }

  async #compute({ engine, offer, order, options }: Task): Promise<DirectRecord> {
    const { onText, signal, alongside } = options;
    signal?.throwIfAborted();
    const made = await engine.compute(offer, order, {
      ...(onText !== undefined && { onText }),
      ...(signal !== undefined && { signal }),
    });
    if (made.kind === "signed") return this.#journal.add(made.record, alongside);
    const { request, quote, input, maxFee } = order;
    const { answer } = made;
    requireAffordable(itemisedFee(quote, answer.usage).total, { usage: answer.usage, maxFee });
    return this.#journal.sign({ request, quote, input, answer }, alongside);
  }
}

/**
 * Holds an order to what it is for. A receipt that contradicts its request's terms would convict the node, so nothing that comes
 * from outside is taken at its word here.
 *
 * @returns the request's id.
 */
function requireOwnTerms(
  { settlement, node }: DirectDeskOptions,
  offer: DirectOffer,
  { request, quote, input }: DirectOrder,
): string {
  const tier = BigInt(TIERS[offer.tier]);
  const isOffered = [request, quote].every(
    (it) => it.node === node && it.modelId === offer.modelId && it.tier === tier,
  );
  if (!isOffered) throw invalid("The request or its price is for another node, model or tier.");
  if (quoteHash(quote) !== request.quoteHash)
    throw invalid("The request names another price than the one that it comes with.");
  if (keccak256(input) !== request.inputHash)
    throw invalid("The request names another input than the one that it comes with.");
  return directRequestId(settlement, request);
}

function requireAffordable(
  fee: bigint,
  { usage, maxFee }: { readonly usage: Usage; readonly maxFee: bigint },
): void {
  if (fee <= maxFee) return;
  const { inputUnits, outputUnits } = usage;
  throw new OpenGradientError(
    "FEE_TOO_HIGH",
    `The answer costs ${fee} wei of OPG (${inputUnits} units of input, ${outputUnits} of output); the request allows for ${maxFee}.`,
    "Allow for more, or ask for a shorter answer.",
  );
}

function invalid(message: string): OpenGradientError {
  return new OpenGradientError("DIRECT_REQUEST_INVALID", message, "Correct the request.");
}
